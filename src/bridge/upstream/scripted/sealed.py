"""Encrypted reasoning: nothing secret in it, but only what was sealed here opens, in whatever process."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha256

PREFIX = "gAAAA"


def seal(text: str) -> str:
    data = text.encode()
    return PREFIX + urlsafe_b64encode(sha256(b"scripted" + data).digest()[:12] + data).decode()


def opens(sealed: str) -> bool:
    """Whether this came from `seal`, in whatever process."""
    try:
        data = urlsafe_b64decode(sealed.removeprefix(PREFIX))
    except ValueError:
        return False
    return sealed.startswith(PREFIX) and data[:12] == sha256(b"scripted" + data[12:]).digest()[:12]
