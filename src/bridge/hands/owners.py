"""Who holds a lease: the process, by name, and whether it is known to be no more (design §3, "Leases")."""

from __future__ import annotations

import os
import secrets
import socket
from typing import Final

PROCESS: Final = secrets.token_hex(4)
"""Tells this process from an earlier one of the same number. A fork shares it, but has another number."""


def name_owner() -> str:
    """A new owner in this process, ``host:pid:nonce``."""
    return f"{_host()}:{os.getpid()}:{PROCESS}{secrets.token_hex(2)}"


def is_dead(owner: str | None) -> bool:
    """Whether `owner` was a process of this host that is no more. Where that cannot be known it lives, till its lease
    lapses: on another host, or in a container whose processes have numbers of their own."""
    place, _, nonce = (owner or "").rpartition(":")
    host, _, pid = place.rpartition(":")
    if host != _host() or not pid.isdigit():
        return False
    if int(pid) == os.getpid():  # a container that was started again gives the same numbers again
        return not nonce.startswith(PROCESS)
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


def _host() -> str:
    """The host's name, and on Linux the namespace of process numbers: containers may share a name."""
    try:
        return f"{socket.gethostname()}/{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return socket.gethostname()
