"""Command lines of curl, as documentation and shell histories have them → the calls they make."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from bridge.errors import ConfigurationError

DATA: Final = ("-d", "--data", "--data-raw", "--data-ascii", "--data-binary", "--json")
WITH_VALUE: Final = (
    *("-H", "--header", "-u", "--user", "-o", "--output", "-A", "--user-agent", "-m", "--max-time", "-x", "--proxy"),
    *("-w", "--write-out", "-b", "--cookie", "-e", "--referer", "--cacert", "--connect-timeout", "--retry"),
)
"""Options whose value says nothing of the call."""

FORMS: Final = ("-F", "--form", "--data-urlencode", "-T", "--upload-file")


@frozen
class Curl:
    """One call. `body` is parsed JSON, None where there is none."""

    method: str
    url: str
    body: Any


def is_curl(text: str) -> bool:
    """Whether a text is commands of curl, if one may judge by its first."""
    lines = (line.strip().removeprefix("$ ").removeprefix("> ") for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith("#")), "")
    return first.split(" ")[0] == "curl"


def read(text: str) -> tuple[Curl, ...]:
    """The calls in their order. Raises ConfigurationError for what is no command line, or no JSON."""
    joined = text.replace("\\\r\n", " ").replace("\\\n", " ")
    joined = re.sub(r"(?m)^\s*\$ (?=curl )", "", joined)
    try:
        words = shlex.split(joined, comments=True)
    except ValueError as error:
        raise ConfigurationError(f"the command line of curl cannot be read: {error}") from error
    return tuple(_call(each) for each in _commands(words))


def _commands(words: Sequence[str]) -> Iterator[list[str]]:
    command: list[str] | None = None
    for word in words:
        if word == "curl":
            if command is not None:
                yield command
            command = []
        elif command is not None:
            command.append(word)
    if command is not None:
        yield command


def _call(words: list[str]) -> Curl:
    method, url, data = None, None, list[str]()
    rest = iter(_apart(words))
    for word in rest:
        if word in ("-X", "--request"):
            method = next(rest, None)
        elif word in DATA:
            data.append(_data(word, next(rest, "")))
        elif word in FORMS:
            raise ConfigurationError(f"curl {word}: forms and uploads are no calls of assistants or threads")
        elif word == "--url":
            url = next(rest, None)
        elif word in WITH_VALUE:
            next(rest, None)
        elif word in ("|", "|&", ";", "&&"):
            break
        elif not word.startswith("-"):
            url = url or word
    if url is None:
        raise ConfigurationError("a command line of curl has no URL")
    body = _json("&".join(data)) if any(data) else None
    return Curl((method or ("POST" if data else "GET")).upper(), url, body)


def _apart(words: Sequence[str]) -> Iterator[str]:
    """With options and values that were written as one word apart: ``-XPOST``, ``--request=POST``."""
    for word in words:
        name, equals, value = word.partition("=")
        if word.startswith("--") and equals:
            yield from (name, value)
        elif word[:2] in ("-X", "-d", "-H") and len(word) > 2:
            yield from (word[:2], word[2:])
        else:
            yield word


def _data(option: str, value: str) -> str:
    if not value.startswith("@") or option == "--data-raw":
        return value
    try:
        return Path(value[1:]).read_text("utf-8")
    except OSError as error:
        raise ConfigurationError(f"curl {option} {value}: {error.strerror}") from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"what curl sends is no JSON: {error}") from error
