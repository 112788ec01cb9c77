"""The bytes of a file as a reply: from the store however late, from the container while it lives, else a reason."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from attrs import evolve

import bridge
from bridge.calls import Call, Credential, Reply
from bridge.engine.effects import Commit, Refused
from bridge.engine.flows import Context, files
from bridge.hands import bodies, rooms
from bridge.hands.drive import Hands, drive
from bridge.hands.hub import Hub
from bridge.hands.pumps import Direct
from bridge.hands.world import World
from bridge.profiles import Profile
from bridge.records import File, Put
from bridge.service import Service
from bridge.store import PIECE, Store
from bridge.store.memory import MemoryStore
from bridge.store.open import open_store
from bridge.upstream import StreamBroken, UpstreamRefused

FILE = File(
    "file-bridgeA", "thread_a", "run_a", 7, "a.csv", "cntr/a", "cfile_a", 6, "text/csv", copy="file-bridgeA.run_a.1"
)
IN_CONTAINER = evolve(FILE, copy="")
KEY = Credential({"authorization": "Bearer sk-1"})
IN_TEN_YEARS = 2_000_000_000.0


class Bytes:
    """An answer of some pieces; an exception among them is raised."""

    media_type = "text/csv"

    def __init__(self, pieces: list[Any]) -> None:
        self.pieces, self.closed = pieces, 0

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            if isinstance(piece, Exception):
                raise piece
            yield piece

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece

    def close(self) -> None:
        self.closed += 1

    async def aclose(self) -> None:
        self.closed += 1


class Upstream:
    name = "played"
    profile = Profile()

    def __init__(self, *pieces: Any) -> None:
        self.answer = Bytes(list(pieces))
        self.asked: list[tuple[str, Credential]] = []

    def fetch(self, path: str, credential: Credential) -> Bytes:
        self.asked.append((path, credential))
        if self.answer.pieces and isinstance(self.answer.pieces[0], UpstreamRefused):
            raise self.answer.pieces[0]
        return self.answer

    async def afetch(self, path: str, credential: Credential) -> Bytes:
        return self.fetch(path, credential)

    def close(self) -> None:
        pass


def read(service: Service, call: Call) -> tuple[Reply, list[bytes]]:
    """The reply, and the pieces of its stream."""
    reply = service.call(call)
    pieces = [] if reply.stream is None else list(reply.stream)
    if reply.stream is not None:
        reply.stream.close()
    return reply, pieces


def aread(service: Service, call: Call) -> tuple[Reply, list[bytes]]:
    async def main() -> tuple[Reply, list[bytes]]:
        reply = await service.acall(call)
        if reply.stream is None:
            return reply, []
        pieces = [piece async for piece in reply.stream]
        await reply.stream.aclose()
        return reply, pieces

    return asyncio.run(main())


Reader = Callable[[Service, Call], tuple[Reply, list[bytes]]]


@pytest.fixture(params=[read, aread], ids=["sync", "async"])
def reader(request: Any) -> Reader:
    found: Reader = request.param
    return found


def service(file: File, *pieces: Any) -> tuple[Service, Upstream]:
    store, upstream = MemoryStore(), Upstream(*pieces)
    put(store, file)
    return Service(store, upstream), upstream  # type: ignore[arg-type]


def put(store: Store, file: File, *pieces: bytes) -> None:
    for number, piece in enumerate(pieces):
        store.write_piece(file.copy, number, piece).result()
    store.commit(Commit((Put(file, is_new=True),))).result()


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    rooms.close_all(0.0)


CONTENT = Call("GET", f"/files/{FILE.id}/content", credential=KEY)


def test_kept_bytes_are_there_in_ten_years(tmp_path: Path) -> None:
    for at in (7.0, IN_TEN_YEARS):
        store = open_store(str(tmp_path / "bridge.db"))
        if at == 7.0:
            put(store, FILE, b"abc", b"def")
        world = World(store, Hub(store), clock=lambda at=at: at)  # type: ignore[misc]
        result = drive(files.content(Context("me"), FILE.id), Hands(world))
        assert result == files.Download(FILE)
        line = Direct(Upstream(), KEY)  # type: ignore[arg-type]
        assert list(bodies.body(result.file, world, line)) == [b"abc", b"def"]
        world.close()
        store.close()


def test_what_is_only_in_its_container_is_fetched_with_the_callers_key(reader: Reader) -> None:
    asked, upstream = service(IN_CONTAINER, b"abc", b"def")
    reply, pieces = reader(asked, CONTENT)
    assert (reply.status, pieces) == (200, [b"abc", b"def"])
    assert upstream.asked == [("/containers/cntr%2Fa/files/cfile_a/content", KEY)]
    assert upstream.answer.closed
    assert "content-length" not in dict(reply.headers), "how many they are is not known before"


def test_leaving_closes_what_is_fetched() -> None:
    asked, upstream = service(IN_CONTAINER, b"abc", b"def")
    reply = asked.call(CONTENT)
    assert reply.stream is not None
    assert next(iter(reply.stream)) == b"abc"
    reply.stream.close()
    assert upstream.answer.closed


@pytest.mark.parametrize(
    ("refused", "status", "says"),
    [
        (Refused(404, "Container is expired."), 404, "does not have it: Container is expired."),
        (Refused(400, "Container is expired."), 404, "does not have it: Container is expired."),
        (Refused(401, "Wrong key."), 401, "Wrong key."),
        (Refused(429, "Slowly.", code="rate_limit_exceeded"), 429, "Slowly."),
        (Refused(500, "Ouch."), 500, "Ouch."),
        (Refused(0, "Connection error."), 503, "Connection error."),
    ],
)
def test_bytes_that_cannot_be_had_are_a_refusal_that_says_why(
    reader: Reader, refused: Refused, status: int, says: str
) -> None:
    asked, _ = service(IN_CONTAINER, UpstreamRefused(refused))
    reply, pieces = reader(asked, CONTENT)
    assert (reply.status, pieces, reply.stream) == (status, [], None)
    assert says in orjson.loads(reply.body)["error"]["message"]


@pytest.mark.parametrize(
    ("file", "script"),
    [(FILE, []), (IN_CONTAINER, [b"abc", StreamBroken("connection reset")])],
    ids=["kept", "fetched"],
)
def test_a_body_that_breaks_off_is_no_short_file(reader: Reader, file: File, script: list[Any]) -> None:
    asked, _ = service(file, *script)
    with pytest.raises(StreamBroken):
        reader(asked, CONTENT)


def test_a_listener_who_left_is_sent_nothing_more() -> None:
    store = MemoryStore()
    put(store, FILE, b"abc", b"def")
    stream = Service(store, Upstream()).call(CONTENT).stream  # type: ignore[arg-type]
    assert stream is not None
    pieces = iter(stream)
    assert next(pieces) == b"abc"
    stream.close()
    assert list(pieces) == []


def test_a_body_belongs_to_the_colour_it_was_asked_in() -> None:
    with pytest.raises(TypeError, match="belongs to a thread"):
        bodies.FetchedBody(Bytes([])).__aiter__()
    with pytest.raises(TypeError, match="belongs to an event loop"):
        iter(bodies.AsyncFetchedBody(Bytes([])))


class Large(MemoryStore):
    """Has a file of 32 pieces that are made when they are asked for."""

    def piece(self, copy: str, number: int) -> bytes | None:
        return bytes(PIECE) if number < 32 else None


def test_a_large_file_passes_through_the_drop_in_a_piece_at_a_time() -> None:
    store = Large()
    put(store, evolve(FILE, size=32 * PIECE))
    client = bridge.OpenAI(api_key="sk-1", bridge=Service(store, Upstream()))  # type: ignore[arg-type]
    seen = 0
    tracemalloc.start()
    try:
        with client.files.with_streaming_response.content(FILE.id) as answer:
            for piece in answer.iter_bytes():
                seen += len(piece)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    client.close()
    assert seen == 32 * PIECE
    assert peak < 6 * PIECE
