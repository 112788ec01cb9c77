"""Store, upstream, runner and routes made into one thing that answers calls: what every door talks to (design §3)."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Sequence
from typing import Final

from attrs import evolve

from bridge import errors
from bridge.calls import Call, Reply, ReplyStream
from bridge.engine.flows import Context, Launch
from bridge.engine.flows.files import Download
from bridge.hands import bodies
from bridge.hands.drive import AsyncHands, Hands, adrive, drive
from bridge.hands.feeds import Feed
from bridge.hands.kept import KeptFiles
from bridge.hands.leases import Onlooker, Source
from bridge.hands.pumps import AsyncDirect, Direct
from bridge.hands.rooms import runner_for
from bridge.hands.runner import Runner
from bridge.hooks import hook_of
from bridge.records import File, Object
from bridge.routes import Request, Result, file_of, match, owns
from bridge.settings import Options, Settings
from bridge.store import Store
from bridge.store.open import open_store
from bridge.upstream import Upstream
from bridge.wire import assistants as wire
from bridge.wire import beta_v1, downloads, render
from bridge.wire.checks import is_first_beta

POLL_AFTER_MS: Final = "20"
"""Told on every run answer. Polls wait here for news, so the SDKs' own pause (1 s, Node 5 s) only costs time."""

LONGEST_POLL: Final = 10.0
BETA_V1: Final = "it is a request of the Assistants API's first beta, which BRIDGE_BETA_V1=convert takes (told once)"
JSON: Final = ("content-type", "application/json")
SSE: Final = ("content-type", "text/event-stream; charset=utf-8")

log = logging.getLogger("bridge")


