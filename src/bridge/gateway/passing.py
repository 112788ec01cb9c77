"""Calls that are not ours, handed on to the upstream as they are and streamed both ways.

Bodies are never decoded: what the upstream compressed arrives compressed, under its own headers.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from bridge.gateway import replies
from bridge.gateway.replies import Pieces
from bridge.upstream import family, hops
from bridge.wire import azure

TIMEOUT: Final = 600.0
CONNECT_TIMEOUT: Final = 10.0

log = logging.getLogger("bridge")


class PassOn:
    """Hands requests on to `base_url`. `client` is an AsyncClient of either family; without one, one is made at the
    first call and closed by `aclose`. `names_answers`: one without a request id gets one."""

    def __init__(self, base_url: str, client: Any = None, *, names_answers: bool = True) -> None:
        self._base_url, self._client, self._is_ours = base_url, client, client is None
        self._names_answers = names_answers

    async def __call__(self, request: Request, raw_path: bytes, *, is_azures: bool = False) -> Response | Pieces:
        """`raw_path` is what follows the root, percent-encoded as it came. `is_azures`: the root is that of Azure's
        older API, which only Azure has."""
        client = self._http_client()
        module = family.module_of(client)
        url = module.URL(self._base_url)
        if is_azures:
            if not url.path.rstrip("/").endswith(azure.RESPONSES_ROOT):
                raise replies.unknown_url(request.method, request.url.path)
            url = module.URL(azure.resource(self._base_url) + azure.ROOT)
        try:
            response = await client.send(_request(module, url, request, raw_path), stream=True)
        except family.network_errors() as error:
            log.warning("%s %s was not passed on: %r", request.method, request.url.path, error)
            is_timeout = isinstance(error, module.TimeoutException)
            return replies.refusal(replies.unreachable(str(error) or type(error).__name__, is_timeout))
        headers = _answered(response.headers.raw) if self._names_answers else _without_connection(response.headers.raw)
        return Pieces(response.status_code, headers, response.aiter_raw(), response.aclose, family.network_errors())

    async def aclose(self) -> None:
        if self._is_ours and self._client is not None:
            client, self._client = self._client, None
            await client.aclose()

    def _http_client(self) -> Any:
        if self._client is None:
            module = family.installed()
            self._client = module.AsyncClient(timeout=module.Timeout(TIMEOUT, connect=CONNECT_TIMEOUT))
        return self._client


def _request(module: Any, url: Any, request: Request, raw_path: bytes) -> Any:
    """Not `client.build_request`: that one would add headers of its own."""
    query = request.scope["query_string"]
    whole = url.raw_path.rstrip(b"/") + raw_path + (b"?" + query if query else b"")
    has_body = "content-length" in request.headers or "transfer-encoding" in request.headers
    return module.Request(
        request.method,
        url.copy_with(raw_path=whole),
        headers=_asked(request),
        content=request.stream() if has_body else None,
        extensions={"timeout": module.Timeout(TIMEOUT, connect=CONNECT_TIMEOUT).as_dict()},
    )


def _asked(request: Request) -> list[tuple[bytes, bytes]]:
    """The caller's headers for the upstream."""
    kept = [pair for pair in _without_connection(request.headers.raw) if pair[0] not in (b"host", hops.HEADER.encode())]
    if "accept-encoding" not in request.headers:
        kept.append((b"accept-encoding", b"identity"))
    return [*kept, (hops.HEADER.encode(), hops.signed(request.headers).encode())]


def _answered(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The upstream's headers for the caller; every answer has a request id (assistants-wire §1.2)."""
    kept = _without_connection(headers)
    if not any(name == b"x-request-id" for name, _ in kept):
        kept.append((b"x-request-id", replies.request_id().encode()))
    return kept


def _without_connection(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """Without those about the connection, and those the connection header names (RFC 9110 §7.6.1)."""
    lower = [(name.lower(), value) for name, value in headers]
    named = {
        word.strip().lower().decode() for name, value in lower if name == b"connection" for word in value.split(b",")
    }
    dropped = hops.CONNECTION | named
    return [(name, value) for name, value in lower if name.decode("latin-1") not in dropped]
