"""An HTTP request of either family → a call, and whether it is ours at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import parse_qsl
from weakref import ref

from attrs import frozen

from bridge.calls import Answering, Call, Credential
from bridge.client import azure
from bridge.upstream import hops
from bridge.wire import azure as paths

OWN_QUERY: Final = frozenset({"limit", "order", "after", "before", "run_id", "include"})
"""What the old API takes in a query (assistants-wire §1.4). Other names in a `default_query` are a proxy's."""

ABOUT_ONE_REQUEST: Final = frozenset(
    {
        "accept",
        "accept-encoding",
        "accept-language",
        "content-length",
        "content-type",
        "cookie",
        "expect",
        "host",
        "idempotency-key",
        "openai-beta",
    }
)
AUTHORIZATION: Final = "authorization"
SDK_AGENT: Final = re.compile(r"\w+/Python \S+|python-httpx2?/\S+")


@frozen
class Door:
    """Where the calls of one client come in. `base_url` and `default_query` are asked anew for each request, since a
    client's may be changed."""

    service: Answering
    base_url: Callable[[], Any]
    default_query: Callable[[], Mapping[str, object]] = dict
    is_azure: bool = False

    @classmethod
    def of(cls, service: Answering, client: Any) -> Door:
        """The door of an SDK client, which will hold it: hence the weak reference."""
        held, base_url = ref(client), client.base_url

        def current_url() -> Any:
            alive = held()
            return base_url if alive is None else alive.base_url

        def current_query() -> Mapping[str, object]:
            alive = held()
            return (alive._custom_query or {}) if alive is not None else {}  # 1.21 has no `default_query`

        return cls(service, current_url, current_query, azure.is_azure(client))

    def owns(self, request: Any) -> bool:
        """Whether the bridge answers this request."""
        path = self.path(request.url)
        return path is not None and self.service.owns(request.method, path)

    def call(self, request: Any, body: bytes) -> Call:
        """The call of a request that is ours."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        return Call(
            method=request.method,
            path=self.path(request.url) or "",
            query=tuple(self._query(request.url)),
            headers=headers,
            body=body,
            credential=self._credential(headers),
            read_timeout=(request.extensions.get("timeout") or {}).get("read"),
        )

    def _credential(self, headers: Mapping[str, str]) -> Credential:
        """Older SDKs send an Azure key twice, as a bearer token too, which it is none."""
        is_twice = self.is_azure and "api-key" in headers
        return credential({name: value for name, value in headers.items() if not (is_twice and name == AUTHORIZATION)})

    def path(self, url: Any) -> str | None:
        """The path below the base URL, with its leading slash; None for other servers and for paths beside it."""
        base = self.base_url()
        root = paths.root(base.path) if self.is_azure else base.path.rstrip("/")
        is_below = (url.scheme, url.host, url.port) == (base.scheme, base.host, base.port)
        if not is_below or not url.path.startswith(root + "/"):
            return None
        path = str(url.path[len(root) :])
        return paths.without_deployment(path) if self.is_azure else path

    def _query(self, url: Any) -> list[tuple[str, str]]:
        foreign = {name for name in self.default_query() if name not in OWN_QUERY}
        given = parse_qsl(url.query.decode("ascii"), keep_blank_values=True)
        return [(name, value) for name, value in given if name.partition("[")[0] not in foreign]


def credential(headers: Mapping[str, str]) -> Credential:
    """What the upstream is to be told: who asks, and whatever headers the user set for all calls."""
    return Credential({name: value for name, value in headers.items() if _is_the_users(name, value)})


def _is_the_users(name: str, value: str) -> bool:
    if name == "user-agent":
        return SDK_AGENT.fullmatch(value) is None
    return name not in ABOUT_ONE_REQUEST | hops.CONNECTION and not name.startswith("x-stainless-")
