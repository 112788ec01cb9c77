"""Files in, findings out. What holds none of the API's words is not looked at any closer, so most files cost a read."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_all_start_methods, get_context
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Final

import libcst as cst

from bridge.lifecycle import BY_MODEL
from bridge.scan import chains, depth, frameworks, javascript, notebooks, words
from bridge.scan.files import Files
from bridge.scan.findings import Finding, Place, Scan, cut, distinct
from bridge.scan.languages import Language, Source, language
from bridge.scan.python import reading
from bridge.scan.rules import RULES

MODELS: Final = "|".join(sorted({re.match(r"[a-z]+-?\w?", model)[0] for model in BY_MODEL}))  # type: ignore[index]
HINT: Final = re.compile(
    rf"openai|assistant|threads|thread_|asst_|pmpt_|retrieval|submit_?tool|create_?and_?run|vector_stores|prompt_tokens"
    rf"|azure\.ai\.agents|agency_swarm|marvin|responses\.(create|stream|parse)|annotation|bridge|{MODELS}",
    re.IGNORECASE,
)
"""What every finding's file has in it."""

DEEP: Final = re.compile(
    r"\bbeta\b(?s:.*)\b(threads|assistants|vector_stores)\b|\b(threads|assistants)\b(?s:.*)\bbeta\b"
    r"|threads\.(runs|messages)|submit_tool_outputs|create_and_run|(?i:assistant)\w*(?:EventHandler|Runnable|Agent|Driver)"
    r"|\bprompt\s*=(?s:.*)responses\.|responses\.(?s:.*)\bprompt\s*=|annotations?\b(?s:.*)(replace|sub)\(|run\w*\.usage"
    r"|^\s*(?:from|import)\s+(?:bridge|litellm|marvin|langroid|agency_swarm|phi\.assistant|griptape|astra_assistants"
    r"|semantic_kernel|azure\.ai\.agents|autogen\w*|ag2|openai\.types)\b|status\b(?s:.*)[\"']completed[\"']",
    re.MULTILINE,
)
"""What a file of Python has in it that is worth being parsed."""

ALONE: Final = 150
"""Files that are scanned in this process; more are shared among several."""

UTF_16: Final = (b"\xff\xfe", b"\xfe\xff")
CHUNK: Final = 40


def scan(
    paths: Iterable[Path],
    at: float,
    *,
    everything: bool = False,
    excluded: tuple[str, ...] = (),
    workers: int | None = None,
) -> Scan:
    """`at` is the time (Unix seconds) that decides whether a model has ended; `workers` is how many processes share the
    work. Raises ConfigurationError for a path that does not exist."""
    began = time.monotonic()
    files = Files(tuple(paths), everything, excluded)
    listed = list(files.walk())
    workers = workers or (min(8, os.cpu_count() or 1) if len(listed) > ALONE else 1)
    found = distinct(_shared(listed, at, workers) if workers > 1 else _scanned(listed, at))
    return Scan(tuple(found), len(listed), time.monotonic() - began, tuple(files.skipped))


def _scanned(listed: list[tuple[Path, bool]], at: float) -> list[Finding]:
    return [finding for path, is_named in listed for finding in of_file(path, at, is_named)]


def _shared(listed: list[tuple[Path, bool]], at: float, workers: int) -> list[Finding]:
    waiting = iter(listed)
    chunks = list(iter(lambda: list(islice(waiting, CHUNK)), []))
    with ProcessPoolExecutor(workers, _context()) as pool:
        return [finding for found in pool.map(_scanned, chunks, [at] * len(chunks)) for finding in found]


def _context() -> BaseContext:
    """A fork is the quickest start, where there is no other thread that it would leave behind."""
    is_alone = threading.active_count() == 1 and "fork" in get_all_start_methods()
    return get_context("fork" if is_alone else "spawn")


def of_file(path: Path, at: float, is_named: bool = False) -> list[Finding]:
    """A file that cannot be read is a finding itself."""
    known = language(path.name, is_named)
    shown = path.as_posix()
    try:
        data = path.read_bytes()
    except OSError as error:
        return [_unreadable(shown, f"cannot be read: {error.strerror}")]
    is_binary = b"\0" in data[:8192] and not data.startswith(UTF_16)
    if known is None or is_binary:
        return []
    return of_text(shown, _decoded(data), known, at)


def _decoded(data: bytes) -> str:
    """As UTF-8, as UTF-16 where it says so, else byte by byte."""
    if data.startswith(UTF_16):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def of_text(path: str, text: str, known: Language, at: float) -> list[Finding]:
    """The findings of one file's text."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if HINT.search(text) is None:
        return []
    if known.name == "notebook":
        return list(_notebook(path, text, at))
    return list(_plain(path, text, known, at))


def _plain(path: str, text: str, known: Language, at: float) -> Iterator[Finding]:
    source = Source(path, text, known)
    yield from words.findings(source, at)
    if known.name != "python":
        yield from chains.findings(source)
        yield from javascript.findings(source)
        yield from frameworks.findings(source)
    elif DEEP.search(text):
        lines = text.split("\n")
        yield from _python(source, text, lambda line, column: _place(path, lines, line, column))


def _notebook(path: str, text: str, at: float) -> Iterator[Finding]:
    try:
        found = notebooks.cells(path, text)
    except (ValueError, RecursionError) as error:
        yield _unreadable(path, f"no notebook: {error}")
        return
    for source in notebooks.sources(path, found):
        yield from words.findings(source, at)
    module = notebooks.module(found)
    if DEEP.search(module):
        whole = Source(path, module, language("cells.py") or source.language)
        yield from _python(whole, module, lambda line, column: notebooks.at(path, found, line, column))


def _python(source: Source, text: str, at: reading.At) -> Iterator[Finding]:
    try:
        depth.check(source, text)
        yield from depth.deeply(lambda: list(reading.findings(text, at)))
    except (cst.ParserSyntaxError, cst.CSTValidationError, RecursionError, ValueError) as error:
        said = error.message if isinstance(error, cst.ParserSyntaxError) else str(error)
        yield _unreadable(source.path, f"no Python that libcst reads: {said.splitlines()[0] if said else 'too deep'}")
        yield from chains.findings(source)


def _place(path: str, lines: list[str], line: int, column: int) -> Place:
    snippet = lines[line - 1] if line <= len(lines) else ""
    return Place(path, line, column + 1, cut(snippet, column + 1))


def _unreadable(path: str, message: str) -> Finding:
    rule = RULES["unreadable"]
    return Finding(rule.id, rule.severity, "certain", Place(path, 1, 1), message, rule.cure)
