"""Ids for what a leg makes, without randomness in the engine: one minted seed, then as many names as needed."""

from __future__ import annotations

from hashlib import sha256

from bridge import ids


def of_file(thread_id: str, container_id: str, source_id: str) -> str:
    """The id under which a container's file is kept: always the same one, so that it is kept once, whoever finds it.
    Of one thread only: servers differ in how unique their ids are."""
    digest = sha256(f"{thread_id}/{container_id}/{source_id}".encode()).digest()
    return ids.make("file", int.from_bytes(digest, "big"))


def of_native(kind: ids.Kind, *parts: str) -> str:
    """The id of what native code brought into a thread, made of where it came from: so it comes in once, whoever
    brings it, and however often."""
    return ids.make(kind, int.from_bytes(sha256(repr(parts).encode()).digest(), "big"))


class Names:
    """Names derived from a random seed (an id of 142 bits): unpredictable outside, reproducible in a test."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._count = 0

    def make(self, kind: ids.Kind) -> str:
        self._count += 1
        digest = sha256(f"{self._seed}:{self._count}".encode()).digest()
        return ids.make(kind, int.from_bytes(digest, "big"))
