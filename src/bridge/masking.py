"""What must not lie on a tape or in an observation: keys and tokens, wherever somebody has put them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

REMOVED: Final = "[removed]"

WORDS: Final = (
    r"authorization|api[-_]?key|access[-_]?token|refresh[-_]?token|id[-_]?token|session[-_]?token|client[-_]?secret"
    r"|password|passwd|secret|secret[-_]?key|access[-_]?key|private[-_]?key|cookie|sig|signature|bearer"
)
NAMES: Final = re.compile(rf"(?i)^(.*[-_.])?({WORDS})$")
"""Names of values that are secrets: of JSON keys and of query parameters; the last word of them tells."""

IN_QUERIES: Final = re.compile(r"(?i)^(key|token|auth)$")
"""Names that are secrets in a query. In JSON they are other things: a `token` is a piece of a text there."""

SECRETS: Final = re.compile(
    "|".join(
        (
            r"(?i:\b(bearer\s+)[A-Za-z0-9._~+/=-]{8,})",
            r"(?i:\b(authorization\W{1,8}basic\s+)[A-Za-z0-9+/=_-]{4,})",
            r"(?i:\b((?:set-)?cookie: ?)[\w.-]+=[^\r\n\"]+)",
            r"\b(sk-|sess-|ek_|ghp_|gho_|github_pat_|xox[abp]-|AKIA)[A-Za-z0-9_-]{12,}",
            r"()\beyJ(?:(?!eyJ)[A-Za-z0-9_-]){8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*",
            rf"(?i:((?:^|[?&])(?:[\w.-]{{0,40}}[-_.])?(?:{WORDS})=)[^&\s\"'<>]+)",
            r"(://[^/\s:@\"'<>]*:)[^/\s@\"'<>]+(?=@)",
            rf"(?i:((?<!\\)(?P<quote>\\*\")(?:[\w.-]{{0,40}}[-_.])?(?:{WORDS})(?P=quote)\s*:\s*(?P=quote))"
            r"(?:(?!(?<!\\)(?P=quote)).)+)",
        )
    )
)
"""Secrets by their looks, each with the part that stays in a group: tokens, lines of headers, passwords in addresses,
and JSON within a text, as arguments of functions are. Nothing here reads the same letters again from place to place."""

SIGNS: Final = ("bearer", "basic", "cookie", "sk-", "sess-", "ek_", "gh", "xox", "akia", "eyj", "://", "auth", "key",
                "token", "secret", "passw", "sig")  # fmt: skip
"""Without one of these, in lower case, there is no secret: that is found out sooner than by the search for them."""

LONG: Final = 1000
SHORT: Final = 14


def masked(value: Any) -> Any:
    """The JSON value without secrets. Ids of objects and text that only talks of keys stay as they are."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {_name(name): REMOVED if _is_secret(name, each) else masked(each) for name, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [masked(each) for each in value]
    return value


def query(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name, REMOVED if NAMES.match(name) or IN_QUERIES.match(name) else _text(value)) for name, value in pairs
    )


def _is_secret(name: Any, value: Any) -> bool:
    return isinstance(value, str) and bool(value) and isinstance(name, str) and NAMES.match(name) is not None


def _name(name: Any) -> Any:
    """The name of a key. Of short ones none is a secret, and there are many."""
    return _text(name) if isinstance(name, str) and len(name) > SHORT else name


def _text(text: str) -> str:
    if len(text) > LONG and not _may_hold_some(text.lower()):
        return text
    return SECRETS.sub(_removed, text)


def _may_hold_some(text: str) -> bool:
    return any(sign in text for sign in SIGNS)


def _removed(found: re.Match[str]) -> str:
    return next((kept for kept in found.groups() if kept is not None), "") + REMOVED
