"""A comparison as one page that needs nothing else, to be opened, sent and printed.

The summary is HTML; the exchanges are JSON in the page, one element each, which its script parses and draws when they
are looked at. The policy in its head lets this style and this script run, known by their hashes, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from string import Template
from typing import Any, Final

from attrs import fields, has

from bridge.diff.observations import KINDS, SEVERITIES, Comparison, Mismatch, Observation
from bridge.diff.report import counts, tiles
from bridge.diff.report.document import FORMAT, dumped, mismatches, status
from bridge.diff.report.shown import line, plain
from bridge.diff.report.spent import spent

SCRIPTS: Final = ("text.js", "bodies.js", "timelines.js", "exchange.js", "page.js")


def page(comparison: Comparison) -> Iterator[bytes]:
    """The page in pieces, to be written one after the other."""
    style, script = _asset("page.css"), f'"use strict";\n{"".join(map(_asset, SCRIPTS))}'
    yield _head(comparison, style, script).encode()
    yield _block(b'id="index"', [_entry(each) for each in comparison.observations])
    for observation in comparison.observations:
        yield _block(b'class="exchange-data"', _exchange(observation))
    yield f"<script>{script}</script>\n</body>\n</html>\n".encode()


def _asset(name: str) -> str:
    return (files(__package__) / name).read_text("utf-8")


def _head(comparison: Comparison, style: str, script: str) -> str:
    counted = counts.counted(comparison)
    title = f"{line(comparison.control.name, 60)} | {line(comparison.candidate.name, 60)}: {counts.in_words(counted)}"
    return Template(_asset("page.html")).substitute(
        policy=policy(style, script),
        title=escape(title),
        style=style,
        format=FORMAT,
        sides=tiles.sides(comparison).text,
        verdict=tiles.verdict(counted).text,
        tiles=tiles.tiles(counted, spent(comparison)).text,
        notes=tiles.notes(comparison).text,
        differs=tiles.differs(counts.unaccepted(comparison)).text,
        accepted=tiles.accepted(counts.accepted(comparison)).text,
    )


def policy(style: str, script: str) -> str:
    """Of a page that runs this style and this script, and loads nothing."""
    return (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; "
        "form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


# --- data


def _block(attribute: bytes, value: Any) -> bytes:
    """JSON that cannot end its element: no character that HTML knows is left in it."""
    text = dumped(value).replace(b"<", b"\\u003c").replace(b">", b"\\u003e").replace(b"&", b"\\u0026")
    return b'<script type="application/json" %s>%s</script>\n' % (attribute, text)


def _entry(observation: Observation) -> list[Any]:
    """What the list needs: [number, method, path, status, status, mismatches]; page.js tells more."""
    exchange = observation.control or observation.candidate
    asked = ("", "legs of no exchange") if exchange is None else (exchange.request.method, exchange.request.path)
    return [
        observation.number,
        *map(plain, asked),
        status(observation.control),
        status(observation.candidate),
        [_word(each) for each in observation.mismatches],
    ]


def _word(mismatch: Mismatch) -> str:
    severity = len(SEVERITIES) - 1 - SEVERITIES.index(mismatch.severity)
    return f"{KINDS.index(mismatch.kind)}{severity}{'a' if mismatch.is_accepted else ''}"


def _exchange(observation: Observation) -> dict[str, Any]:
    return {
        "control": plain(_known(observation.control)),
        "candidate": plain(_known(observation.candidate)),
        "mismatches": mismatches(observation),
        "legs": [[plain(_known(each)) for each in pair] for pair in observation.legs],
    }


def _known(thing: Any) -> Any:
    """Of exchanges and legs: what is known, down to the JSON values."""
    if has(type(thing)):
        pairs = ((each.name, getattr(thing, each.name)) for each in fields(type(thing)))
        return {name: _known(value) for name, value in pairs if value is not None}
    return [_known(each) for each in thing] if isinstance(thing, tuple) else thing
