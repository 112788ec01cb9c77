"""What clients of the openai package send and get on Assistants paths, noted from the outside: the HTTP client that one
holds keeps its class and all it does, only its `send` is looked at, bridged or not."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from bridge import routes
from bridge.calls import Answering, Call, Reply
from bridge.client import behind
from bridge.client.requests import Door
from bridge.diff.recording import streams
from bridge.diff.recording.taking import Taking
from bridge.diff.recording.writer import TapeFile
from bridge.upstream import family
from bridge.upstream.plain import PLAIN

DOORS: Final = "_bridge_recorded_doors"
"""On an HTTP client that is looked at: where calls come in, by base URL. Several clients of the SDK may share it."""


class Clients:
    """Looks at clients; `unfinished` are the exchanges that are under way."""

    def __init__(self, tape: TapeFile) -> None:
        self._tape = tape
        self.unfinished: weakref.WeakSet[Taking] = weakref.WeakSet()

    def sdk(self, client: Any) -> None:
        """A client of the SDK that was constructed. A bridged one was seen when it was bridged."""
        http = getattr(client, "_client", None)
        if http is not None and not isinstance(client, PLAIN) and behind(http)[1] is None:
            self.look_at(http, Door.of(_Elsewhere(), client))

    def look_at(self, http: Any, door: Door) -> None:
        """An HTTP client of either family, and the door that says which of its requests are calls of the API."""
        doors = vars(http).get(DOORS)
        if doors is not None:
            doors[str(door.base_url())] = door
            return
        doors = vars(http)[DOORS] = {str(door.base_url()): door}
        is_async = isinstance(http, family.module_of(http).AsyncClient)
        http.send = self._async_send(http, doors) if is_async else self._send(http, doors)

    def _send(self, http: Any, doors: dict[str, Door]) -> Callable[..., Any]:
        real = _Real(http)

        @wraps(type(http).send)
        def send(request: Any, *args: Any, **options: Any) -> Any:
            door = _door(doors, request)
            if door is None:
                return real.send(request, *args, **options)
            taking = self._begin(door.call(request, request.read()))
            try:
                response = real.send(request, *args, **options)
            except BaseException:
                taking.broke()
                raise
            _answer(response, taking, real.client)
            return response

        return send

    def _async_send(self, http: Any, doors: dict[str, Door]) -> Callable[..., Any]:
        real = _Real(http)

        @wraps(type(http).send)
        async def send(request: Any, *args: Any, **options: Any) -> Any:
            door = _door(doors, request)
            if door is None:
                return await real.send(request, *args, **options)
            taking = self._begin(door.call(request, await request.aread()))
            try:
                response = await real.send(request, *args, **options)
            except BaseException:
                taking.broke()
                raise
            _answer(response, taking, real.client)
            return response

        return send

    def _begin(self, call: Call) -> Taking:
        taking = Taking(self._tape, call.method, call.path, call.query)
        taking.asked(call.headers, call.body)
        self.unfinished.add(taking)
        return taking

    def end(self) -> None:
        """The process ends: what nobody read to its end is written as it is."""
        for taking in list(self.unfinished):
            taking.end("caller")


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
