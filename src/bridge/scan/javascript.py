"""JavaScript and TypeScript: parts of a client under names of their own, and methods with names that nothing else has.

const threads = openai.beta.threads          followed one step, in the whole file
const { beta: { threads } } = openai
this.threads = openai.beta.threads
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from bridge.scan.chains import CALL, DOT, TIED, call, finding, plain
from bridge.scan.findings import Finding
from bridge.scan.languages import Source
from bridge.scan.operations import DISTINCT

LANGUAGES: Final = ("javascript", "markup")
HINT: Final = re.compile(r"beta|threads|submitToolOutputs|createAndRun")

GIVEN: Final = re.compile(
    r"(?:^|[^\w$.])(?:this\.)?(?P<name>[\w$]+)\s*(?::[^=\n]{1,80})?=\s*(?:await\s+)?[\w$.\[\]()!?]{0,120}\bbeta"
    r"(?P<path>(?:\s*\??\.\s*(?:threads|runs|messages|steps|assistants))*)\s*(?=[;,\n)]|$)"
)
"""A name that a part of a client is given."""

UNPACKED: Final = re.compile(
    r"\{(?P<names>[^{}=;()]{0,400}(?:\{[^{}]{0,200}\}[^{}=;()]{0,200}){0,3})\}\s*=\s*(?:await\s+)?[\w$.()!?]+"
)
RESOURCE: Final = re.compile(r"(threads|assistants)(\.(runs|messages|steps|files))*")
TAIL: Final = re.compile(rf"(?<![\w$])(?P<parts>threads(?:{DOT}(?:messages|runs|steps))+){DOT}(?P<method>\w+){CALL}")


def findings(source: Source) -> Iterator[Finding]:
    """What chains.py does not see."""
    code = source.code() if source.language.name in LANGUAGES and TIED.search(source.text) else ""
    if HINT.search(code):
        yield from _aliased(source, code)
        yield from _distinct(source, code)


def _aliased(source: Source, code: str) -> Iterator[Finding]:
    for name, path in _aliases(code).items():
        chain = re.compile(
            rf"(?<![\w$.])(?:this\.)?{re.escape(name)}(?P<parts>(?:{DOT}\w+)*?){DOT}(?P<method>\w+){CALL}"
        )
        for match in chain.finditer(code):
            whole = f"{path}{plain(match['parts'])}".strip(".")
            if RESOURCE.fullmatch(whole):
                yield from call(source, match.start(), whole, match["method"], "likely", f"{name} is beta.{path}")


def _aliases(code: str) -> dict[str, str]:
    """Names of parts of a client, and which part each is ("" for beta itself)."""
    found: dict[str, str] = {}
    for match in GIVEN.finditer(code):
        found[match["name"]] = plain(match["path"]).strip(".")
    for match in UNPACKED.finditer(code):
        rest = re.search(r"\bbeta((?:\.\w+)*)$", match[0])
        names = match["names"]
        if rest is not None:
            found.update(_unpacked(names, rest[1].strip(".")))
        elif (inner := re.search(r"\bbeta\s*:\s*\{([^{}]*)\}", names)) is not None:
            found.update(_unpacked(inner[1], ""))
        elif re.search(r"(?:^|,)\s*beta\s*(?:,|$)", names.strip()):
            found["beta"] = ""
    return found


def _unpacked(names: str, path: str) -> dict[str, str]:
    """``threads, runs: r`` of a part."""
    pairs = (re.fullmatch(r"\s*(\w+)\s*(?::\s*(\w+)\s*)?", each) for each in names.split(","))
    return {match[2] or match[1]: f"{path}.{match[1]}".strip(".") for match in pairs if match is not None}


def _distinct(source: Source, code: str) -> Iterator[Finding]:
    """By names alone: ``….threads.runs.create(``, ``….submitToolOutputs(``."""
    for match in TAIL.finditer(code):
        if not re.search(r"beta\s*\??\.\s*$", code[max(0, match.start() - 40) : match.start()]):
            path = "threads" + plain(match["parts"].removeprefix("threads"))
            yield from call(source, match.start(), path, match["method"], "possible", f"named {path}")
    for name in DISTINCT:
        camel = re.sub(r"_(\w)", lambda letter: letter[1].upper(), name)
        for match in re.finditer(rf"(?P<before>[\w$\])]){DOT}{camel}{CALL}", code):
            if not re.search(r"\b(?:runs|threads)$", code[: match.start() + 1][-40:]):
                resource = "threads" if name.startswith("create_and_run") else "runs"
                yield finding(source, match.start(), f"{resource}.{name}", "possible", f"a method named {camel}")
