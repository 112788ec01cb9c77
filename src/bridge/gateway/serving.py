"""The gateway made of settings, and run by uvicorn."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final
from urllib.parse import urlsplit

import uvicorn
from attrs import evolve
from starlette.applications import Starlette

from bridge import routing, service, shadow
from bridge.errors import ConfigurationError
from bridge.gateway.app import BODY_LIMIT, create_app
from bridge.hands.rooms import close_all
from bridge.settings import CONFIG, NAMES, Settings, variable
from bridge.upstream import Upstream, family
from bridge.upstream.named import at

OPENAI: Final = "https://api.openai.com/v1"
CALLERS_KEY: Final = "the-callers-own-key-is-sent"
DRAIN_SECONDS: Final = 10
"""How long answers under way may go on after SIGTERM. Runs then have a few seconds more, and are handed over."""

_OPTIONS: Final[dict[str, Any]] = {
    "log_level": "warning",
    "access_log": False,
    "server_header": False,
    "ws": "none",
    "timeout_graceful_shutdown": DRAIN_SECONDS,
}
LOCAL: Final = ("127.0.0.1", "localhost", "::1", "0.0.0.0", "::")


def serve(
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 8080,
    *,
    workers: int = 1,
    body_limit: int = BODY_LIMIT,
    announce: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT. `announce` is told the base URL as soon as connections are taken; port 0 is any
    free one. Several `workers` are processes that share the store. Raises ConfigurationError for an upstream that is
    this gateway, and for an address that cannot be had."""
    with _listen(host, port) as listener, suppress(KeyboardInterrupt):  # uvicorn raises it again after shutting down
        address = listener.getsockname()
        refuse_itself(upstream_url(settings), host, address[1])
        if announce is not None:
            announce(f"http://{shown(host)}:{address[1]}/v1")
        if workers > 1:
            listener.close()  # uvicorn's supervisor listens itself
            _serve_in_processes(settings, host, address[1], workers, body_limit)
        else:
            app = app_from_settings(settings, body_limit=body_limit)
            uvicorn.Server(uvicorn.Config(app, **_OPTIONS)).run(sockets=[listener])


def serve_app(app: Any, host: str, port: int, announce: Callable[[int], None]) -> None:
    """Serve an ASGI app in this process, as above; `announce` is told the port. Raises ConfigurationError for an
    address that cannot be had."""
    with _listen(host, port) as listener, suppress(KeyboardInterrupt):
        announce(listener.getsockname()[1])
        uvicorn.Server(uvicorn.Config(app, **_OPTIONS)).run(sockets=[listener])


def app_from_settings(settings: Settings, *, body_limit: int = BODY_LIMIT) -> Starlette:
    """The ASGI app with the store and the upstream that the settings name, for servers of your own. Requests of the
    first beta are refused unless the settings say otherwise: what calls over HTTP saw the old service do so.

    Mount it at the root and let the server run its lifespan: that is what hands running runs over at the end.
    """
    settings = evolve(settings, beta_v1=settings.beta_v1 or "refuse")
    url = upstream_url(settings)
    upstream, client = _upstream(settings, url)
    made = shadow.beside(service.connect(settings, upstream, on_callers_loop=True), settings)
    answering = routing.before(made, settings, made)
    return create_app(
        answering,
        upstream_base_url=url,
        http_client=client,
        needs_key=not settings.is_scripted,
        body_limit=body_limit,
        closing=close_all,
    )


def app_from_environment() -> Starlette:
    """For worker processes, which are told by their environment, and for ``uvicorn --factory``."""
    limit = int(os.environ.get(variable("body_limit")) or BODY_LIMIT)
    return app_from_settings(Settings.from_environment(), body_limit=limit)


def upstream_url(settings: Settings) -> str:
    """The base URL behind the gateway."""
    if settings.is_scripted:
        return "http://scripted/v1"
    return settings.upstream or os.environ.get("OPENAI_BASE_URL") or OPENAI


def refuse_itself(url: str, host: str, port: int) -> None:
    """A gateway that is its own upstream would ask itself for ever."""
    parts = urlsplit(url)
    its_port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    same_host = parts.hostname == host or (parts.hostname in LOCAL and host in LOCAL)
    if same_host and its_port == port:
        raise ConfigurationError(
            f"The upstream {url} is this gateway itself. Name the server that really answers with --upstream or "
            "BRIDGE_UPSTREAM (OPENAI_BASE_URL is used when neither is set)."
        )


def _upstream(settings: Settings, url: str) -> tuple[Upstream, Any]:
    """The upstream, and the HTTP client that passes other calls on where a plain one will not do."""
    if settings.upstream is not None and settings.is_scripted:
        from bridge.upstream.scripted import ScriptedUpstream, app

        profile = settings.profile_of(settings.upstream)
        scripted = ScriptedUpstream.from_setting(settings.upstream, profile=profile)
        module = family.installed()
        return scripted, module.AsyncClient(transport=module.ASGITransport(app=app(scripted)))
    return at(url, settings.profile_of(url), CALLERS_KEY), None


def _serve_in_processes(settings: Settings, host: str, port: int, workers: int, body_limit: int) -> None:
    told = {name: getattr(settings, name) for name in NAMES} | {"body_limit": str(body_limit)}
    os.environ.update({variable(name): value for name, value in told.items() if value is not None})
    if settings.config is not None:
        os.environ[CONFIG] = str(settings.config)
    app = "bridge.gateway.serving:app_from_environment"
    uvicorn.run(app, factory=True, host=host, port=port, workers=workers, **_OPTIONS)


def _listen(host: str, port: int) -> socket.socket:
    kind = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=kind, backlog=2048)
        # Accepted sockets inherit it. asyncio sets it only where the protocol is named, which create_server does not;
        # without it the second packet of each answer waits 40 ms for the first one's acknowledgement.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return listener
    except OSError as error:
        raise ConfigurationError(
            f"{host}:{port} cannot be listened on: {error.strerror}. Try another --port."
        ) from error


def shown(host: str) -> str:
    """An address a client can use; ``localhost`` for those that mean every interface."""
    if host in ("0.0.0.0", "::"):
        return "localhost"
    return f"[{host}]" if ":" in host else host
