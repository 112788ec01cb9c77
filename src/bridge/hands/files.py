"""Bytes of files between the upstream and the store, a piece at a time, in both colours (`Keep` and `Read`)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable, Iterator
from typing import Any

from bridge.calls import Credential
from bridge.engine.effects import Keep, Kept, Refused
from bridge.hands.bells import result_of
from bridge.store import PIECE, Store
from bridge.upstream import Upstream, UpstreamBytes


class Keeping:
    """What a line asks the upstream to keep a file: its bytes, stored as they come. `give_up` may be called from any
    thread, at any time: nothing of the file stays then."""

    def __init__(self, store: Store, effect: Keep) -> None:
        self._store, self._effect = store, effect
        self._body: UpstreamBytes | None = None
        self._given_up = False

    def __call__(self, upstream: Upstream, credential: Credential) -> Kept | Refused:
        self._body = body = upstream.fetch(self._effect.path, credential)
        pieces = Pieces(self._effect.limit)
        try:
            if self._given_up:
                body.close()  # it was, while the upstream was asked
            for data in body:
                self._write(pieces.add(data))
                if pieces.is_too_much or self._given_up:
                    return pieces.refusal()
            self._write(pieces.rest())
            return pieces.kept(body.media_type)
        finally:
            body.close()
            if not pieces.is_whole or self._given_up:
                self._store.drop_pieces(self._effect.copy).result()

    def give_up(self) -> None:
        self._given_up = True
        if self._body is not None:
            self._body.close()

    def _write(self, pieces: Iterable[tuple[int, bytes]]) -> None:
        for number, piece in pieces:
            self._store.write_piece(self._effect.copy, number, piece).result()


def akeeping(store: Store, effect: Keep) -> Callable[[Upstream, Credential], Coroutine[Any, Any, Kept | Refused]]:
    async def work(upstream: Upstream, credential: Credential) -> Kept | Refused:
        body = await upstream.afetch(effect.path, credential)
        pieces = Pieces(effect.limit)
        try:
            async for data in body:
                for number, piece in pieces.add(data):
                    await result_of(store.write_piece(effect.copy, number, piece))
                if pieces.is_too_much:
                    return pieces.refusal()
            for number, piece in pieces.rest():
                await result_of(store.write_piece(effect.copy, number, piece))
            return pieces.kept(body.media_type)
        finally:
            if not pieces.is_whole:  # nothing is awaited: the task may have been cancelled
                store.drop_pieces(effect.copy)
            await body.aclose()

    return work


class Pieces:
    """Bytes in any cut, made into pieces of the store's size."""

    def __init__(self, limit: int, piece: int = PIECE) -> None:
        self.size = 0
        self.is_whole = False
        self._limit, self._piece = limit, piece
        self._number = 0
        self._waiting = bytearray()

    @property
    def is_too_much(self) -> bool:
        return self.size > self._limit

    def add(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        self.size += len(data)
        self._waiting += data
        while len(self._waiting) >= self._piece and not self.is_too_much:
            yield self._next(self._piece)

    def rest(self) -> Iterator[tuple[int, bytes]]:
        """What is left; an empty file has one empty piece."""
        if self._waiting or not self._number:
            yield self._next(len(self._waiting))

    def kept(self, media_type: str | None) -> Kept:
        self.is_whole = True
        return Kept(self.size, media_type)

    def refusal(self) -> Refused:
        return Refused(413, f"The file has more than {self._limit:,} bytes.")

    def _next(self, size: int) -> tuple[int, bytes]:
        piece = bytes(self._waiting[:size])
        del self._waiting[:size]
        self._number += 1
        return self._number - 1, piece


def whole(store: Store, copy: str) -> bytes | None:
    """All bytes of a kept file."""
    pieces = list(pieces_of(store, copy))
    return b"".join(pieces) if pieces else None


def pieces_of(store: Store, copy: str) -> Iterator[bytes]:
    number = 0
    while (piece := store.piece(copy, number)) is not None:
        yield piece
        number += 1
