"""POST, GET, DELETE /assistants (assistants-wire §2.2)."""

from __future__ import annotations

from bridge import errors
from bridge.engine import normalise
from bridge.engine.effects import Committed, Flow, Page, commit, load_one, mint, now, page
from bridge.engine.flows import Context, naming, resources
from bridge.engine.flows.lists import cursor_error
from bridge.records import Amend, Assistant, Erase, Exists, Object, Put
from bridge.wire import render
from bridge.wire.assistants import check_format


def create(context: Context, given: Object) -> Flow[Object]:
    check_format(given.get("tools"), given.get("response_format"))
    at = yield from now()
    yield from naming.check(context, given["model"], at)
    settled = yield from resources.of_assistant(context, given)
    name = yield from mint("assistant")
    assistant = normalise.new_assistant({**given, "tool_resources": settled.tool_resources}, name, at)
    yield from commit([Put(assistant, is_new=True)])
    return render.rest(assistant)


def retrieve(context: Context, assistant_id: str) -> Flow[Object]:
    return render.rest((yield from _found(assistant_id)))


def modify(context: Context, assistant_id: str, given: Object) -> Flow[Object]:
    """Omitted fields keep their value; tools and metadata are replaced as a whole (§2.2). Vector stores are described
    in converted requests only (wire/beta_v1.py)."""
    before = yield from _found(assistant_id)
    check_format(given.get("tools", before.tools), given.get("response_format", before.response_format))
    if given.get("model") is not None:
        yield from naming.check(context, given["model"], (yield from now()))
    settled = yield from resources.of_assistant(context, given)
    if "tool_resources" in given:
        given = {**given, "tool_resources": settled.tool_resources}
    values = normalise.amended_assistant(given, before)
    outcome = yield from commit([Amend(Assistant, assistant_id, values)], Exists(Assistant, assistant_id))
    if not isinstance(outcome, Committed):
        yield from resources.undo(settled)
        raise errors.not_found("assistant", assistant_id)
    return render.rest(outcome.record(Assistant, assistant_id))


def delete(context: Context, assistant_id: str) -> Flow[Object]:
    outcome = yield from commit([Erase(Assistant, assistant_id)], Exists(Assistant, assistant_id))
    if not isinstance(outcome, Committed):
        raise errors.not_found("assistant", assistant_id)
    return render.deleted("assistant", assistant_id)


def list_(context: Context, query: Object) -> Flow[Object]:
    found = yield from page(Page(Assistant, **query))
    if not found.cursor_found:
        raise cursor_error("assistant", query)
    return render.listing([render.rest(record) for record in found.records], found.has_more)


def _found(assistant_id: str) -> Flow[Assistant]:
    assistant = yield from load_one(Assistant, assistant_id)
    if assistant is None:
        raise errors.not_found("assistant", assistant_id)
    return assistant
