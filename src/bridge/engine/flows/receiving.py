"""What comes of the upstream in a leg: facts and what they change, files that belong to them, and refusals."""

from __future__ import annotations

from collections.abc import Sequence

from attrs import evolve

from bridge.engine import lessons
from bridge.engine.effects import End, Event, Flow, Refused, learn, lessons_of, now
from bridge.engine.flows import asking, background, containers, holding, stalled
from bridge.engine.flows.holding import Holder
from bridge.engine.leg import Leg
from bridge.records import Change, Item, Put
from bridge.translate import facts, failures, loose, runs
from bridge.translate.events import Reader


def receive(holder: Holder, signal: Event | End | Refused, at: float) -> Flow[bool]:
    """What the signal changes, stored and told. Answer: whether the leg is to be asked again."""
    if isinstance(signal, Refused):
        return (yield from _refused(holder, signal))
    received = holder.reader.receive(signal.data) if isinstance(signal, Event) else holder.reader.end(signal.error)
    changes: list[Change] = []
    for fact in received:
        if _is_refusal(holder, fact):
            return (yield from _refused(holder, _refusal(fact)))
        if _is_about_files(fact):  # what is known by now is told before the files are looked for
            yield from holding.tell(holder, changes)
            changes = yield from _files(holder, fact)
            at = yield from now()
        changes += _changes(holder.leg, fact, at)
    yield from holding.tell(holder, [*changes, *_cursor(holder, received, changes)])
    return False


def _changes(leg: Leg, fact: facts.Fact, at: float) -> list[Change]:
    return leg.receive(fact, at)


def _cursor(holder: Holder, received: Sequence[facts.Fact], changes: Sequence[Change]) -> list[Change]:
    """How far a background response is stored, with what was stored of it (Run.cursor)."""
    if not holder.line.is_on or holder.leg.finished:
        return []
    if any(isinstance(fact, facts.Began) for fact in received):
        return holder.leg.cursor(holder.line.response_id, holder.line.after)
    if not any(isinstance(change, Put) and isinstance(change.record, Item) for change in changes):
        return []
    is_whole = holder.reader.is_settled and not holder.leg.open_messages() and holder.line.after is not None
    return holder.leg.cursor(holder.line.response_id if is_whole else None, holder.line.after)


# --- files


def _is_about_files(fact: facts.Fact) -> bool:
    if isinstance(fact, facts.Annotated):
        return fact.annotation.get("type") == "container_file_citation"
    return isinstance(fact, facts.HostedDone) and fact.item["type"] == "code_interpreter_call"


def _files(holder: Holder, fact: facts.Fact) -> Flow[list[Change]]:
    """The files of the container that a call ran in, or the one that is cited, kept (design §4)."""
    at = yield from now()
    changes: list[Change] = []
    found = containers.Found()
    if isinstance(fact, facts.Annotated):
        if not holder.leg.has_file(fact.annotation):
            found = yield from containers.cited(holder.run, fact.annotation, at)
    elif isinstance(fact, facts.HostedDone):
        container_id = loose.text(fact.item, "container_id")
        if container_id is not None and holder.context.profile.containers is not False:
            found = yield from containers.collect(holder.run, container_id, at)
            holder.leg.draw(found.new)
        file_ids = holder.asked.file_ids if holder.asked is not None else ()
        changes += containers.used(holder.snapshot.thread, fact.item, file_ids, at)
    return [*changes, *holder.leg.keep(found.files, found.new)]


# --- refusals


def _is_refusal(holder: Holder, fact: facts.Fact) -> bool:
    """Whether the answer failed before it began with what a server that does not stream would have refused."""
    if not isinstance(fact, facts.Finished) or fact.status != "failed" or holder.leg.has_begun:
        return False
    return asking.remedy(_refusal(fact), holder.asked, holder.limits) is not None


def _refusal(fact: facts.Fact) -> Refused:
    assert isinstance(fact, facts.Finished)
    message, code = loose.text(fact.error, "message"), loose.text(fact.error, "code")
    return Refused(400, message or failures.UNKNOWN, code)


def _refused(holder: Holder, refused: Refused) -> Flow[bool]:
    """An HTTP error instead of a stream: learn from it and ask again, or fail the run with its cause."""
    if holder.line.is_resuming:
        return (yield from _not_gone_on(holder, refused))
    lesson = lessons.lesson(refused)
    assert holder.asked is not None
    model, upstream = holder.asked.model, holder.context.upstream
    known = yield from lessons_of(model, upstream)
    remedy = asking.remedy(refused, holder.asked, holder.limits)
    if lesson is not None and lesson not in known:
        yield from learn(model, lesson, upstream)
    elif remedy is not None and (remedy.characters is None or holder.run.truncation_strategy["type"] == "auto"):
        holder.limits = remedy
    else:
        yield from holding.tell(holder, _given_up(holder, refused, (yield from now())))
        return False
    if holder.run.cursor is not None:  # of the response that was refused
        yield from holding.tell(holder, holder.leg.cursor(None, None))
    holder.reader = Reader()
    return True


def _given_up(holder: Holder, refused: Refused, at: float) -> list[Change]:
    """What does not fit ends a run that has a budget of its prompt as incomplete, all else as failed (mapping §11)."""
    if asking.is_overflow(refused) and holder.run.max_prompt_tokens is not None:
        return holder.leg.exhaust("max_prompt_tokens", at)
    return holder.leg.end("fail", at, runs.last_error(refused))


def _not_gone_on(holder: Holder, refused: Refused) -> Flow[bool]:
    """A background response that is gone: a leg that took it over begins anew, another one fails."""
    if holder.leg.has_begun or holder.line.was_heard:
        error = runs.last_error(refused)
        yield from holding.tell(holder, holder.leg.end("fail", (yield from now()), error))
        return False
    yield from holding.tell(holder, stalled.cleared(evolve(holder.snapshot, run=evolve(holder.run, cursor=None))))
    holder.leg.restart()
    holder.line = background.Line(holder.run)
    return True
