"""Whatever an upstream sends, the thread.* stream that comes of it obeys the grammar of assistants-wire §8."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bridge.engine.leg import Leg
from bridge.engine.names import Names
from bridge.records import Change, Delta, Message, Put, Run, Step, Told
from bridge.translate.events import Reader
from engine.leg_help import run, snapshot
from simulation.grammar import TERMINAL, Grammar, view
from translate.strategies import garbage, streams

ANY = ("completed", "incomplete", "failed", "cancelled")


def told(changes: list[Change], grammar: Grammar) -> None:
    for change in changes:
        if isinstance(change, Delta):
            grammar.tell(change.event, {"id": change.id, "delta": change.delta})
        elif isinstance(change, (Put, Told)):
            for event in change.events if isinstance(change, Put) else (change.event,):
                grammar.tell(event, view(change.record))


def begun(grammar: Grammar) -> tuple[Leg, list[Change]]:
    queued = run(version=0)
    leg = Leg(snapshot(queued), Names("seed"))
    changes = [Put(queued, ("thread.run.created", "thread.run.queued"), is_new=True), *leg.begin(101.0)]
    told(changes, grammar)
    return leg, changes


def played(events: list[object]) -> tuple[Grammar, list[Change]]:
    """A whole leg of these events and the end of their stream."""
    grammar, reader = Grammar(), Reader()
    leg, changes = begun(grammar)
    for facts in (*(reader.receive(event) for event in events), reader.end(None)):
        for fact in facts:
            made = leg.receive(fact, 102.0)
            told(made, grammar)
            changes += made
    assert leg.finished and grammar.is_settled
    grammar.over("done")
    return grammar, changes


def is_closed(changes: list[Change]) -> bool:
    """Nothing is left open: the last put of each message and step is of its end."""
    puts = [change.record for change in changes if isinstance(change, Put)]
    last = {record.id: record for record in puts if isinstance(record, (Message, Step))}
    return all(record.status != "in_progress" for record in last.values())


@given(streams(interleaved=True, statuses=ANY))
def test_any_legal_stream(stream):
    grammar, changes = played(stream.events)
    assert is_closed(changes) == (grammar.status in TERMINAL)


@given(streams(interleaved=True), st.data())
def test_any_stream_that_is_cut(stream, data):
    place = data.draw(st.integers(0, len(stream.events) - 1))
    grammar, changes = played(stream.events[:place])
    assert grammar.status == "failed" and is_closed(changes)


@given(streams(), st.lists(st.tuples(st.integers(0, 30), garbage), max_size=4))
def test_any_stream_with_garbage_in_it(stream, rubbish):
    events: list[object] = list(stream.events)
    for place, piece in rubbish:
        events.insert(place, piece)
    grammar, changes = played(events)
    assert is_closed(changes) == (grammar.status in TERMINAL)


@given(streams(interleaved=True), st.data(), st.sampled_from(["fail", "expire"]))
def test_any_stream_that_is_ended_from_outside(stream, data, word):
    grammar, reader = Grammar(), Reader()
    leg, changes = begun(grammar)
    for event in stream.events[: data.draw(st.integers(0, len(stream.events) - 1))]:
        for fact in reader.receive(event):
            changes += (made := leg.receive(fact, 102.0))
            told(made, grammar)
    if not leg.finished:
        changes += (made := leg.end(word, 103.0, {"code": "server_error", "message": "x"}))
        told(made, grammar)
    assert grammar.status in (*TERMINAL, "requires_action")
    assert is_closed(changes) == (grammar.status in TERMINAL)


@given(streams(statuses=ANY))
def test_versions_of_the_run_count_up(stream):
    _, changes = played(stream.events)
    versions = [c.record.version for c in changes if isinstance(c, Put) and isinstance(c.record, Run)]
    assert versions == list(range(len(versions)))
