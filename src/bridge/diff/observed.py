"""What shadows published, compared: each observation is two tapes of one run (docs/shadow.md)."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from attrs import evolve

from bridge.diff.compare import Rule, Thresholds, compare
from bridge.diff.observations import Comparison, Observation, Side
from bridge.diff.readers.threads import told_run
from bridge.diff.replay import paths
from bridge.diff.tape import Answer, Exchange, Object, Request, Tape
from bridge.engine.effects import Page
from bridge.records import Observed
from bridge.store import Store

AT_ONCE: Final = 100
LATE: Final = 60
"""Seconds by which clocks of processes may differ, and a commit may take."""

ITS_OWN: Final = (Rule("accept", "it is the candidate's own, as bridge.toml says", path="$.model"),)
"""What was meant to differ."""


def read(store: Store, after: str | None = None, seen: set[str] | None = None) -> Iterator[Observed]:
    """All observations that are not `seen`, the oldest first, or those that follow one, by its id. Where that one is
    erased meanwhile, as its thread was deleted, reading begins again from the oldest."""
    seen = set() if seen is None else seen
    while True:
        found = store.page(Page(Observed, limit=AT_ONCE, order="asc", after=after))
        for one in found.records:
            if one.id not in seen:
                seen.add(one.id)
                yield one
        if found.cursor_found and not found.has_more:
            return
        after = found.records[-1].id if found.cursor_found else None


def follow(store: Store) -> Iterator[Observed | None]:
    """The same, and then what is published from now on; None wherever there is nothing more for now.

    An observation gets its moment before it is stored, by the clock of its process: so each look begins among those
    that are LATE seconds older than the newest."""
    seen: set[str] = set()
    recent: deque[Observed] = deque()
    after: str | None = None
    while True:
        for one in read(store, after, seen):
            yield one
            recent.append(evolve(one, control={}, aside={}))
        newest = max((one.created_at for one in recent), default=0)
        while recent and recent[0].created_at < newest - LATE:
            after = recent.popleft().id
        yield None


def compared(
    one: Observed,
    rules: Sequence[Rule] = (),
    thresholds: Thresholds = Thresholds(),  # noqa: B008 frozen
) -> Comparison:
    control, candidate = tapes(one)
    return compare(control, candidate, rules=(*ITS_OWN, *rules), thresholds=thresholds)


def together(found: Iterable[tuple[Observed, Comparison]]) -> Comparison:
    """One comparison of many, the exchanges counted through."""
    observations: list[Observation] = []
    notes: Counter[str] = Counter()
    runs: Counter[str] = Counter()
    for one, comparison in found:
        before = len(observations)
        observations += [_renumbered(each, before) for each in comparison.observations]
        notes.update(comparison.notes)
        notes.update([f"{one.candidate} came to no end: {one.trouble}"] if one.trouble else [])
        runs[one.candidate] += 1
    if len(runs) > 1:
        notes[f"of several candidates ({_counted(runs)}): --candidate shows one alone"] += 1
    said = tuple(note if count == 1 else f"{note} ({count} times)" for note, count in notes.most_common())
    return Comparison(Side("primary"), Side(", ".join(runs) or "candidate", "shadow"), tuple(observations), notes=said)


def _counted(runs: Counter[str]) -> str:
    return ", ".join(f"{name}: {count} run{'' if count == 1 else 's'}" for name, count in runs.items())


def _renumbered(one: Observation, by: int) -> Observation:
    sides = (None if each is None else evolve(each, number=each.number + by) for each in (one.control, one.candidate))
    control, candidate = sides
    return evolve(one, number=one.number + by, control=control, candidate=candidate)


# --- tapes


def tapes(one: Observed) -> tuple[Tape, Tape]:
    """The control's and the candidate's."""
    control = _exchanges(one.control)
    return Tape(control), Tape(_exchanges(one.aside) or _unanswered(one, control[0].request))


def _exchanges(side: Object) -> tuple[Exchange, ...]:
    if "run" not in side:
        return ()
    told = told_run(side["run"], side["steps"], side["messages"])
    return tuple(_timed(told, side["seconds"]))


def _timed(told: Iterable[Exchange], seconds: Iterable[float | None]) -> Iterator[Exchange]:
    """A leg took as long as the poll that saw its end. Moments are left out: they are whole seconds."""
    legs = iter(seconds)
    for each in told:
        answer = each.answer
        if answer is not None and paths.polled_run(each.request) is not None:
            answer = evolve(answer, seconds=next(legs, None))
        yield evolve(each, answer=answer, at=None)


def _unanswered(one: Observed, request: Request) -> tuple[Exchange, ...]:
    """A run that the candidate could not even begin."""
    error = one.aside.get("error")
    return (Exchange(1, request, None if error is None else Answer(error["status"], body=error["body"])),)
