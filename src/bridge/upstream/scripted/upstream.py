"""ScriptedUpstream: the offline Responses server, in-process. `asgi.py` puts the same over HTTP."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

import anyio.to_thread
import orjson
from attrs import evolve

from bridge.calls import Credential
from bridge.engine.effects import Refused, Resume, Send, Sent
from bridge.forks import Lock
from bridge.profiles import SCRIPTED, Profile
from bridge.records import Object
from bridge.upstream import UpstreamRefused
from bridge.upstream.scripted import reading
from bridge.upstream.scripted.answering import Answering
from bridge.upstream.scripted.checks import check_length, check_request
from bridge.upstream.scripted.choice import Choice
from bridge.upstream.scripted.choose import Turns, choose
from bridge.upstream.scripted.conversations import Conversations, Turn, items_of
from bridge.upstream.scripted.endpoints import Answer, Endpoints
from bridge.upstream.scripted.hosted import Hosted
from bridge.upstream.scripted.ids import Names
from bridge.upstream.scripted.preparing import prepare
from bridge.upstream.scripted.quirks import apply, refuse, refuse_fields
from bridge.upstream.scripted.refusals import envelope, refused
from bridge.upstream.scripted.script import Error, Script
from bridge.upstream.scripted.steps import Step
from bridge.upstream.scripted.stored import StoredResponses
from bridge.upstream.scripted.streams import (
    AsyncScriptedStream,
    ScriptedBytes,
    ScriptedStream,
    final_response,
    first_response,
)

S = TypeVar("S", bound=ScriptedStream)
NOBODY = Credential()


class ScriptedUpstream:
    """A Responses server that plays a script, needs no key and no network, and refuses what the real one refuses.

    `script`: YAML text, Python data of the same shape (docs/scripted-upstream.md), or None for the weather assistant.
    `requests` are the bodies of POST /responses in order of arrival, refused ones too, and `credentials` what came with
    them; `sent` are all calls of `send`, `fetch` and `resume`, as ``GET /files`` (all three stay empty without
    `keep_requests`). `closed_early` counts answers whose reader left before their end. `files`, `vector_stores` and
    `containers` show what there is by now, by id; `hosted` holds it, `conversations` what is said in those. `quirks`:
    names of `quirks.QUIRKS`, for every answer. `clock` gives `created_at`, in Unix seconds. `seed`: two upstreams with
    different seeds make different ids.
    Any thread may call anything.
    """

    name: str = "scripted"

    def __init__(
        self,
        script: reading.Source | None = None,
        *,
        keep_requests: bool = True,
        quirks: Iterable[str] = (),
        clock: Callable[[], float] = time.time,
        seed: str = "",
        profile: Profile = SCRIPTED,
    ) -> None:
        self.profile = profile
        self.script: Script = reading.weather() if script is None else reading.read(script)
        self.quirks = reading.quirks(list(quirks), "quirks")
        self.requests: list[Object] = []
        self.credentials: list[Credential] = []
        self.sent: list[str] = []
        self.closed_early = 0
        self._keep_requests, self._clock, self._seed = keep_requests, clock, seed
        self._lock = Lock()
        self._count = 0
        self._turns = Turns()
        self._streams: WeakSet[ScriptedStream] = WeakSet()
        self._closing = threading.Event()
        self._server_quirks = self.quirks | self.script.quirks
        lives = self.script.container_seconds
        self.hosted = Hosted(clock, ingestion=self.script.ingestion, container_seconds=lives, seed=seed)
        self._stored = StoredResponses()
        self.conversations = Conversations(clock, self.hosted.new_id, self._server_quirks)
        self._endpoints = Endpoints(clock, self.hosted, self._stored, self.conversations, self._server_quirks)

    @classmethod
    def from_file(cls, path: str | Path, **options: Any) -> ScriptedUpstream:
        """The script in a YAML or .json file; `options` as for the constructor."""
        return cls(reading.read_file(path), **options)

    @classmethod
    def from_setting(cls, setting: str, **options: Any) -> ScriptedUpstream:
        """``scripted`` or ``scripted:FILE``, as BRIDGE_UPSTREAM and --upstream have it (design §5)."""
        _, _, path = setting.partition(":")
        return cls.from_file(path, **options) if path else cls(**options)

    # --- the protocol of upstreams

    def open(self, request: Object, credential: Credential = NOBODY) -> ScriptedStream:
        asked, choice, names = self._chosen(request, credential)
        for seconds in choice.waits:
            self._closing.wait(seconds)
        return self._stream(ScriptedStream, asked, choice, names, items_of(request.get("input")))

    async def aopen(self, request: Object, credential: Credential = NOBODY) -> AsyncScriptedStream:
        asked, choice, names = self._chosen(request, credential)
        for seconds in choice.waits:
            await anyio.sleep(seconds)
        return self._stream(AsyncScriptedStream, asked, choice, names, items_of(request.get("input")))

    def resume(self, resume: Resume, credential: Credential = NOBODY) -> ScriptedStream:
        return self._followed(ScriptedStream, resume)

    async def aresume(self, resume: Resume, credential: Credential = NOBODY) -> AsyncScriptedStream:
        return self._followed(AsyncScriptedStream, resume)

    def fetch(self, path: str, credential: Credential = NOBODY) -> ScriptedBytes:
        """The content of a file, or whatever else a GET of this path answers."""
        answer = self._asked(Send("GET", path))
        if isinstance(answer, bytes):
            return ScriptedBytes(answer)
        return ScriptedBytes(orjson.dumps(answer), "application/json")

    async def afetch(self, path: str, credential: Credential = NOBODY) -> ScriptedBytes:
        return self.fetch(path, credential)

    def send(self, effect: Send, credential: Credential = NOBODY) -> Sent:
        """POST /responses, not streamed, and what `endpoints.py` knows. An HTTP error is an answer: status and body."""
        try:
            answer = self._asked(effect, credential)
        except UpstreamRefused as error:
            if not error.refused.status:
                raise
            return Sent(error.refused.status, envelope(error.refused))
        if isinstance(answer, bytes):
            raise UpstreamRefused(Refused(0, "The upstream answered something that is no JSON object."))
        return Sent(200, answer)

    async def asend(self, effect: Send, credential: Credential = NOBODY) -> Sent:
        return await anyio.to_thread.run_sync(self.send, effect, credential)

    def close(self) -> None:
        """Ends every open stream and every wait; may be called more than once."""
        self._closing.set()
        self._stored.close()
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.close()

    # --- what there is

    def add_file(self, filename: str, content: bytes, purpose: str = "assistants") -> str:
        """A file as somebody uploaded it before; answers its id."""
        id: str = self.hosted.add_file(filename, content, purpose)["id"]
        return id

    @property
    def files(self) -> dict[str, Object]:
        with self.hosted.lock:
            return {id: file.shown for id, file in self.hosted.files.items()}

    @property
    def vector_stores(self) -> dict[str, Object]:
        with self.hosted.lock:
            return {store["id"]: store for store in self.hosted.stores.all()}

    @property
    def containers(self) -> dict[str, Object]:
        with self.hosted.lock:
            return {id: self.hosted.show_container(id) for id in self.hosted.containers}

    # --- one answer

    def _asked(self, effect: Send, credential: Credential = NOBODY) -> Answer:
        self._note(f"{effect.method} {effect.path}")
        if (effect.method, effect.path) == ("POST", "/responses"):
            return self._whole(effect.body or {}, credential)
        return self._endpoints.answer(effect)

    def _note(self, call: str) -> None:
        with self._lock:
            if self._keep_requests:
                self.sent.append(call)

    def _chosen(self, request: Object, credential: Credential) -> tuple[Object, Choice, Names]:
        """The request with what it goes on from, the answer to it, and the names in that answer."""
        number = self._count_request(request, credential)
        request = self._checked(request)
        choice = choose(self.script, request, self._turns.take)
        quirks = choice.quirks | self.quirks
        names = Names(number, self._seed, request["input"], quirks)
        return request, evolve(choice, quirks=quirks), names

    def _count_request(self, request: Object, credential: Credential) -> int:
        kept = orjson.loads(orjson.dumps(request))
        with self._lock:
            self._count += 1
            if self._keep_requests:
                self.requests.append(kept)
                self.credentials.append(credential)
            return self._count

    def _checked(self, request: Object) -> Object:
        refuse_fields(self._server_quirks, request)
        if "no_previous" not in self._server_quirks:
            request = self._stored.continued(request)
        if "no_conversations" not in self._server_quirks:
            request = self.conversations.continued(request)
        check_request(request)
        refuse(self._server_quirks, request)
        self.hosted.check(request)
        check_length(request, self.script.window)
        return request

    def _stream(self, kind: type[S], request: Object, choice: Choice, names: Names, own: list[Object]) -> S:
        """`own` is what the request brings itself, without what it goes on from."""
        ending = choice.actions[-1]
        if isinstance(ending, Error):
            raise refused(ending)
        actions = prepare(choice.actions, request, self.hosted, choice.text)
        steps: Iterator[Step] = Answering(request, actions, names, int(self._clock())).steps()
        turn = self.conversations.turn(request, own)
        steps = steps if turn is None else turn.played(steps)
        if request.get("background"):
            background = self._stored.begin(request, apply(choice.quirks, steps))
            return self._watched(kind(background.steps(is_first=True), lambda: None), choice.quirks)
        steps = apply(choice.quirks, self._stored.kept(request, steps))
        return self._watched(kind(steps, lambda: self._left_early(turn)), choice.quirks)

    def _followed(self, kind: type[S], resume: Resume) -> S:
        """A stream of what is made anyway: leaving it ends nothing."""
        self._note(f"GET /responses/{resume.response_id}")
        steps = self._stored.streamed(resume.response_id).steps(resume.after)
        return self._watched(kind(steps, lambda: None), self._server_quirks)

    def _watched(self, stream: S, quirks: frozenset[str]) -> S:
        """`close` ends it."""
        stream.quirks = quirks
        with self._lock:
            self._streams.add(stream)
        return stream

    def _whole(self, request: Object, credential: Credential) -> Object:
        """The response object of a request that is not streamed."""
        stream = self.open(request, credential)
        return first_response(stream) if request.get("background") else final_response(stream)

    def _left_early(self, turn: Turn | None) -> None:
        with self._lock:
            self.closed_early += 1
        if turn is not None:
            turn.end()
