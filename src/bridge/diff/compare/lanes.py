"""Which exchange of one side belongs beside which of the other.

The exchanges of one thread make a lane, all others another: programs that serve several threads at once interleave
them in any order. Lanes are paired by what is asked in them, then the exchanges of each pair of lanes. Polling loops
are folded before: how often a program asked until a run was over is no behaviour.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any, Final

from attrs import frozen

from bridge.diff.compare.alignment import Keys, aligned
from bridge.diff.compare.fields import fingerprint
from bridge.diff.compare.measures import Timing
from bridge.diff.compare.operations import Operation, operation
from bridge.diff.tape import Exchange

ACCOUNT: Final = ""
"""The lane of what belongs to no thread."""

FIRST: Final = 6
"""So many exchanges of a lane tell which it is."""


@frozen
class Entry:
    """An exchange, or a polling loop: then `exchange` is the last, which saw the end, and `polls` are all of them."""

    exchange: Exchange
    operation: Operation
    polls: tuple[Exchange, ...] = ()

    @property
    def number(self) -> int:
        return self.polls[0].number if self.polls else self.exchange.number

    @property
    def statuses(self) -> list[str]:
        """The statuses that were seen on the way, in order, each as long as it lasted once."""
        seen = (_status(each) for each in self.polls or (self.exchange,))
        return [status for status, _ in groupby(status for status in seen if status is not None)]

    @property
    def timing(self) -> Timing:
        answer = self.exchange.answer
        first = answer.events[0].at if answer is not None and answer.events else None
        return Timing(_seconds(self.polls or (self.exchange,)), first, len(self.polls) or 1)


def _status(exchange: Exchange) -> str | None:
    body = exchange.answer.body if exchange.answer is not None else None
    status = body.get("status") if isinstance(body, dict) else None
    return status if isinstance(status, str) else None


def _seconds(exchanges: Sequence[Exchange]) -> float | None:
    """From the first request to the end of the last answer; None where the tape does not tell."""
    first, last = exchanges[0], exchanges[-1]
    took = last.answer.seconds if last.answer is not None else None
    if len(exchanges) == 1 or took is None:
        return took
    return None if first.at is None or last.at is None else last.at - first.at + took


# --- one side


def lanes(exchanges: Iterable[Exchange]) -> list[list[Entry]]:
    """The lanes of a tape in the order in which they begin, the account's first."""
    found: dict[str, list[Entry]] = {ACCOUNT: []}
    for exchange in exchanges:
        asked = operation(exchange.request)
        found.setdefault(_thread(exchange, asked) or ACCOUNT, []).append(Entry(exchange, asked))
    return [folded(lane) for lane in found.values()]


def _thread(exchange: Exchange, asked: Operation) -> str | None:
    """The thread of an exchange: in its path, or in the answer that tells of a new one."""
    if asked.thread is not None or exchange.answer is None:
        return asked.thread
    body: Any = exchange.answer.body
    if asked.name == "threads.create_and_run" and exchange.answer.events:
        data = (event.data for event in exchange.answer.events if isinstance(event.data, dict))
        body = next((each for each in data if "thread_id" in each), None)
    if not isinstance(body, dict) or asked.name not in ("threads.create", "threads.create_and_run"):
        return None
    id = body.get("thread_id") or body.get("id")
    return id if isinstance(id, str) else None


def folded(lane: Sequence[Entry]) -> list[Entry]:
    """Between two writes, reads of the same thing are one polling loop, which stands where it began. What failed is
    never folded."""
    kept: list[Entry] = []
    loops: dict[Any, int] = {}
    for entry in lane:
        asked = entry.exchange.request
        if asked.method != "GET":
            loops.clear()
        if asked.method != "GET" or _failed(entry.exchange):
            kept.append(entry)
            continue
        place = loops.setdefault((asked.path, asked.query), len(kept))
        polls = (*_polls(kept[place]), entry.exchange) if place < len(kept) else ()
        kept[place : place + 1] = [Entry(entry.exchange, entry.operation, polls)]
    return kept


def _polls(entry: Entry) -> tuple[Exchange, ...]:
    return entry.polls or (entry.exchange,)


def _failed(exchange: Exchange) -> bool:
    return exchange.answer is None or exchange.answer.status >= 400


def runs(entry: Entry) -> list[str]:
    """The runs that an exchange tells of: the one in its path, or the one that it began."""
    if entry.operation.name.startswith("runs.") and len(entry.operation.ids) > 1:
        return [entry.operation.ids[1]]
    answer = entry.exchange.answer
    bodies = [event.data for event in answer.events or ()] or [answer.body] if answer is not None else []
    found = (body.get("id") for body in bodies if isinstance(body, dict) and body.get("object") == "thread.run")
    return [id for id in found if isinstance(id, str)][:1]


# --- both sides


def paired(control: Iterable[Exchange], candidate: Iterable[Exchange]) -> list[tuple[Entry | None, Entry | None]]:
    """Exchanges beside each other, in the order of the control, what only the candidate has where it came."""
    left, right = lanes(control), lanes(candidate)
    found = _beside(left[0], right[0])
    for one, other in aligned([_lane_keys(lane) for lane in left[1:]], [_lane_keys(lane) for lane in right[1:]]):
        found += _beside(left[one + 1] if one is not None else [], right[other + 1] if other is not None else [])
    return _sorted(found)


def _beside(left: list[Entry], right: list[Entry]) -> list[tuple[Entry | None, Entry | None]]:
    pairs = aligned([keys(entry) for entry in left], [keys(entry) for entry in right])
    return [(None if one is None else left[one], None if other is None else right[other]) for one, other in pairs]


def _sorted(pairs: list[tuple[Entry | None, Entry | None]]) -> list[tuple[Entry | None, Entry | None]]:
    """By the control's numbers; what it has not stands behind what came before it in its lane."""
    ranked = []
    last = 0
    for place, pair in enumerate(pairs):
        last = pair[0].number if pair[0] is not None else last
        ranked.append((last if pair[0] is not None or place else 0, place, pair))
    return [pair for *_, pair in sorted(ranked, key=lambda each: each[:2])]


def keys(entry: Entry) -> Keys:
    """Operation, body and status; operation and body; operation."""
    request, name = entry.exchange.request, entry.operation.name
    query = fingerprint(dict(request.query), key="metadata") if request.query else ""
    asked = f"{name} {query} {fingerprint(request.body)}"
    status = entry.exchange.answer.status if entry.exchange.answer is not None else 0
    return f"{asked} {status}", asked, name


def _lane_keys(lane: list[Entry]) -> Keys:
    whole = [keys(entry)[0] for entry in lane]
    return _sum(whole), _sum(whole[:FIRST]), whole[0], lane[0].operation.name, ""


def _sum(names: list[str]) -> str:
    return f"{zlib.crc32(' | '.join(names).encode('utf-8', 'surrogatepass')):08x}"
