"""ScriptedUpstream: the offline Responses server, in-process. `asgi.py` puts the same over HTTP."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakSet

import anyio.to_thread
import orjson
from attrs import evolve

from bridge.calls import Credential
from bridge.engine.effects import Refused, Resume, Send, Sent
from bridge.profiles import SCRIPTED, Profile
from bridge.records import Object
from bridge.upstream import StreamBroken, UpstreamRefused
from bridge.upstream.scripted import reading
from bridge.upstream.scripted.answering import Answering, Step
from bridge.upstream.scripted.background import Recordings
from bridge.upstream.scripted.checks import check_length, check_request
from bridge.upstream.scripted.choose import Choice, choose
from bridge.upstream.scripted.endpoints import Endpoints
from bridge.upstream.scripted.hosted import Hosted
from bridge.upstream.scripted.ids import Names
from bridge.upstream.scripted.quirks import FINAL, apply, refuse
from bridge.upstream.scripted.refusals import envelope
from bridge.upstream.scripted.script import Error, Rule, Script, Wait
from bridge.upstream.scripted.streams import AsyncScriptedStream, ScriptedStream

S = TypeVar("S", bound=ScriptedStream)
NOBODY = Credential()


class ScriptedUpstream:
    """A Responses server that plays a script, needs no key and no network, and refuses what the real one refuses.

    `script`: YAML text, Python data of the same shape (docs/scripted-upstream.md), or None for the weather assistant.
    `requests` are the bodies of POST /responses in order of arrival, refused ones too, and `credentials` what came with
    them (both stay empty without `keep_requests`). `sent` are the other calls, as ``GET /files``; `hosted` is what they
    made. `closed_early` counts answers whose reader left before their end.
    `quirks`: names of `quirks.QUIRKS`, for every answer. `clock` gives `created_at`, in Unix seconds. `seed`: two
    upstreams with different seeds make different ids. Any thread may call anything.
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
        self.script: Script = weather() if script is None else reading.read(script)
        self.quirks = reading.quirks(list(quirks), "quirks")
        self.requests: list[Object] = []
        self.credentials: list[Credential] = []
        self.sent: list[str] = []
        self.closed_early = 0
        self._keep_requests, self._clock, self._seed = keep_requests, clock, seed
        self._lock = threading.Lock()
        self._count = 0
        self._fired: Counter[str] = Counter()
        self._streams: WeakSet[ScriptedStream] = WeakSet()
        self._closing = threading.Event()
        said = self.script
        self.hosted = Hosted(clock, ingestion=said.ingestion, container_seconds=said.container_seconds)
        self._background = Recordings(self._closing)
        self._endpoints = Endpoints(clock, self.hosted, self._background, self.quirks | said.quirks)

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
        choice, names = self._chosen(request, credential)
        for seconds in error_waits(choice):
            self._closing.wait(seconds)
        return self._stream(ScriptedStream, request, choice, names)

    async def aopen(self, request: Object, credential: Credential = NOBODY) -> AsyncScriptedStream:
        choice, names = self._chosen(request, credential)
        for seconds in error_waits(choice):
            await anyio.sleep(seconds)
        return self._stream(AsyncScriptedStream, request, choice, names)

    def resume(self, resume: Resume, credential: Credential = NOBODY) -> ScriptedStream:
        return self._kept(ScriptedStream, self._background.get(resume.response_id).steps(resume.after))

    async def aresume(self, resume: Resume, credential: Credential = NOBODY) -> AsyncScriptedStream:
        return self._kept(AsyncScriptedStream, self._background.get(resume.response_id).steps(resume.after))

    def fetch(self, path: str, credential: Credential = NOBODY) -> ScriptedBytes:
        """The content of a file, or of one in a container."""
        return ScriptedBytes(self._endpoints.content(path))

    async def afetch(self, path: str, credential: Credential = NOBODY) -> ScriptedBytes:
        return self.fetch(path, credential)

    def add_file(self, filename: str, content: bytes) -> str:
        """A file as somebody uploaded it before; answers its id."""
        id: str = self.hosted.add_file(filename, content)["id"]
        return id

    def send(self, effect: Send, credential: Credential = NOBODY) -> Sent:
        """POST /responses, not streamed, and what `endpoints.py` knows. An HTTP error is an answer: status and body."""
        with self._lock:
            self.sent.append(f"{effect.method} {effect.path}")
        try:
            if (effect.method, effect.path) == ("POST", "/responses"):
                return Sent(200, self._whole(effect.body or {}, credential))
            return self._endpoints.answer(effect)
        except UpstreamRefused as error:
            if not error.refused.status:
                raise
            return Sent(error.refused.status, envelope(error.refused))

    async def asend(self, effect: Send, credential: Credential = NOBODY) -> Sent:
        return await anyio.to_thread.run_sync(self.send, effect, credential)

    def close(self) -> None:
        """Ends every open stream and every wait; may be called more than once."""
        self._closing.set()
        with self._lock:
            streams = list(self._streams)
        for stream in streams:
            stream.close()

    # --- one answer

    def _chosen(self, request: Object, credential: Credential) -> tuple[Choice, Names]:
        kept = orjson.loads(orjson.dumps(request))
        with self._lock:
            self._count += 1
            number = self._count
            if self._keep_requests:
                self.requests.append(kept)
                self.credentials.append(credential)
        check_request(request)
        refuse(self.quirks | self.script.quirks, request)
        self.hosted.check(request)
        check_length(request, self.script.window)
        choice = choose(self.script, request, self._take)
        quirks = choice.quirks | self.quirks
        seed = request["input"]
        names = Names(number, self._seed, seed, dash="dashed_ids" in quirks, is_long="long_ids" in quirks)
        return evolve(choice, quirks=quirks), names

    def _stream(self, kind: type[S], request: Object, choice: Choice, names: Names) -> S:
        ending = choice.actions[-1]
        if isinstance(ending, Error):
            raise UpstreamRefused(refused(ending))
        answering = Answering(request, choice, names, int(self._clock()), self.hosted)
        steps = apply(choice.quirks, answering.steps())
        if request.get("background"):
            return self._kept(kind, self._background.begin(answering.base["id"], steps).steps(None))
        stream = kind(steps, self._count_closed_early)
        stream.quirks = choice.quirks
        with self._lock:
            self._streams.add(stream)
        return stream

    def _kept(self, kind: type[S], steps: Iterator[Step]) -> S:
        """A stream of what is made anyway: leaving it ends nothing."""
        stream = kind(steps, lambda: None)
        with self._lock:
            self._streams.add(stream)
        return stream

    def _whole(self, request: Object, credential: Credential) -> Object:
        """The response object of a request that is not streamed: what its last event holds."""
        try:
            events = list(self.open(request, credential))
        except StreamBroken as error:
            raise UpstreamRefused(Refused(0, str(error))) from error
        if not events or events[-1]["type"] not in FINAL:
            raise UpstreamRefused(Refused(0, "The connection was closed before the answer was complete."))
        response: Object = events[-1]["response"]
        return response

    def _take(self, rule: Rule) -> bool:
        if rule.times is None:
            return True
        with self._lock:
            self._fired[rule.place] += 1
            return self._fired[rule.place] <= rule.times

    def _count_closed_early(self) -> None:
        with self._lock:
            self.closed_early += 1


class ScriptedBytes:
    """Implements UpstreamBytes and AsyncUpstreamBytes."""

    media_type: str | None = "application/octet-stream"

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __iter__(self) -> Iterator[bytes]:
        yield self._content

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._content

    def close(self) -> None:
        """Nothing is open."""

    async def aclose(self) -> None:
        """Nothing is open."""


def weather() -> Script:
    """The default script: the weather assistant of the function calling guide. JSON: a bare install reads it."""
    return reading.read(orjson.loads(files(__package__).joinpath("weather.json").read_bytes()))


def error_waits(choice: Choice) -> list[float]:
    """The seconds before an HTTP error; any other answer begins at once."""
    if not isinstance(choice.actions[-1], Error):
        return []
    return [action.seconds for action in choice.actions if isinstance(action, Wait)]


def refused(error: Error) -> Refused:
    return Refused(error.status, error.message, error.code, error.type, error.param, error.retry_after)
