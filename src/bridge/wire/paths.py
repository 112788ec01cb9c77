"""Addresses of upstream calls. Ids come from callers and from other servers: each stays one part of its path."""

from __future__ import annotations

from urllib.parse import quote, urlsplit, urlunsplit


def of(*parts: str) -> str:
    """``of("vector_stores", id, "files")``. Dots alone are quoted too: they would lead elsewhere."""
    return "".join("/" + (quote(part, safe="") if part.strip(".") else part.replace(".", "%2E")) for part in parts)


def without_credentials(url: str) -> str:
    """The base URL as runs remember it and people see it."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path.rstrip("/"), "", ""))
