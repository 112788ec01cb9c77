"""Another server that speaks Assistants, reached through the openai package as the upstream is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import openai
import orjson
from attrs import evolve, field, frozen

from bridge import profiles
from bridge.calls import Call, Credential
from bridge.destinations import Destination
from bridge.errors import ConfigurationError
from bridge.records import Object
from bridge.upstream import UpstreamRefused, failures, family, hops, threads
from bridge.upstream.bodies import AsyncResponseBytes, ResponseBytes
from bridge.upstream.lending import Loan
from bridge.upstream.openai import OpenAIUpstream, headers_for
from bridge.upstream.plain import PlainAsyncOpenAI, PlainOpenAI
from bridge.upstream.threads import BytesInThreads
from bridge.wire.checks import BETA

NO_KEY: Final = "none"
"""Sent where nobody named a key: servers of one's own take anything."""

CALLERS: Final = ("authorization", "api-key", "openai-organization", "openai-project")
"""Headers of a caller that are its credential."""

HANDED_ON: Final = ("openai-beta", "x-stainless-poll-helper", hops.HEADER)
"""Headers of a call that its server is sent."""

PATIENCE: Final = 600.0
"""Seconds between two pieces of an answer, where the caller says nothing of it: the SDK's own default."""

CONNECT_SECONDS: Final = 10.0


@frozen
class Ask:
    """A call to a server on behalf of `call`, whose credential and patience hold. With `streams` the answer may have a
    stream."""

    server: Server
    method: str
    path: str
    call: Call
    body: Object | None = None
    query: Mapping[str, str] = field(factory=dict)
    streams: bool = False


@frozen
class Answer:
    """An answer of a server: `body` whole, or `stream` where it comes in pieces."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes = field(default=b"", repr=False)
    stream: Any = None

    @property
    def is_ok(self) -> bool:
        return self.status < 400

    def object(self) -> Object:
        """The JSON object of the body; empty where it is none."""
        try:
            found = orjson.loads(self.body)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Server(OpenAIUpstream):
    """One server. `name` is its base URL without credentials, `runs_at` what our runs there have as their upstream.

    Nothing is repeated here: the caller's SDK does that. Raises ConfigurationError where the variable that holds its
    key is not set.
    """

    def __init__(self, destination: Destination) -> None:
        parts = urlsplit(destination.to)
        url = urlunsplit((parts.scheme, parts.netloc, parts.path, "", ""))
        timeout = openai.Timeout(PATIENCE, connect=CONNECT_SECONDS)
        options: dict[str, Any] = {"base_url": url, "api_key": NO_KEY, "max_retries": 0, "timeout": timeout}
        options["default_query"] = dict(parse_qsl(parts.query))
        super().__init__(url, lambda: _nobodys(PlainOpenAI(**options)), lambda: _nobodys(PlainAsyncOpenAI(**options)))
        self.runs_at = runs_at(self.name)
        self._key = _key(destination)
        self._takes_callers = destination.callers_key
        self._is_azure = profiles.guess(url) is profiles.AZURE

    def credential(self, call: Call) -> Credential:
        """What the server is told of who asks: its own key, or the caller's where it may have that. Every call there is
        one of the beta, those that a call of ours (bridge.native) needs, too."""
        told = {"openai-beta": BETA, **{name: call.headers[name] for name in HANDED_ON if name in call.headers}}
        if self._takes_callers:
            given = call.credential.headers
            return Credential({**told, **{name: given[name] for name in CALLERS if name in given}})
        if self._is_azure:
            return Credential({**told, "api-key": self._key})
        return Credential({**told, "authorization": f"Bearer {self._key}"})

    def ask(self, asked: Ask) -> Answer:
        """Raises UpstreamRefused where no answer came."""
        loan = self._clients.lend()
        is_lent = False
        try:
            response = _sent(loan, asked)
            is_lent = asked.streams and _is_stream(response)
            return _answer(response, ResponseBytes(response, loan.back) if is_lent else None)
        except openai.APIStatusError as error:
            return _answer(error.response)
        except failures.call_errors() as error:
            raise UpstreamRefused(failures.refused(error)) from error
        finally:
            if not is_lent:
                loan.back()

    async def aask(self, asked: Ask) -> Answer:
        """The same on an event loop."""
        if self._needs_threads:
            answer = await threads.call(lambda: self.ask(asked))
            return answer if answer.stream is None else evolve(answer, stream=BytesInThreads(answer.stream))
        loan = self._lender().lend()
        is_lent = False
        try:
            response = await _sent(loan, asked)
            if asked.streams and not (is_lent := _is_stream(response)):
                await response.aread()
            return _answer(response, AsyncResponseBytes(response, loan.back) if is_lent else None)
        except openai.APIStatusError as error:
            return _answer(error.response)
        except failures.call_errors() as error:
            raise UpstreamRefused(failures.refused(error)) from error
        finally:
            if not is_lent:
                loan.back()


def runs_at(name: str) -> str:
    """The upstream of runs at a server: no name of a Responses server is like it, so nobody takes them up."""
    return f"assistants at {name}"


def _nobodys(client: Any) -> Any:
    """A client that sends nothing of the account that this process has."""
    client.organization = client.project = None
    return client


def _key(destination: Destination) -> str:
    if destination.api_key_env is None:
        return NO_KEY
    key = os.environ.get(destination.api_key_env)
    if not key:
        raise ConfigurationError(f"[[route]] to {destination.to}: the variable {destination.api_key_env} is not set.")
    return key


def _sent(loan: Loan[Any], asked: Ask) -> Any:
    """The HTTP response, or its awaitable."""
    client, seconds = loan.client, asked.call.read_timeout
    options: dict[str, Any] = {"headers": headers_for(client.default_headers, asked.server.credential(asked.call))}
    if asked.query:
        options["params"] = dict(asked.query)
    if seconds is not None:
        options["timeout"] = openai.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))
    more: dict[str, Any] = {} if asked.body is None else {"body": asked.body}
    if asked.streams:
        kind = openai.AsyncStream if isinstance(client, openai.AsyncOpenAI) else openai.Stream
        more.update(stream=True, stream_cls=kind)
    response = family.module_of(client._client).Response
    return getattr(client, asked.method.lower())(asked.path, cast_to=response, options=options, **more)


def _is_stream(response: Any) -> bool:
    return str(response.headers.get("content-type", "")).startswith("text/event-stream")


def _answer(response: Any, stream: Any = None) -> Answer:
    headers = tuple((name.lower(), value) for name, value in response.headers.items())
    return Answer(response.status_code, headers, b"" if stream is not None else response.read(), stream)
