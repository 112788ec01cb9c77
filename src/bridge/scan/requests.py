"""Requests made by hand: which operation an address means (``POST /v1/threads/{id}/runs``)."""

from __future__ import annotations

import re
from typing import Final

from bridge.parity import ENDPOINTS
from bridge.scan.operations import OPERATIONS, Operation

ADDRESS: Final = re.compile(
    r"(?:(?P<base>api\.openai\.com(?::\d+)?(?:/v\d)?|/v1|/openai(?:/v1)?)|(?<![\w.~-]))"
    r"/(?P<path>(?:threads|assistants)(?![\w-])(?:/[^\s\"'`?#,;)]+)?)"
)
"""An address whose path begins with threads or assistants."""

WHOLE: Final = re.compile(r"^threads/[^/]+/(runs|messages)\b")
"""A path that is of this API whatever stands before it."""

METHOD: Final = re.compile(
    r"-X\s*[\"']?(GET|POST|DELETE)\b|\._?(get|post|delete)\s*\(|method[\"']?\s*[:=]\s*[\"'](get|post|delete)\b"
    r"|[\"'](GET|POST|DELETE)[\"']|\b(GET|POST|DELETE)\s+(?:https?:|/|\{)|\b(Get|Post|Delete)Async\b",
    re.IGNORECASE,
)
NEAR: Final = 300
"""Characters around an address in which its method is looked for."""

PART: Final = re.compile(r"\{[^}]*\}")


def _pattern(path: str) -> re.Pattern[str]:
    parts = [re.escape(part) if not PART.fullmatch(part) else r"[^/]+" for part in path.strip("/").split("/")]
    return re.compile("/".join(parts) + r"/?")


PATHS: Final = [
    (call.method, _pattern(call.path), OPERATIONS[name]) for name, call in ENDPOINTS.items() if name in OPERATIONS
]


def operation(path: str, method: str | None) -> Operation | None:
    """Of a path without a slash before it (``threads/${id}/runs``). Without a method: POST if there is such a call."""
    path = re.sub(r"\$?\{[^{}/]*(?:\{[^{}]*\})?[^{}]*\}", "{}", path).rstrip("\\/.")
    found = [each for each in PATHS if each[1].fullmatch(path)]
    chosen = [each for each in found if method is not None and each[0] == method.upper()]
    posted = [each for each in found if each[0] == "POST"]
    return next((each[2] for each in (*chosen, *posted, *found)), None)


def _of_curl(text: str) -> str | None:
    """curl asks with GET, and with POST where it is given data."""
    if not re.search(r"\bcurl\b", text):
        return None
    return "POST" if re.search(r"\s(-d|--data\S*|--json|-F|--form)\b", text) else "GET"


def method_near(text: str, start: int, end: int) -> str | None:
    """The method that stands nearest to the address, on its line or close by."""
    around = [
        (min(abs(match.start() - end), abs(start - match.end())), match)
        for match in METHOD.finditer(text, max(0, start - NEAR), min(len(text), end + NEAR))
    ]
    if not around:
        return _of_curl(text[max(0, start - NEAR) : end + NEAR])
    nearest = min(around, key=lambda pair: pair[0])[1]
    return next(group for group in nearest.groups() if group).upper()
