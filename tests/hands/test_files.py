"""Bytes from the upstream into the store: whole, or not at all (`Keep`, `Read`)."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.calls import Credential
from bridge.engine.effects import Keep, Kept, Refused, Woken
from bridge.hands import files
from bridge.hands.pumps import INTERRUPTED, AsyncDirect, AsyncLine, Line
from bridge.store import PIECE
from bridge.store.memory import MemoryStore
from bridge.store.open import open_store
from bridge.upstream import StreamBroken, UpstreamRefused

EFFECT = Keep("file-a.run_a.1", "/containers/c/files/f/content", 3 * PIECE)
SOON = 5.0


class Body:
    media_type = "text/csv"

    def __init__(self, parts, stops_at=None):
        self.parts, self.stops_at = parts, stops_at
        self.reached, self.closed = threading.Event(), threading.Event()

    def _part(self, number, part):
        if isinstance(part, Exception):
            raise part
        return part

    def __iter__(self):
        for number, part in enumerate(self.parts):
            if number == self.stops_at:
                self.reached.set()
                self.closed.wait(SOON)
            yield self._part(number, part)

    async def __aiter__(self):
        for number, part in enumerate(self.parts):
            if number == self.stops_at:
                self.reached.set()
                await asyncio.sleep(SOON)
            yield self._part(number, part)

    def close(self):
        self.closed.set()

    async def aclose(self):
        self.closed.set()


class Upstream:
    def __init__(self, body):
        self.body = body

    def fetch(self, path, credential):
        assert path == EFFECT.path
        if isinstance(self.body, Exception):
            raise self.body
        return self.body

    async def afetch(self, path, credential):
        return self.fetch(path, credential)


def kept_by_thread(store, body, signal=None, until=None):
    line = Line(Upstream(body), Credential(), time.time)
    if signal is not None:
        threading.Thread(target=lambda: (body.reached.wait(SOON), line.post(signal))).start()
    keeping = files.Keeping(store, EFFECT)
    return line.ask(keeping, until, keeping.give_up)


def kept_by_loop(store, body, signal=None, until=None):
    async def ask():
        line = AsyncLine(Upstream(body), Credential(), time.time)
        if signal is not None:
            threading.Thread(target=lambda: (body.reached.wait(SOON), line.post(signal))).start()
        return await line.ask(files.akeeping(store, EFFECT), until)

    return asyncio.run(ask())


@pytest.fixture(params=[kept_by_thread, kept_by_loop], ids=["sync", "async"])
def kept(request):
    return request.param


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    made = MemoryStore() if request.param == "memory" else open_store(str(tmp_path / "bridge.db"))
    yield made
    made.close()


def is_soon(condition):
    deadline = time.monotonic() + SOON
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    return True


LARGE = bytes(range(256)) * (PIECE // 256)


def test_a_file_is_kept_in_pieces_and_read_whole(kept, store):
    body = Body([LARGE[:7], LARGE[7:], LARGE, b"rest"])
    assert kept(store, body) == Kept(2 * PIECE + 4, "text/csv")
    assert files.whole(store, EFFECT.copy) == LARGE + LARGE + b"rest"
    assert [len(piece) for piece in files.pieces_of(store, EFFECT.copy)] == [PIECE, PIECE, 4]
    assert body.closed.is_set()


def test_who_lost_the_run_spoils_nothing_of_what_its_successor_keeps(kept, store):
    store.write_piece("file-a.run_a.2", 0, b"the successor's").result()
    kept(store, Body([LARGE, StreamBroken("reset")]))
    assert files.whole(store, "file-a.run_a.2") == b"the successor's"


def test_an_empty_file_is_kept_too(kept, store):
    assert kept(store, Body([])) == Kept(0, "text/csv")
    assert files.whole(store, EFFECT.copy) == b""


BROKEN = [
    (UpstreamRefused(Refused(404, "no such file")), Refused(404, "no such file")),
    (Body([LARGE, StreamBroken("reset")]), Refused(0, "reset")),
    (Body([LARGE, LARGE, LARGE, b"x", b"never read"]), Refused(413, "The file has more than 3,145,728 bytes.")),
]


@pytest.mark.parametrize("number", range(len(BROKEN)), ids=["refused", "broken", "too much"])
def test_of_what_does_not_arrive_nothing_stays(kept, store, number):
    body, answer = BROKEN[number]
    assert kept(store, body) == answer
    assert is_soon(lambda: store.piece(EFFECT.copy, 0) is None)


def test_a_download_is_given_up_for_what_is_urgent(kept, store):
    body = Body([LARGE, b"never"], stops_at=1)
    began = time.monotonic()
    assert kept(store, body, signal=Woken()) == Refused(0, INTERRUPTED)
    assert time.monotonic() - began < SOON / 2
    assert is_soon(lambda: store.piece(EFFECT.copy, 0) is None and body.closed.is_set())


def test_a_download_is_given_up_when_its_time_is_over(kept, store):
    body = Body([b"a", b"never"], stops_at=1)
    assert isinstance(kept(store, body, until=time.time() + 0.05), Refused)
    assert is_soon(lambda: store.piece(EFFECT.copy, 0) is None)


def test_a_file_without_bytes_reads_as_nothing(store):
    assert files.whole(store, "file-nowhere") is None


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(1, 50))
def test_any_cut_gives_the_same_pieces(parts, size):
    pieces = files.Pieces(10**6, size)
    made = [piece for part in parts for piece in pieces.add(part)] + list(pieces.rest())
    assert b"".join(data for _, data in made) == b"".join(parts)
    assert [number for number, _ in made] == list(range(len(made)))
    assert all(len(data) == size for _, data in made[:-1])
    assert made, "an empty file has a piece, a file that is not there has none"


def test_what_was_given_up_before_it_began_is_closed_and_leaves_nothing(store):
    body = Body([b"x"])
    keeping = files.Keeping(store, EFFECT)
    keeping.give_up()
    keeping(Upstream(body), Credential())
    assert body.closed.is_set()
    assert files.whole(store, EFFECT.copy) is None


class LettingGo(MemoryStore):
    """Counts the bytes it is given, and keeps none."""

    total = 0

    def write_piece(self, copy, number, data):
        self.total += len(data)
        return self.drop_pieces(copy)


def test_a_large_file_costs_the_memory_of_a_few_pieces(kept, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "EFFECT", Keep(EFFECT.copy, EFFECT.path, 64 * PIECE))
    store = LettingGo()
    tracemalloc.start()
    try:
        answer = kept(store, Body([LARGE[: PIECE // 4]] * 4 * 32))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (answer, store.total) == (Kept(32 * PIECE, "text/csv"), 32 * PIECE)
    assert peak < 5 * PIECE


def test_a_cancelled_task_leaves_nothing(store):
    body = Body([LARGE, b"never"], stops_at=1)

    async def main():
        line = AsyncDirect(Upstream(body), Credential())
        task = asyncio.create_task(line.ask(files.akeeping(store, EFFECT)))
        while not body.reached.is_set():
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert body.closed.is_set()
    assert is_soon(lambda: store.piece(EFFECT.copy, 0) is None)