class Service:
    """Answers the calls of one door. Implements calls.Answering."""

    def __init__(
        self, store: Store, upstream: Upstream, *, options: Options | None = None, on_callers_loop: bool = False
    ) -> None:
        self.store = store
        self.upstream = upstream
        self.options = options or Options()
        self.onlooker: Onlooker | None = None
        """Is told of the legs of runs that are asked for here (shadow)."""
        self._kept = KeptFiles(store)
        self._on_callers_loop = on_callers_loop
        self._told_of_beta_v1 = False

    @property
    def runner(self) -> Runner:
        return runner_for(self.store, self)

    def owns(self, method: str, path: str) -> bool:
        file_id = file_of(path)
        return owns(path) or (file_id is not None and self._kept.has(file_id))

    def call(self, call: Call) -> Reply:
        source = Source(self.upstream, call.credential, self.options, self.onlooker)
        try:
            request = self._read(call, source)
            line = Direct(self.upstream, call.credential, self.runner.world.clock)
            hands = Hands(self.runner.world, line=line)
            result = drive(request.start(self._context(call, source, request)), hands)
            if isinstance(result, Download):
                return _download(result.file, bodies.body(result.file, hands.world, line))
            feed = self._feed(result)
            if isinstance(result, Launch):
                self.runner.start(result.run, source, feed)
            return self._reply(call, result, feed, hands.lost)
        except errors.APIError as error:
            return self._refuse(error, call)
        except Exception:
            return self._broken(call)

    async def acall(self, call: Call) -> Reply:
        source = Source(self.upstream, call.credential, self.options, self.onlooker)
        try:
            request = self._read(call, source)
            line = AsyncDirect(self.upstream, call.credential, self.runner.world.clock)
            hands = AsyncHands(self.runner.world, line=line)
            result = await adrive(request.start(self._context(call, source, request)), hands)
            if isinstance(result, Download):
                return _download(result.file, await bodies.abody(result.file, hands.world, line))
            feed = self._feed(result)
            if isinstance(result, Launch):
                self.runner.start_async(result.run, source, feed, on_this_loop=self._on_callers_loop)
            return self._reply(call, result, feed, hands.lost)
        except errors.APIError as error:
            return self._refuse(error, call)
        except Exception:
            return self._broken(call)

    def close(self) -> None:
        self.upstream.close()

    # --- in

    def _read(self, call: Call, source: Source) -> Request:
        """The call as a request to one of our routes; raises APIError where it is none, or wrong."""
        self.runner.knows(source)
        found = match(call.method, call.path)
        if found is None:
            is_gone = beta_v1.FILES.fullmatch(call.path)
            raise (errors.no_beta_files if is_gone else errors.unknown_url)(call.method, call.path)
        route, names = found
        if route.needs_beta:
            wire.check_beta(call.headers.get("openai-beta"), self.options.converts_beta_v1)
        return route.read(names, call, self.options)

    def _context(self, call: Call, source: Source, request: Request) -> Context:
        wait_until = None
        if request.route.polls and call.headers.get("x-stainless-poll-helper", "").lower() == "true":
            seconds = min(LONGEST_POLL, (call.read_timeout or 2 * LONGEST_POLL) / 2)
            wait_until = self.runner.world.clock() + seconds
        context = self.runner.context(source, wait_until)
        return evolve(context, revives=True) if self._revives() else context

    def _revives(self) -> bool:
        is_asked = hook_of("thread") is not None or hook_of("assistant") is not None
        return is_asked or self.options.creates_missing_threads

    # --- out

    def _feed(self, result: Result) -> Feed | None:
        if not isinstance(result, Launch) or not result.stream:
            return None
        feed = Feed(include_results=bool(result.include), request_id=_request_id())
        feed.publish(result.opening)
        return feed

    def _reply(self, call: Call, result: Object | Launch, feed: Feed | None, lost: Sequence[str]) -> Reply:
        request_id = _request_id() if feed is None else feed.request_id
        headers = [*_standing_headers(request_id)]
        if lost:
            headers.append(("bridge-degraded", ", ".join(lost)))
        if feed is not None:
            return Reply(200, (SSE, ("cache-control", "no-cache"), *headers), stream=feed)
        body = result.body if isinstance(result, Launch) else result
        if is_first_beta(call.headers.get("openai-beta")):
            body = beta_v1.answer(body)
        if body.get("object") == "thread.run":
            headers.append(("openai-poll-after-ms", POLL_AFTER_MS))
        return Reply(200, (JSON, *headers), render.encode_pretty(body))

    def _refuse(self, error: errors.APIError, call: Call) -> Reply:
        if error.status == 404:
            log.info("%s %r: %r (store: %s)", call.method, call.path, error.message, self.runner.world.store.name)
        if beta_v1.is_refusal(error) and not self.options.converts_beta_v1 and not self._told_of_beta_v1:
            self._told_of_beta_v1 = True
            log.warning("%s %s is refused: %s", call.method, call.path, BETA_V1)
        headers = (JSON, *_standing_headers(_request_id()), *error.headers.items())
        return Reply(error.status, headers, render.encode_pretty(error.body()))

    def _broken(self, call: Call) -> Reply:
        """An error of ours: told as the old service told its own, with an id that the log shows too."""
        request_id = _request_id()
        log.exception("%s %s failed (%s)", call.method, call.path, request_id)
        body = errors.server_error(request_id).body()
        return Reply(500, (JSON, *_standing_headers(request_id)), render.encode_pretty(body))


def connect(settings: Settings, upstream: Upstream, *, on_callers_loop: bool = False) -> Service:
    """A service on the store that the settings name. `on_callers_loop` keeps async legs on the caller's event loop:
    for a gateway, and for upstreams whose HTTP client belongs to that loop."""
    return Service(open_store(settings.store), upstream, options=settings.options(), on_callers_loop=on_callers_loop)


def _download(file: File, body: ReplyStream) -> Reply:
    return Reply(200, (*downloads.headers(file), *_standing_headers(_request_id())), stream=body)


def _request_id() -> str:
    return f"req_{secrets.token_hex(16)}"


def _standing_headers(request_id: str) -> tuple[tuple[str, str], ...]:
    """On every answer (assistants-wire §1.2)."""
    return (("x-request-id", request_id), ("openai-version", "2020-10-01"))
