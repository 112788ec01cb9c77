"""Whether anybody listens at a base URL: a connection is made and closed, with TLS where the URL says so; no request is
sent, so no key is needed and nothing is charged."""

from __future__ import annotations

import importlib
import socket
import ssl
import threading
from contextlib import closing
from typing import Final
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from attrs import frozen

from bridge.upstream.family import NAMES

SECONDS: Final = 3.0
PORTS: Final = {"http": 80, "https": 443}


@frozen
class Reached:
    """`why` is None where it was reached. `proxy` is what the environment puts before the server: it was tried then."""

    why: str | None
    proxy: str | None = None


def reach(url: str, seconds: float = SECONDS) -> Reached:
    """Tries for so many seconds, names looked up included."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or PORTS.get(parts.scheme)
    except ValueError as error:
        return Reached(str(error))
    if host is None or port is None:
        return Reached("it is no http:// or https:// URL")
    proxy = _proxy(parts.scheme, host)
    if proxy is not None:
        return Reached(_in_time(proxy[0], proxy[1], None, seconds), f"{proxy[0]}:{proxy[1]}")
    return Reached(_in_time(host, port, _context() if parts.scheme == "https" else None, seconds))


def _proxy(scheme: str, host: str) -> tuple[str, int] | None:
    """The proxy that HTTP clients of this environment go through, if it can be read."""
    found = getproxies()
    url = found.get(scheme) or found.get("all")
    if not url or proxy_bypass(host):
        return None
    parts = urlsplit(url if "://" in url else f"http://{url}")
    return (parts.hostname, parts.port or PORTS.get(parts.scheme, 1080)) if parts.hostname else None


def _in_time(host: str, port: int, context: ssl.SSLContext | None, seconds: float) -> str | None:
    """In a thread, since nothing else bounds how long a name is looked up."""
    answers: list[str | None] = []
    thread = threading.Thread(target=lambda: answers.append(_try(host, port, context, seconds)), daemon=True)
    thread.start()
    thread.join(seconds)
    return answers[0] if answers else f"no answer within {seconds:g} seconds"


def _try(host: str, port: int, context: ssl.SSLContext | None, seconds: float) -> str | None:
    try:
        with closing(socket.create_connection((host, port), seconds)) as connection:
            if context is not None:
                context.wrap_socket(connection, server_hostname=host).close()
        return None
    except TimeoutError:
        return f"no answer within {seconds:g} seconds"
    except socket.gaierror:
        return f"there is no host of the name {host}"
    except (OSError, UnicodeError) as error:  # those of TLS are OSErrors; a name may be none that can be looked up
        return getattr(error, "verify_message", None) or getattr(error, "strerror", None) or str(error)


def _context() -> ssl.SSLContext:
    """The trust that the SDK's own client has: its HTTP family brings certificates and reads the environment."""
    for name in NAMES:
        try:
            made: ssl.SSLContext = importlib.import_module(name).create_ssl_context()
        except ImportError:
            continue
        return made
    return ssl.create_default_context()
