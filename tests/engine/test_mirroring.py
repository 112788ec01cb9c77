"""A thread kept in step with its conversation: who may send, what comes back, and what a crash leaves.

The offline server stands behind the flows; between two effects others may act.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from attrs import evolve
from stage import Stage

from bridge import errors
from bridge.engine.effects import Commit, Committed, Key, Refused, Send, Sent, Wait
from bridge.engine.flows import bringing, messages, mirroring, native, runs, sending
from bridge.engine.mirror import BATCH, KNOWN, Mirror
from bridge.profiles import VLLM
from bridge.records import Amend, Item, Message, Put, Thread
from bridge.upstream.scripted import ScriptedUpstream

Object = dict[str, Any]


class Office(Stage):
    """The stage before an offline server. `failing` are answers of POST …/items instead of its own: before ("lost" on
    the way there) or after it was done ("gone" on the way back)."""

    def __init__(self, *quirks: str, script: Any = ({"say": "Sure."},)) -> None:
        super().__init__()
        self.upstream = ScriptedUpstream(list(script), quirks=quirks)
        self.failing: list[str] = []

    def _asked(self, effect: Any) -> Any:
        is_adding = isinstance(effect, Send) and effect.path.endswith("/items") and effect.method == "POST"
        failure = self.failing.pop(0) if is_adding and self.failing else None
        if failure == "lost":
            return Refused(0, "nobody there")
        answer = self.upstream.send(effect)
        return Refused(0, "the line broke") if failure == "gone" else answer

    # --- both sides

    def mirror(self, thread_id: str, **given: Any) -> Object:
        return self.play(mirroring.conversation(self.context(), thread_id, given))

    def native(self, conversation_id: str, text: str, **more: Any) -> Object:
        """Native code asks in the conversation."""
        request = {"model": "gpt-4o", "conversation": conversation_id, "input": text, **more}
        for _ in range(2):  # the quirk locks every other time
            sent = self.upstream.send(Send("POST", "/responses", request))
            if sent.status == 200:
                break
        return sent.body

    def legacy(self, thread_id: str, text: str, role: str = "user") -> None:
        self.play(messages.create(self.context(), thread_id, {"role": role, "content": text}))

    def put(self, *records: Any) -> None:
        outcome = self.store.commit(Commit(tuple(Put(record, is_new=True) for record in records))).result()
        assert isinstance(outcome, Committed)

    def shown(self, thread_id: str) -> list[Object]:
        """The messages as legacy code lists them."""
        found: list[Object] = []
        query: Object = {"order": "asc", "limit": 100}
        while True:
            page = self.play(messages.list_(self.context(), thread_id, query))
            found += page["data"]
            if not page["has_more"]:
                return found
            query = {**query, "after": page["last_id"]}

    def in_thread(self, thread_id: str) -> list[str]:
        return [message["content"][0]["text"]["value"] for message in self.shown(thread_id)]

    def in_conversation(self, id: str) -> list[str]:
        items = self.upstream.conversations.all[id].items
        return [i["content"][0]["text"] if i["type"] == "message" else f"{i['type']} {i['call_id']}" for i in items]

    def stored(self, thread_id: str) -> Mirror:
        (thread,) = self.store.load([Key(Thread, thread_id)])
        return Mirror.of(thread.conversation)


QUIRKS = [(), ("drops_items",), ("locked_conversations",), ("drops_items", "locked_conversations")]


@pytest.mark.parametrize("quirks", QUIRKS, ids="+".join)
def test_both_sides_have_everything_once_and_in_order(quirks: tuple[str, ...]) -> None:
    office = Office(*quirks)
    thread_id = office.thread("one", "two")
    id = office.mirror(thread_id)["id"]
    office.legacy(thread_id, "three")
    assert office.mirror(thread_id) == {
        "id": id, "object": "thread.conversation", "thread_id": thread_id, "received": 0, "sent": 1
    }  # fmt: skip
    response = office.native(id, "four")
    office.play(native.add(office.context(), thread_id, {"response": response}))
    assert office.mirror(thread_id)["sent"] == 0
    said = ["one", "two", "three", "four", "Sure."]
    assert (office.in_thread(thread_id), office.in_conversation(id)) == (said, said)


def test_what_was_added_upstream_comes_by_itself() -> None:
    office = Office(script=[{"when": "a", "say": "A"}, {"say": "B"}])
    thread_id = office.thread("one")
    id = office.mirror(thread_id)["id"]
    office.native(id, "a")
    office.native(id, "b")
    assert (office.mirror(thread_id)["received"], office.mirror(thread_id)["received"]) == (4, 0)
    assert office.in_thread(thread_id) == office.in_conversation(id) == ["one", "a", "A", "b", "B"]
    (answer,) = (message for message in office.shown(thread_id) if message["content"][0]["text"]["value"] == "A")
    assert (answer["role"], answer["run_id"], answer["assistant_id"], answer["status"], answer["metadata"]) == (
        "assistant", None, None, "completed", {}
    )  # fmt: skip


def test_items_go_by_twenty() -> None:
    office = Office()
    thread_id = office.thread(*map(str, range(2 * BATCH + 1)))
    made = office.mirror(thread_id)
    assert made["sent"] == 2 * BATCH + 1
    assert office.in_conversation(made["id"]) == office.in_thread(thread_id)
    assert office.upstream.sent.count(f"POST /conversations/{made['id']}/items") == 3


def test_more_than_is_remembered_is_no_matter() -> None:
    office = Office("drops_items")
    thread_id = office.thread(*map(str, range(KNOWN + 50)))
    id = office.mirror(thread_id)["id"]
    office.mirror(thread_id)
    assert (office.stored(thread_id).total, len(office.stored(thread_id).known)) == (KNOWN + 50, KNOWN)
    office.native(id, "new")
    assert office.mirror(thread_id)["received"] == 2
    assert len(office.in_thread(thread_id)) == KNOWN + 52


def test_a_conversation_that_lists_nothing_known_gives_nothing() -> None:
    office = Office()
    thread_id = office.thread(*map(str, range(KNOWN + 1)))
    id = office.mirror(thread_id)["id"]
    office.mirror(thread_id)
    office.upstream.conversations.all[id].items[:] = []
    office.native(id, "new")
    with pytest.raises(errors.APIError, match="lists none of the items") as refused:
        office.mirror(thread_id)
    assert refused.value.code == "conversation_out_of_step"
    other = office.mirror(thread_id, new=True)
    assert other["id"] != id and office.in_conversation(other["id"]) == office.in_thread(thread_id)


def test_what_is_deleted_upstream_stays_in_the_thread() -> None:
    office = Office()
    thread_id = office.thread("one", "two")
    id = office.mirror(thread_id)["id"]
    office.upstream.conversations.all[id].items[:] = []
    office.native(id, "three")
    office.mirror(thread_id)
    assert office.in_thread(thread_id) == ["one", "two", "three", "Sure."]


@pytest.mark.parametrize("lag", [0.5, 60.0])
@pytest.mark.parametrize("asked", ["two", [{"role": "user", "content": [{"type": "input_text", "text": "two"}]}]])
def test_a_list_that_comes_late_is_waited_for_and_then_done_without(lag: float, asked: Any) -> None:
    office = Office()
    thread_id = office.thread("one")
    id = office.mirror(thread_id)["id"]
    response = office.native(id, "two")
    items, late = office.upstream.conversations.all[id].items, office.now + lag
    hidden = items[-2:]
    del items[-2:]
    wait = office.perform

    def perform(effect: Any) -> Any:
        if office.now >= late and hidden:
            items.extend(hidden)
            hidden.clear()
        return wait(effect)

    office.perform = perform  # type: ignore[method-assign]
    before = office.now
    answer = office.play(native.add(office.context(), thread_id, {"response": response, "input": asked}))
    assert len(answer["data"]) == 2 and office.now - before <= bringing.LAG_SECONDS
    office.now += 100
    assert (office.mirror(thread_id)["received"], office.mirror(thread_id)["sent"]) == (0, 0)
    assert office.in_thread(thread_id) == office.in_conversation(id) == ["one", "two", "Sure."]


# --- function calls


def call(id: str, thread_id: str, **fields: Any) -> Item:
    body = {"type": "function_call", "call_id": id, "name": "f", "arguments": "{}"}
    return Item(f"item_{id}", thread_id, fields.get("run_id", "run_1"), "function_call", body, id)


def output(id: str, thread_id: str, **fields: Any) -> Item:
    body = {"type": "function_call_output", "call_id": id, "output": "x"}
    return Item(f"item_{id}_out", thread_id, fields.get("run_id", "run_1"), "function_call_output", body, id)


def test_a_call_goes_when_it_has_its_output() -> None:
    office = Office()
    thread_id = office.thread("one")
    office.put(call("c", thread_id), call("never", thread_id))
    id = office.mirror(thread_id)["id"]
    office.legacy(thread_id, "two")
    assert office.mirror(thread_id)["sent"] == 1
    office.put(output("c", thread_id))
    assert office.mirror(thread_id)["sent"] == 2
    assert office.in_conversation(id) == ["one", "two", "function_call c", "function_call_output c"]
    assert office.native(id, "three")["status"] == "completed"


def test_calls_of_native_code_come_back_as_items_of_no_run() -> None:
    office = Office(script=[{"when": "look", "call": "f", "then": [{"say": "Seen."}]}])
    thread_id = office.thread("one")
    id = office.mirror(thread_id)["id"]
    tools = [{"type": "function", "name": "f", "parameters": None, "strict": False}]
    called = office.native(id, "look", tools=tools)["output"][0]
    answered = [{"type": "function_call_output", "call_id": called["call_id"], "output": "x"}]
    office.native(id, answered, tools=tools)  # type: ignore[arg-type]
    assert office.mirror(thread_id)["received"] == 2
    assert office.in_thread(thread_id) == ["one", "look", "Seen."]
    items = office.play(native.input_items(office.context(), thread_id, {}))["data"]
    assert [item["type"] for item in items] == [
        "message",
        "message",
        "function_call",
        "function_call_output",
        "message",
    ]
    assert office.mirror(thread_id)["sent"] == 0


# --- several at once


def test_of_two_that_make_a_conversation_one_wins() -> None:
    office = Office()
    thread_id = office.thread("one")
    late = office.until(mirroring.conversation(office.context(), thread_id, {}), Commit)
    id = office.mirror(thread_id)["id"]
    assert office.play(late)["id"] == id
    assert list(office.upstream.conversations.all) == [id]


@pytest.mark.parametrize(("kind", "nth"), [(Send, 1), (Commit, 1), (Commit, 2), (Commit, 3)])
def test_another_may_sync_between_any_two_steps(kind: Any, nth: int) -> None:
    office = Office(script=[{"say": "Sure."}])
    thread_id = office.thread("one")
    id = office.mirror(thread_id)["id"]
    office.legacy(thread_id, "two")
    office.native(id, "three")
    late = office.until(mirroring.conversation(office.context(), thread_id, {}), kind, nth)
    office.mirror(thread_id)
    office.play(late)
    assert office.mirror(thread_id)["sent"] == office.mirror(thread_id)["received"] == 0
    assert sorted(office.in_thread(thread_id)) == sorted(["one", "two", "three", "Sure."])
    assert sorted(office.in_conversation(id)) == sorted(["one", "two", "three", "Sure."])


def test_who_sends_is_waited_for() -> None:
    office = Office()
    thread_id = office.thread("one")
    id = office.mirror(thread_id)["id"]
    office.legacy(thread_id, "two")
    sending = office.until(mirroring.conversation(office.context(), thread_id, {}), Send, 2)
    waiting = office.until(mirroring.conversation(office.context(), thread_id, {}), Wait)
    office.play(sending)
    assert office.play(waiting)["sent"] == 0
    assert office.in_conversation(id) == ["one", "two"]


@pytest.mark.parametrize(("failure", "times"), [("lost", 1), ("lost", 2), ("gone", 1)])
@pytest.mark.parametrize("quirk", ["", "drops_items"])
def test_a_call_whose_answer_is_lost_is_looked_for(failure: str, times: int, quirk: str) -> None:
    office = Office(*([quirk] if quirk else []))
    thread_id = office.thread("zero")
    id = office.mirror(thread_id)["id"]
    for text in ("one", "two", "three"):
        office.legacy(thread_id, text)
    office.failing = [failure] * times
    for _ in range(times):
        with pytest.raises(errors.APIError, match="upstream did not answer"):
            office.mirror(thread_id)
    office.mirror(thread_id)
    assert office.in_thread(thread_id) == office.in_conversation(id) == ["zero", "one", "two", "three"]


def test_who_dies_while_sending_is_followed() -> None:
    office = Office()
    thread_id = office.thread("one")
    id = office.mirror(thread_id)["id"]
    office.legacy(thread_id, "two")
    dead = office.until(mirroring.conversation(office.context(), thread_id, {}), Send, 2)
    effect = next(dead)
    office.perform(effect)  # it was sent, and nobody is there to hear that
    before = office.now
    office.native(id, "three")
    assert office.mirror(thread_id)["received"] == 2
    assert office.now - before <= sending.CLAIM_SECONDS + 1
    assert sorted(office.in_thread(thread_id)) == sorted(office.in_conversation(id)) == ["Sure.", "one", "three", "two"]


def test_a_locked_conversation_is_asked_again_and_given_up_in_time() -> None:
    office = Office()
    thread_id = office.thread("one")
    id = office.mirror(thread_id)["id"]
    office.legacy(thread_id, "two")
    stream = office.upstream.open({"model": "gpt-4o", "input": "x", "conversation": id, "stream": True})
    before = office.now
    with pytest.raises(errors.APIError) as refused:
        office.mirror(thread_id)
    assert (refused.value.code, refused.value.status) == ("conversation_locked", 400)
    assert 10 < office.now - before <= sending.LOCKED_SECONDS
    list(stream)
    office.mirror(thread_id)
    assert sorted(office.in_conversation(id)) == sorted(office.in_thread(thread_id)) == ["Sure.", "one", "two", "x"]


def test_what_is_refused_is_told_and_can_be_tried_again() -> None:
    office = Office()
    thread_id = office.thread("one")
    id = office.mirror(thread_id)["id"]
    office.put(Message("msg_odd", thread_id, 1, "user", content=[{"type": "text", "text": {"value": "\ud800"}}]))
    asked = office._asked
    office._asked = lambda effect: (  # type: ignore[method-assign]
        Sent(400, {"error": {"message": "no"}}) if effect.path.endswith("items") and effect.body else asked(effect)
    )
    for _ in range(2):
        with pytest.raises(errors.APIError, match=r"^no$"):
            office.mirror(thread_id)
    assert office.stored(thread_id).sending is None
    assert id == office.stored(thread_id).id


# --- runs of legacy code


CALLS: list[Callable[[Office, str], Any]] = [
    lambda office, thread_id: mirroring.conversation(office.context(), thread_id, {}),
    lambda office, thread_id: native.add(office.context(), thread_id, {"response": {"id": "resp_1", "output": []}}),
]


@pytest.mark.parametrize("asked", CALLS, ids=["conversation", "add"])
def test_while_a_run_is_active_the_old_error_answers(asked: Callable[[Office, str], Any]) -> None:
    office = Office()
    launch = office.launch()
    thread_id, run_id = launch.run.thread_id, launch.run.id
    refusal = f"Can't add messages to {thread_id} while a run {run_id} is active."
    with pytest.raises(errors.APIError, match=refusal):
        office.play(asked(office, thread_id))


def test_a_run_that_begins_meanwhile_is_seen_when_it_is_stored() -> None:
    office = Office()
    thread_id, assistant_id = office.thread("one"), office.assistant()
    given = {"response": {"id": "resp_1", "output": [{"role": "assistant", "content": "Ho"}]}, "input": "Hi"}
    late = office.until(native.add(office.context(), thread_id, given), Commit)
    office.play(runs.create(office.context(), thread_id, {"assistant_id": assistant_id}, {}))
    with pytest.raises(errors.APIError, match="while a run"):
        office.play(late)
    assert office.in_thread(thread_id) == ["one"]


def test_a_server_that_has_none_is_refused_before_it_is_asked() -> None:
    office = Office()
    thread_id = office.thread("one")
    context = evolve(office.context(), profile=VLLM)
    with pytest.raises(errors.APIError, match="has no conversations"):
        office.play(mirroring.conversation(context, thread_id, {}))
    assert office.upstream.sent == []


# --- adding


def added(office: Office, thread_id: str, response: Object, input: Any = ()) -> list[Object]:
    given = {"response": response, "input": input}
    data: list[Object] = office.play(native.add(office.context(), thread_id, given))["data"]
    return data


RESPONSE: Object = {
    "id": "resp_1",
    "status": "completed",
    "output": [
        {"type": "message", "id": "msg_1", "role": "assistant", "content": [{"type": "output_text", "text": "Ho"}]}
    ],
}


def test_a_response_is_added_once() -> None:
    office = Office()
    thread_id = office.thread()
    first = added(office, thread_id, RESPONSE, "Hi")
    assert added(office, thread_id, RESPONSE, "Hi") == first
    assert office.in_thread(thread_id) == ["Hi", "Ho"]
    assert added(office, thread_id, {**RESPONSE, "id": "resp_2"})[0]["id"] != first[1]["id"]


@pytest.mark.parametrize(
    ("reason", "why"), [("max_output_tokens", "max_tokens"), ("content_filter", "content_filter"), (None, "max_tokens")]
)
def test_what_was_cut_is_incomplete(reason: str | None, why: str) -> None:
    office = Office()
    thread_id = office.thread()
    output = [{**RESPONSE["output"][0], "status": "incomplete"}]
    cut = {**RESPONSE, "status": "incomplete", "output": output, "incomplete_details": {"reason": reason}}
    (message,) = added(office, thread_id, cut)
    assert (message["status"], message["incomplete_details"]) == ("incomplete", {"reason": why})
    assert (message["completed_at"], message["incomplete_at"]) == (None, 1000)


def test_a_response_that_is_not_over_is_refused() -> None:
    office = Office()
    thread_id = office.thread()
    with pytest.raises(errors.APIError, match="'queued'") as refused:
        added(office, thread_id, {**RESPONSE, "status": "queued"})
    assert refused.value.param == "response.status"


@pytest.mark.parametrize(
    "response", [{**RESPONSE, "conversation": {"id": "conv_other"}}, {**RESPONSE, "status": "incomplete"}]
)
def test_what_is_not_in_the_conversation_goes_there(response: Object) -> None:
    office = Office()
    thread_id = office.thread("one")
    id = office.mirror(thread_id)["id"]
    added(office, thread_id, {"conversation": {"id": id}, **response}, "Hi")
    assert office.mirror(thread_id)["sent"] == 2
    assert office.in_thread(thread_id) == office.in_conversation(id) == ["one", "Hi", "Ho"]


def test_what_a_thread_has_no_place_for_is_told() -> None:
    office = Office()
    thread_id = office.thread()
    added(office, thread_id, RESPONSE, [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}])
    assert office.warned == ["input"]
    assert office.in_thread(thread_id) == ["Hi", "Ho"]


@pytest.mark.parametrize(("last", "texts"), [(None, "abc"), (1, "ac"), (2, "abc"), (3, "abc")])
def test_input_may_be_limited(last: int | None, texts: Iterable[str]) -> None:
    office = Office()
    thread_id = office.thread(*"abc")
    query = {} if last is None else {"last_messages": last}
    data = office.play(native.input_items(office.context(), thread_id, query))["data"]
    assert [item["content"][0]["text"] for item in data] == list(texts)


def test_the_stored_form_is_json_and_comes_back() -> None:
    mirror = Mirror("conv_1", 3, ("m",), ("a", "b"), ("c",), 4, ("i",), {"through": 5, "until": 1.5})
    assert Mirror.of(mirror.stored()) == mirror
    office = Office()
    thread_id = office.thread()
    office.store.commit(Commit((Amend(Thread, thread_id, {"conversation": mirror.stored()}),))).result()
    assert office.stored(thread_id) == mirror
