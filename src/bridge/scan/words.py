"""What strings and settings tell, in whatever language: addresses, headers, ids, models, words of the first beta."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bridge.lifecycle import BY_MODEL, Policy, resolve
from bridge.scan import requests
from bridge.scan.findings import Finding
from bridge.scan.languages import Source
from bridge.scan.python.values import Sureness
from bridge.scan.rules import RULES

HEADER: Final = re.compile(r"assistants=v(\d)")
RETRIEVAL: Final = re.compile(r"[\"']?\btype[\"']?\s*[:=]>?\s*[\"']?retrieval\b[\"']?(?!\w|-)")
PROMPT: Final = re.compile(r"\bpmpt_[0-9a-f]{24,}\b")
ID: Final = re.compile(r"(?<![\w-])(asst|thread)_(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z0-9]{20,40}(?!\w)")
PROVIDER: Final = re.compile(r"openai:assistant:")
"""promptfoo's name of an assistant."""

OURS: Final = re.compile(r"(?<![\w-])assistants-bridge(?![\w-])")
ENDS: Final = r"(?=[\"'`\s,;)}\]]|$)"
MODEL: Final = re.compile(
    r"(?i:model|engine|deployment)[\w\"'\])]*[^\n=:(]{0,30}?[\]\"')]*(?::[ ]*[\w.|\[\] ]{1,40}(?==))?\s*"
    r"(?:[:=]{1,2}>?|,|\()[ \t]*[\"'`]?"
    r"(?:(?i:[\w.-]+/)?(?P<model>(?:ft:)?(?:" + "|".join(sorted(map(re.escape, BY_MODEL), key=len, reverse=True)) + r")"
    r"(?::[\w:.-]*)?))" + ENDS,
    re.MULTILINE,
)
"""A name of a model behind a word that says so, on one line."""

ROUTE: Final = re.compile(
    r"(@[\w.]+\.?\w*|\b(app|router|server|blueprint|bp)\.(get|post|delete|put|patch|all|use|route|add_\w+))\(\s*f?$"
)
"""What stands before the path of a route: a server's own, not a call."""

ASKS: Final = re.compile(
    r"(?i)(\b(get|post|delete|request|fetch|stream|url|urljoin|endpoint|path)\w*\s*[(=:]|\+|[\"'](GET|POST|DELETE)[\"'],)\s*f?$"
)
STORED: Final = {"asst": "stored-assistant", "thread": "stored-thread"}
TIED: Final = re.compile(r"openai|assistant|asst_", re.IGNORECASE)
"""What a file says that has to do with the API."""


def findings(source: Source, at: float) -> Iterator[Finding]:
    """Of one file. `at` is the time (Unix seconds) that decides whether a model has ended."""
    text = source.uncommented()
    is_tied = TIED.search(source.path) is not None or TIED.search(source.text) is not None
    for start, string in source.strings():
        yield from _addresses(source, text, start, string, is_tied)
        yield from _ids(source, start, string)
        for match in HEADER.finditer(string):
            yield _finding(source, start + match.start(), "header", f'OpenAI-Beta "{match[0]}"')
            if match[1] == "1":
                yield _finding(source, start + match.start(), "first-beta", f'OpenAI-Beta "{match[0]}"')
    yield from _shapes(source, text, is_tied)
    yield from _models(source, text, at)


def _finding(source: Source, offset: int, rule: str, message: str, sureness: Sureness = "certain") -> Finding:
    known = RULES[rule]
    return Finding(rule, known.severity, sureness, source.place(offset), message, known.cure)


def _addresses(source: Source, text: str, start: int, string: str, is_tied: bool) -> Iterator[Finding]:
    for match in requests.ADDRESS.finditer(string):
        is_whole = match["base"] is not None or requests.WHOLE.match(match["path"]) is not None
        if not is_tied or not (is_whole or HEADER.search(source.text)):
            continue
        if ROUTE.search(source.text[max(0, start - 80) : start]):
            continue
        begin, end = start + match.start("path"), start + match.end("path")
        found = requests.operation(match["path"], requests.method_near(text, begin, end))
        if found is None:
            continue
        sureness, why = _address(source, match, start, string)
        yield Finding(
            "call",
            RULES["call"].severity,
            sureness,
            source.place(start + match.start()),
            f"{found.name}, as a request to /{match['path'][:80]}",
            found.becomes,
            found.name,
            why=why,
        )


def _address(source: Source, match: re.Match[str], start: int, string: str) -> tuple[Sureness, str]:
    """A whole address, or a path that something is asked for; a path alone may be anything, a route of a server say."""
    if "openai" in (match["base"] or ""):
        return "certain", "an address of OpenAI's"
    before = string[: match.start()].lstrip("fFrRbBuU")
    is_joined = bool(before.strip("\"'` /")) or ASKS.search(source.text[max(0, start - 80) : start]) is not None
    return ("likely", "a path that is asked for") if is_joined else ("possible", "a path")


def _ids(source: Source, start: int, string: str) -> Iterator[Finding]:
    for match in ID.finditer(string):
        yield _finding(source, start + match.start(), STORED[match[1]], match[0])
    for match in PROMPT.finditer(string):
        yield _finding(source, start + match.start(), "prompt-object", match[0])
    for match in PROVIDER.finditer(string):
        yield _finding(source, start + match.start(), "framework", "promptfoo's provider openai:assistant")


def _shapes(source: Source, text: str, is_tied: bool) -> Iterator[Finding]:
    for match in RETRIEVAL.finditer(text) if is_tied else ():
        yield _finding(source, match.start(), "first-beta", "a tool of the type retrieval", "likely")
    for match in OURS.finditer(text):
        yield _finding(source, match.start(), "bridge", "assistants-bridge is a requirement")


def _models(source: Source, text: str, at: float) -> Iterator[Finding]:
    for match in MODEL.finditer(text):
        resolution = resolve(match["model"], at, Policy(mode="auto"), "openai")
        if resolution.note is None:
            continue
        rule = "retired-model" if resolution.is_replaced(match["model"]) else "ending-model"
        yield _finding(source, match.start("model"), rule, resolution.note.partition(" (setting")[0], "likely")
