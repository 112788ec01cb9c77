"""What clients of the openai package send and get on Assistants paths, noted from the outside: the HTTP client that one
holds keeps its class and all it does, only its `send` is looked at, bridged or not."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from attrs import define

from bridge import routes
from bridge.calls import Answering, Call, Reply
from bridge.client import behind
from bridge.client.requests import Door
from bridge.diff.recording import streams
from bridge.diff.recording.taking import Taking
from bridge.diff.recording.writer import TapeFile
from bridge.errors import ConfigurationError
from bridge.upstream import family
from bridge.upstream.plain import PLAIN

LOOK: Final = "_bridge_recorder_look"
"""The name of a `_Look` on an HTTP client that is looked at."""


class Clients:
    """Looks at clients, until it is over; `unfinished` are the exchanges that are under way, held weakly: in a
    dictionary, which is copied in one go while other threads begin more."""

    def __init__(self, tape: TapeFile) -> None:
        self._tape = tape
        self._is_over = False
        self.unfinished: dict[int, weakref.ref[Taking]] = {}

    def sdk(self, client: Any) -> None:
        """A client of the SDK that was constructed. A bridged one was seen when it was bridged."""
        http = getattr(client, "_client", None)
        if http is not None and not isinstance(client, PLAIN) and behind(http)[1] is None:
            self.look_at(http, Door.of(_Elsewhere(), client))

    def add(self, client: Any) -> None:
        """A client that was there before, bridged or not. Raises ConfigurationError for what is none."""
        http = getattr(client, "_client", None)
        if not hasattr(http, "send"):
            raise ConfigurationError(f"{type(client).__name__} is no client of the openai package.")
        self.look_at(http, behind(http)[1] or Door.of(_Elsewhere(), client))

    def look_at(self, http: Any, door: Door) -> None:
        """An HTTP client of either family, and the door that says which of its requests are calls of the API."""
        look: _Look | None = vars(http).get(LOOK)
        if look is not None:
            look.recorder = self
            look.doors[str(door.base_url())] = door
            return
        look = vars(http)[LOOK] = _Look(self, {str(door.base_url()): door})
        is_async = isinstance(http, family.module_of(http).AsyncClient)
        http.send = _async_send(http, look) if is_async else _send(http, look)

    def door(self, doors: dict[str, Door], request: Any) -> Door | None:
        """Where a request comes in that is to be taken down."""
        return None if self._is_over else _door(doors, request)

    def begin(self, call: Call) -> Taking:
        taking = Taking(self._tape, call.method, call.path, call.query)
        taking.asked(call.headers, call.body)
        key = id(taking)
        self.unfinished[key] = weakref.ref(taking, lambda _: self.unfinished.pop(key, None))
        return taking

    def stop(self) -> None:
        """Nothing that begins from now on is taken down."""
        self._is_over = True
        self.end()

    def end(self) -> None:
        """The process or the recording ends: what nobody read to its end is written as it is."""
        for held in list(self.unfinished.values()):
            if (taking := held()) is not None:
                taking.end("caller")


@define
class _Look:
    """Who takes down what an HTTP client sends, and where calls come in, by base URL: several clients of the SDK may
    share it."""

    recorder: Clients
    doors: dict[str, Door]


def _send(http: Any, look: _Look) -> Callable[..., Any]:
    real = _Real(http)

    @wraps(type(http).send)
    def send(request: Any, *args: Any, **options: Any) -> Any:
        door = look.recorder.door(look.doors, request)
        if door is None:
            return real.send(request, *args, **options)
        taking = look.recorder.begin(door.call(request, request.read()))
        try:
            response = real.send(request, *args, **options)
        except BaseException:
            taking.broke()
            raise
        _answer(response, taking, real.client)
        return response

    return send


def _async_send(http: Any, look: _Look) -> Callable[..., Any]:
    real = _Real(http)

    @wraps(type(http).send)
    async def send(request: Any, *args: Any, **options: Any) -> Any:
        door = look.recorder.door(look.doors, request)
        if door is None:
            return await real.send(request, *args, **options)
        taking = look.recorder.begin(door.call(request, await request.aread()))
        try:
            response = await real.send(request, *args, **options)
        except BaseException:
            taking.broke()
            raise
        _answer(response, taking, real.client)
        return response

    return send


class _Real:
    """The client without what we make of its `send`. Held weakly: a client that goes is closed by the SDK at once."""

    def __init__(self, http: Any) -> None:
        self._held = weakref.ref(http)
        self._replaced = vars(http).get("send")

    @property
    def client(self) -> Any:
        client = self._held()
        assert client is not None, "a client is sent through that is no more"
        return client

    def send(self, *args: Any, **options: Any) -> Any:
        """Whatever somebody else has made of it, or its own method."""
        if self._replaced is not None:
            return self._replaced(*args, **options)
        client = self.client
        return type(client).send(client, *args, **options)


def _door(doors: dict[str, Door], request: Any) -> Door | None:
    for door in tuple(doors.values()):
        path = door.path(request.url)
        if path is not None and routes.owns(path):
            return door
    return None


def _answer(response: Any, taking: Taking, http: Any) -> None:
    headers = {name.lower(): value for name, value in response.headers.items()}
    if not (response.is_closed or response.is_stream_consumed):
        taking.answered(response.status_code, headers)
        streams.listen(response, taking, http)
        return
    headers.pop("content-encoding", None)  # what was read is unpacked
    taking.answered(response.status_code, headers)
    taking.piece(response.content)
    taking.end()


class _Elsewhere(Answering):
    """In the place of the service of a client that is not bridged: the calls are some server's."""

    def owns(self, method: str, path: str) -> bool:
        return routes.owns(path)

    def call(self, call: Call) -> Reply:
        raise NotImplementedError("a recorder answers nothing")

    async def acall(self, call: Call) -> Reply:
        raise NotImplementedError("a recorder answers nothing")

    def close(self) -> None:
        """Nothing is open."""
