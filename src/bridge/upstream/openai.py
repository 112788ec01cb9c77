"""A Responses server reached through the openai package, so that retries, proxies and credentials are the user's own.

Only the package's low-level `post` and its like are used, which every version from 1.21 on has, those older than the
Responses API included. What the caller brought (`Credential.headers`) overrides the client's own headers, call by call.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final
from weakref import WeakKeyDictionary, ref

import openai
from openai._types import Omit

from bridge.calls import Credential
from bridge.engine.effects import Refused, Resume, Send, Sent
from bridge.profiles import Profile
from bridge.records import Object
from bridge.upstream import UpstreamRefused, failures, family, hops
from bridge.upstream.bodies import AsyncResponseBytes, ResponseBytes
from bridge.upstream.lending import Lender, Loan, close_on
from bridge.upstream.streams import AsyncResponseStream, ResponseStream
from bridge.wire import paths
from bridge.wire.paths import without_credentials

SPELLINGS: Final = {
    "authorization": "Authorization",
    "openai-organization": "OpenAI-Organization",
    "openai-project": "OpenAI-Project",
}
"""As the SDK writes them: its older versions merge headers by exact spelling and would send both."""


class OpenAIUpstream:
    """Implements bridge.upstream.Upstream. `name` is the base URL.

    `make` and `make_async` are called at first use, the latter once for each event loop (async clients belong to one).
    `close` closes what they made as soon as no answer is under way; a call that comes later makes new ones.
    `lends_only`: the HTTP clients within are somebody else's, and `close` leaves them alone.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], openai.OpenAI],
        make_async: Callable[[], openai.AsyncOpenAI],
        *,
        lends_only: bool = False,
        lends_only_async: bool = False,
        profile: Profile | None = None,
    ) -> None:
        self.name = without_credentials(name)
        self.profile = profile or Profile()
        self._make_async, self._lends_only_async = make_async, lends_only_async
        self._clients = Lender(make, _leave_open if lends_only else openai.OpenAI.close)
        self._lock = threading.Lock()
        self._loops: WeakKeyDictionary[asyncio.AbstractEventLoop, Lender[openai.AsyncOpenAI]] = WeakKeyDictionary()

    # --- the protocol

    def open(self, request: Object, credential: Credential) -> ResponseStream:
        loan = self._clients.lend()
        try:
            options = _options(loan.client, credential)
            response = loan.client.post("/responses", body=request, stream=True, stream_cls=openai.Stream, **options)
            return ResponseStream(response, loan.back)
        except failures.call_errors() as error:
            raise _given_back(loan, error) from error

    async def aopen(self, request: Object, credential: Credential) -> AsyncResponseStream:
        loan = self._lender().lend()
        try:
            options = {"stream_cls": openai.AsyncStream, **_options(loan.client, credential)}
            response = await loan.client.post("/responses", body=request, stream=True, **options)
            return AsyncResponseStream(response, loan.back)
        except failures.call_errors() as error:
            raise _given_back(loan, error) from error
        except asyncio.CancelledError:
            loan.back()
            raise

    def resume(self, resume: Resume, credential: Credential) -> ResponseStream:
        loan = self._clients.lend()
        return ResponseStream(self._get(loan, *_resumed(resume), credential), loan.back)

    async def aresume(self, resume: Resume, credential: Credential) -> AsyncResponseStream:
        loan = self._lender().lend()
        return AsyncResponseStream(await self._aget(loan, *_resumed(resume), credential), loan.back)

    def fetch(self, path: str, credential: Credential) -> ResponseBytes:
        loan = self._clients.lend()
        return ResponseBytes(self._get(loan, path, {}, credential), loan.back)

    async def afetch(self, path: str, credential: Credential) -> AsyncResponseBytes:
        loan = self._lender().lend()
        return AsyncResponseBytes(await self._aget(loan, path, {}, credential), loan.back)

    def send(self, effect: Send, credential: Credential) -> Sent:
        loan = self._clients.lend()
        try:
            return _sent(_ask(loan.client, effect, credential))
        except openai.APIStatusError as error:
            return _sent(error.response)
        except failures.call_errors() as error:
            raise UpstreamRefused(failures.refused(error)) from error
        finally:
            loan.back()

    async def asend(self, effect: Send, credential: Credential) -> Sent:
        loan = self._lender().lend()
        try:
            return _sent(await _ask(loan.client, effect, credential))
        except openai.APIStatusError as error:
            return _sent(error.response)
        except failures.call_errors() as error:
            raise UpstreamRefused(failures.refused(error)) from error
        finally:
            loan.back()

    def close(self) -> None:
        with self._lock:
            lenders = list(self._loops.values())
        for lender in lenders:
            lender.retire()
        self._clients.retire()

    # --- answers that are read piece by piece

    def _get(self, loan: Loan[openai.OpenAI], path: str, query: Mapping[str, str], credential: Credential) -> Any:
        try:
            options = _options(loan.client, credential, query)
            return loan.client.get(path, stream=True, stream_cls=openai.Stream, **options)
        except failures.call_errors() as error:
            raise _given_back(loan, error) from error

    async def _aget(
        self, loan: Loan[openai.AsyncOpenAI], path: str, query: Mapping[str, str], credential: Credential
    ) -> Any:
        try:
            options = {"stream_cls": openai.AsyncStream, **_options(loan.client, credential, query)}
            return await loan.client.get(path, stream=True, **options)
        except failures.call_errors() as error:
            raise _given_back(loan, error) from error
        except asyncio.CancelledError:
            loan.back()
            raise

    # --- clients of event loops

    def _lender(self) -> Lender[openai.AsyncOpenAI]:
        loop = asyncio.get_running_loop()
        with self._lock:
            if loop not in self._loops:
                close = _leave_open if self._lends_only_async else _closer(loop)
                self._loops[loop] = Lender(self._make_async, close)
            return self._loops[loop]


