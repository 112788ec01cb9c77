"""A request that comes back to the gateway it left is a loop: each bridge signs what it sends upstream.

The header lists the bridges a request has passed, each by a random id of its process.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Final

HEADER: Final = "bridge-hop"
MINE: Final = secrets.token_hex(8)
MOST: Final = 4
"""Bridges in a row. One behind another is legal (a drop-in client that talks to a gateway); workers of one gateway
that call each other in a circle have different ids, and are found by the length."""

CONNECTION: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers about one connection, never handed on (RFC 9110 §7.6.1)."""


def signed(headers: Mapping[str, str]) -> str:
    """The header's value for a request made on behalf of one with these (lower-case) headers."""
    return ",".join([*_hops(headers), MINE])


def is_loop(headers: Mapping[str, str]) -> bool:
    """Whether a request with these (lower-case) headers has been here already."""
    hops = _hops(headers)
    return MINE in hops or len(hops) >= MOST


def _hops(headers: Mapping[str, str]) -> list[str]:
    return [hop for hop in headers.get(HEADER, "").replace(" ", "").split(",") if hop]
