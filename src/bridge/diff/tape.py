"""A tape: the exchanges of one program with an API, in order, as one JSON object a line.

    {"kind": "tape", "format": "bridge-tape/v1", "source": "vcr cassette", "made": "2026-11-25T10:00:00Z", ...}
    {"kind": "exchange", "number": 1, "at": 0.0, "request": {...}, "answer": {...}}
    {"kind": "leg", "at": 1.2, "run": "run_...", "request": {...}, ...}

The first line is the header. An exchange is a request of the program and its answer, whole or as events with the
moments they came at; a leg is a Responses request that a run became, where the recording side could see it. Times
are seconds: `at` since the tape began, in an answer since its request was sent; None where the source tells none.
Headers are those of `KEPT` alone, and secrets in bodies are masked (masking.py): a tape may be sent to colleagues.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final, Literal

import orjson
from attrs import evolve, field, fields, frozen

from bridge.diff.validators import of, pairs, seconds
from bridge.errors import ConfigurationError
from bridge.masking import masked
from bridge.wire.render import encode_compact

FORMAT: Final = "bridge-tape/v1"
KEPT: Final = frozenset(
    (
        "bridge-degraded",
        "content-type",
        "openai-beta",
        "openai-processing-ms",
        "openai-version",
        "retry-after",
        "x-request-id",
        "x-should-retry",
        "x-stainless-helper-method",
        "x-stainless-lang",
        "x-stainless-poll-helper",
    )
)
"""Headers that say something about the exchange and nothing about who made it."""

MAY_LACK: Final = ("headers", "query")

Object = dict[str, Any]


@frozen
class Request:
    """`path` is below the API's root (``/threads/thread_x/runs``), `query` in its order. `body` is parsed JSON; what is
    none is a text, and None is no body."""

    method: str = field(validator=of(str))
    path: str = field(validator=of(str))
    query: tuple[tuple[str, str], ...] = field(default=(), validator=pairs)
    headers: Object = field(factory=dict, validator=of(dict))
    body: Any = None


@frozen
class Event:
    """One server-sent event. `data` is parsed JSON where it is that, else the text (``[DONE]``)."""

    event: str | None = field(validator=of(str, type(None)))
    data: Any
    at: float | None = field(default=None, validator=seconds)


@frozen
class Answer:
    """`body` as in Request; `events` in its place where it was an event stream. `seconds` until its end. `cut` is who
    ended it before its end: the caller left, or the server broke off."""

    status: int = field(validator=of(int))
    headers: Object = field(factory=dict, validator=of(dict))
    body: Any = None
    events: tuple[Event, ...] | None = None
    seconds: float | None = field(default=None, validator=seconds)
    cut: Literal["caller", "server"] | None = None


@frozen
class Exchange:
    """One request and its answer. `number` counts from 1 (0 where it is not known yet); `answer` is None where the
    connection broke before one."""

    number: int = field(validator=of(int))
    request: Request
    answer: Answer | None
    at: float | None = field(default=None, validator=seconds)


@frozen
class Leg:
    """One Responses request, and the id of the run it belongs to, where that is known. `answer` is the response at its
    end, where it was seen."""

    request: Object = field(validator=of(dict))
    run: str | None = field(default=None, validator=of(str, type(None)))
    answer: Object | None = field(default=None, validator=of(dict, type(None)))
    at: float | None = field(default=None, validator=seconds)


@frozen
class Tape:
    """`source` says in words where it comes from; `notes` what could not be read of the source, and why."""

    exchanges: tuple[Exchange, ...]
    legs: tuple[Leg, ...] = ()
    source: str = field(default="", validator=of(str))
    made: str | None = field(default=None, validator=of(str, type(None)))
    notes: tuple[str, ...] = ()


# --- lines


def header(tape: Tape) -> Object:
    return {
        "kind": "tape",
        "format": FORMAT,
        "source": masked(tape.source),
        "made": tape.made,
        **({"notes": masked(tape.notes)} if tape.notes else {}),
    }


def line_of(thing: Exchange | Leg) -> Object:
    """As JSON, without what is not known, and without secrets."""
    line = {"kind": "exchange" if isinstance(thing, Exchange) else "leg", **masked(_known(thing))}
    return {name: value for name, value in line.items() if (name, value) != ("number", 0)}


def written(tape: Tape) -> Iterator[bytes]:
    """The lines of the file, each with its line break."""
    things: tuple[Exchange | Leg, ...] = (*tape.exchanges, *tape.legs)
    yield encode_compact(header(tape)) + b"\n"
    for thing in things:
        yield encode_compact(line_of(thing)) + b"\n"


def write(tape: Tape, path: Path) -> None:
    """For its owner alone, as recordings are: what users wrote is in it."""
    with open(path, "wb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.writelines(written(tape))


def read(path: Path) -> Tape:
    """Raises ConfigurationError, which names the line, for what is no tape."""
    try:
        with path.open("rb") as file:
            return parsed(file, str(path))
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}") from error


def parsed(lines: Iterable[bytes], name: str) -> Tape:
    """`name` is what errors call it."""
    tape: Tape | None = None
    exchanges: list[Exchange] = []
    legs: list[Leg] = []
    for number, text in enumerate(lines, 1):
        try:
            line = read_json(text)
            kind = line["kind"]
            if tape is None:
                tape = _read_header(line)
            elif kind == "exchange":
                exchanges.append(_read_exchange(line))
            elif kind == "leg":
                legs.append(Leg(line["request"], line.get("run"), line.get("answer"), line.get("at")))
            else:
                raise ValueError(f"there is no kind {kind!r} of line")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError(f"{name}, line {number}: {_why(error)}") from error
    if tape is None:
        raise ConfigurationError(f"{name} is empty: a tape begins with a header line.")
    return _in_order(evolve(tape, exchanges=tuple(exchanges), legs=tuple(legs)))


def read_json(text: bytes) -> Any:
    """Raises ValueError. Slowly what orjson refuses and others write: half of a surrogate pair, integers of more
    than 64 bits."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        try:
            return json.loads(text)
        except RecursionError as error:
            raise ValueError("it is nested too deeply") from error


