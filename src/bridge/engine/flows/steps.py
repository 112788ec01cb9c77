"""GET /threads/{t}/runs/{r}/steps (assistants-wire §7)."""

from __future__ import annotations

from bridge import errors
from bridge.engine import tables
from bridge.engine.effects import Flow, Page, load_one, page
from bridge.engine.flows import Context, overdue
from bridge.engine.flows.lists import cursor_error
from bridge.records import Object, Run, Step
from bridge.wire import render


def retrieve(context: Context, thread_id: str, run_id: str, step_id: str, query: Object) -> Flow[Object]:
    run = (yield from overdue.found(thread_id, run_id)).run
    step = yield from load_one(Step, step_id, thread_id=thread_id, run_id=run_id)
    if step is None:
        raise errors.not_found("step", step_id)
    return _rest(step, run, query)


def list_(context: Context, thread_id: str, run_id: str, query: Object) -> Flow[Object]:
    run = (yield from overdue.found(thread_id, run_id)).run
    paging = {name: value for name, value in query.items() if name != "include"}
    found = yield from page(Page(Step, thread_id=thread_id, run_id=run_id, **paging))
    if not found.cursor_found:
        raise cursor_error("step", query)
    return render.listing([_rest(step, run, query) for step in found.records], found.has_more)


def _rest(step: Step, run: Run, query: Object) -> Object:
    ended = run.status in tables.TERMINAL
    return render.rest(step, run_is_terminal=ended, include_results=bool(query.get("include")))
