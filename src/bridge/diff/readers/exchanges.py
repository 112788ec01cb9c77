"""Requests and answers as other tools recorded them → a tape: addresses cut at the API's root, bodies unpacked, event
streams made events, what is somebody else's counted."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from attrs import evolve, field, frozen

from bridge import masking
from bridge.diff import bodies
from bridge.diff.readers import roots
from bridge.diff.readers.roots import Address, Root
from bridge.diff.tape import KEPT, Answer, Exchange, Object, Request, Tape
from bridge.errors import ConfigurationError

BROKEN: Final = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
"""What comes of taking a value for something that it is not."""

SHOWN: Final = 5
"""Servers that a remark names at most."""


@frozen
class Sent:
    method: str
    url: str
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""


@frozen
class Got:
    """`remark` stands in the place of a body that the source left out."""

    status: int
    headers: Mapping[str, str] = field(factory=dict)
    body: bytes = b""
    remark: str | None = None
    seconds: float | None = None


@frozen
class Recorded:
    """One exchange of a source. Names of headers are lower case; `at` is Unix time, None where it does not tell."""

    sent: Sent
    got: Got | None
    at: float | None = None


def tape(recorded: Sequence[Recorded], source: str, name: str, notes: Sequence[str] = ()) -> Tape:
    """`name` is what errors call the source. Raises ConfigurationError where there is no Assistants call in it."""
    notes = list(notes)
    addressed = list(_addressed(recorded, notes))
    here = roots.found((address, _says_so(each)) for each, address in addressed)
    kept = [(each, address, path) for each, address in addressed if (path := _path(here, address)) is not None]
    if not kept:
        raise ConfigurationError(f"{name} ({source}) holds no call of the Assistants API: {_what(recorded, notes)}.")
    left = Counter(address.server or "no server" for _, address in addressed)
    left.subtract(address.server or "no server" for _, address, _ in kept)
    notes += [f"left out, of other servers or paths: {_counted(+left)}"] if +left else []
    began = min((each.at for each, _, _ in kept if each.at is not None), default=None)
    made = [_exchange(number, *each, began, notes) for number, each in enumerate(kept, 1)]
    return Tape(tuple(made), (), source, None, tuple(notes))


def kept_headers(headers: Mapping[str, str]) -> Object:
    """Those that a tape keeps. Names are lower case."""
    return {name: masking.masked(value) for name, value in headers.items() if name in KEPT}


def _addressed(recorded: Sequence[Recorded], notes: list[str]) -> Iterator[tuple[Recorded, Address]]:
    preflights = 0
    for number, each in enumerate(recorded, 1):
        if each.sent.method == "OPTIONS":
            preflights += 1
            continue
        try:
            yield each, Address.of(each.sent.url)
        except ValueError as error:
            notes.append(f"exchange {number} was left out: {each.sent.url!r} is no address ({error})")
    if preflights:
        notes.append(f"left out: {preflights} OPTIONS requests, which browsers send on their own")


def _says_so(each: Recorded) -> bool:
    return each.sent.headers.get("openai-beta", "").startswith("assistants")


def _path(here: Sequence[Root], address: Address) -> str | None:
    return next((path for root in here if (path := root.below(address)) is not None), None)


def _what(recorded: Sequence[Recorded], notes: Sequence[str]) -> str:
    """What there is in its place."""
    if not recorded:
        return "; ".join(notes) or "it is empty"
    servers = Counter(_server(each.sent.url) for each in recorded)
    return f"its {len(recorded)} exchanges are {_counted(servers)}"


def _server(url: str) -> str:
    try:
        return Address.of(url).server or "no server"
    except ValueError:
        return "no server"


def _counted(servers: Counter[str]) -> str:
    most = servers.most_common()
    more = [f"{len(most) - SHOWN} more"] if len(most) > SHOWN else []
    return ", ".join([*(f"{count} of {server}" for server, count in most[:SHOWN]), *more])


# --- one exchange


def _exchange(
    number: int, each: Recorded, address: Address, path: str, began: float | None, notes: list[str]
) -> Exchange:
    request = Request(
        each.sent.method,
        path,
        masking.query(address.query),
        kept_headers(each.sent.headers),
        _body(each.sent.headers, each.sent.body, f"request {number}", notes),
    )
    at = None if each.at is None or began is None else round(each.at - began, 6)
    return Exchange(number, request, None if each.got is None else _answer(each.got, number, notes), at)


def _answer(got: Got, number: int, notes: list[str]) -> Answer:
    answer = Answer(got.status, kept_headers(got.headers), seconds=got.seconds)
    if got.remark is not None:
        notes.append(f"answer {number} is not whole: {got.remark}")
        return answer
    if not bodies.is_stream(got.headers.get("content-type", "")):
        return evolve(answer, body=_body(got.headers, got.body, f"answer {number}", notes))
    try:
        return evolve(answer, events=bodies.events(bodies.unpacked(got.body, got.headers.get("content-encoding", ""))))
    except ValueError as error:
        notes.append(f"the events of answer {number} could not be read: {error}")
        return evolve(answer, events=())


def _body(headers: Mapping[str, str], data: bytes, what: str, notes: list[str]) -> Any:
    kind = headers.get("content-type", "")
    try:
        return bodies.value(bodies.unpacked(data, headers.get("content-encoding", "")), kind)
    except ValueError as error:
        notes.append(f"the body of {what} could not be read: {error}")
        return bodies.remark(len(data), kind)


def from_base64(text: str) -> bytes:
    """With or without line breaks. Raises ValueError, where Python's own way is to leave out what it does not know."""
    return base64.b64decode("".join(text.split()), validate=True)


def lower(pairs: Iterable[tuple[Any, Any]]) -> dict[str, str]:
    """Headers as sources hold them, with a value or a list of values each."""
    return {str(name).lower(): _one(value) for name, value in pairs}


def _one(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_one, value))
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