def _in_order(tape: Tape) -> Tape:
    """As it stands, where all exchanges have a number; else all in the order they began in, and counted."""
    if all(exchange.number for exchange in tape.exchanges):
        return tape
    begun = sorted(tape.exchanges, key=lambda exchange: exchange.at or 0.0)
    counted = tuple(evolve(exchange, number=number) for number, exchange in enumerate(begun, 1))
    return evolve(tape, exchanges=counted, legs=tuple(sorted(tape.legs, key=lambda leg: leg.at or 0.0)))


def _why(error: Exception) -> str:
    return f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)


def _read_header(line: Object) -> Tape:
    if line["kind"] != "tape" or line.get("format") != FORMAT:
        raise ValueError(f"a tape begins with a line of the kind `tape` and the format {FORMAT}")
    return Tape((), (), line.get("source") or "", line.get("made"), tuple(map(str, line.get("notes") or ())))


def _read_exchange(line: Object) -> Exchange:
    request, answer = line["request"], line.get("answer")
    asked = Request(
        request["method"],
        request["path"],
        tuple((name, value) for name, value in request.get("query") or ()),
        request.get("headers") or {},
        request.get("body"),
    )
    return Exchange(line.get("number", 0), asked, None if answer is None else _read_answer(answer), line.get("at"))


def _read_answer(answer: Object) -> Answer:
    events = answer.get("events")
    return Answer(
        answer["status"],
        answer.get("headers") or {},
        answer.get("body"),
        None
        if events is None
        else tuple(Event(each.get("event"), each.get("data"), each.get("at")) for each in events),
        answer.get("seconds"),
        answer.get("cut"),
    )


def _known(thing: Any) -> Any:
    """Attributes that say something, down to the JSON values."""
    if isinstance(thing, (Exchange, Leg, Request, Answer, Event)):
        known = ((each.name, getattr(thing, each.name)) for each in fields(type(thing)))
        return {name: _known(value) for name, value in known if value is not None and (value or name not in MAY_LACK)}
    return [_known(each) for each in thing] if isinstance(thing, tuple) else thing