def _leave_open(client: object) -> None:
    """Not ours to close."""


def _closer(loop: asyncio.AbstractEventLoop) -> Callable[[openai.AsyncOpenAI], None]:
    # Not the loop itself: a lender that held it would keep it in the weak dictionary for ever.
    held = ref(loop)

    def close(client: openai.AsyncOpenAI) -> None:
        alive = held()
        if alive is not None:
            close_on(alive, client.close)

    return close


def _given_back(loan: Loan[Any], error: BaseException) -> UpstreamRefused:
    loan.back()
    return UpstreamRefused(failures.refused(error))


def _options(client: Any, credential: Credential, query: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Keywords of a call that is to answer the HTTP response itself."""
    options: dict[str, Any] = {"headers": headers_for(client.default_headers, credential)}
    if query:
        options["params"] = dict(query)
    return {"cast_to": family.module_of(client._client).Response, "options": options}


def headers_for(defaults: Mapping[str, Any], credential: Credential) -> dict[str, Any]:
    """The caller's headers in the client's own spelling. Whoever brings another credential than Authorization (an
    ``api-key``) does not get the client's key beside it."""
    spellings = {**{name.lower(): name for name in defaults}, **SPELLINGS}
    headers: dict[str, Any] = {spellings.get(name, name): value for name, value in credential.headers.items()}
    if "api-key" in credential.headers and "authorization" not in credential.headers:
        headers["Authorization"] = Omit()
    return {**headers, hops.HEADER: hops.signed(credential.headers)}


def _ask(client: Any, effect: Send, credential: Credential) -> Any:
    """The HTTP response, or its awaitable."""
    call = getattr(client, effect.method.lower())
    body: dict[str, Any] = {} if effect.body is None else {"body": effect.body}
    options = _options(client, credential, effect.query)
    if (upload := effect.upload) is not None:
        body["files"] = [("file", (upload.filename, upload.content, upload.media_type))]
        options["options"]["headers"]["Content-Type"] = "multipart/form-data"  # the SDK adds the boundary
    return call(effect.path, **body, **options)


def _resumed(resume: Resume) -> tuple[str, dict[str, str]]:
    """Path and query of the stream of a background response."""
    after = {} if resume.after is None else {"starting_after": str(resume.after)}
    return paths.of("responses", resume.response_id), {"stream": "true", **after}


def _sent(response: Any) -> Sent:
    try:
        body = response.json()
    except ValueError:
        body = None
    if isinstance(body, dict):
        return Sent(response.status_code, body)
    if response.status_code >= 400:
        return Sent(response.status_code, {"error": {"message": response.text[: failures.LONGEST_TEXT]}})
    raise UpstreamRefused(Refused(0, "The upstream answered something that is no JSON object."))
