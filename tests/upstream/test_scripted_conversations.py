"""Conversations of the offline server: what they take, what they keep, and when they are locked."""

from __future__ import annotations

from typing import Any

import pytest
from scripted_help import NO_SHARED, NO_SHARED_REASON, ask, call, output, send, tool, user, validator

from bridge.engine.effects import Send
from bridge.upstream import UpstreamRefused
from bridge.upstream.scripted import ScriptedUpstream

LOCKED = (400, "Another process is currently operating on this conversation. Please retry in a few seconds.")


def conversation(upstream: ScriptedUpstream, *items: Any) -> str:
    return str(send(upstream, "POST", "/conversations", {"items": list(items)})["id"])


def listed(upstream: ScriptedUpstream, id: str, **query: str) -> Any:
    return send(upstream, "GET", f"/conversations/{id}/items", order="asc", **query)


def told(upstream: ScriptedUpstream, id: str) -> list[tuple[str, str]]:
    """Role and text of each message; type and call_id of what is none."""
    return [
        (item["role"], item["content"][0]["text"]) if item["type"] == "message" else (item["type"], item["call_id"])
        for item in listed(upstream, id, limit="100")["data"]
    ]


def respond(upstream: ScriptedUpstream, given: Any, id: str, *tools: Any, **more: Any) -> Any:
    return send(upstream, "POST", "/responses", {**ask(given, *tools, conversation=id, **more), "stream": False})


def test_a_conversation_is_made_shown_changed_and_deleted() -> None:
    upstream = ScriptedUpstream()
    made = send(upstream, "POST", "/conversations", {"metadata": {"a": "b"}})
    path = f"/conversations/{made['id']}"
    assert (made["object"], made["metadata"]) == ("conversation", {"a": "b"})
    assert send(upstream, "POST", path, {"metadata": {"c": "d"}}) == {**made, "metadata": {"c": "d"}}
    assert send(upstream, "DELETE", path) == {"id": made["id"], "object": "conversation.deleted", "deleted": True}
    assert send(upstream, "GET", path) == (404, f"Conversation with id '{made['id']}' not found.")


def test_items_get_ids_and_are_listed_in_order() -> None:
    upstream = ScriptedUpstream()
    id = conversation(upstream, {"role": "user", "content": "one"})
    added = send(
        upstream,
        "POST",
        f"/conversations/{id}/items",
        {"items": [{"role": "assistant", "content": "two"}, call("c", "f"), output("c", "x")]},
    )
    data = listed(upstream, id)["data"]
    assert [item["id"].partition("_")[0] for item in data] == ["msg", "msg", "fc", "fc"]
    assert (added["data"], len({item["id"] for item in data})) == (data[1:], 4)
    assert told(upstream, id) == [
        ("user", "one"), ("assistant", "two"), ("function_call", "c"), ("function_call_output", "c")
    ]  # fmt: skip
    assert [item["id"] for item in listed(upstream, id, after=data[1]["id"], limit="1")["data"]] == [data[2]["id"]]
    assert send(upstream, "GET", f"/conversations/{id}/items/{data[0]['id']}") == data[0]
    assert send(upstream, "DELETE", f"/conversations/{id}/items/{data[0]['id']}")["id"] == id
    assert told(upstream, id)[0] == ("assistant", "two")


TOO_MANY = [{"role": "user", "content": "x"}] * 21
REFUSALS: list[tuple[Any, tuple[int, str]]] = [
    ({"items": TOO_MANY}, (400, "Invalid 'items': array too long. Expected an array with maximum length 20, but")),
    ({}, (400, "Missing required parameter: 'items'.")),
    ({"items": "x"}, (400, "Invalid type for 'items'")),
    ({"items": [], "role": "user"}, (400, "Unknown parameter: 'role'.")),
    ({"items": [{"role": "user", "content": [{"type": "output_text", "text": "x"}]}]}, (400, "Invalid value: 'output")),
    ({"items": [{"type": "item_reference", "id": "msg_1"}]}, (400, "Invalid value: 'item_reference'.")),
    ({"items": [{"role": "user", "content": "x", "id": "abc"}]}, (400, "Invalid 'items[0].id': 'abc'. Expected an ID")),
]


@pytest.mark.parametrize(("body", "refusal"), REFUSALS, ids=[text for _, (_, text) in REFUSALS])
def test_what_it_refuses(body: Any, refusal: tuple[int, str]) -> None:
    upstream = ScriptedUpstream()
    id = conversation(upstream)
    status, message = send(upstream, "POST", f"/conversations/{id}/items", body)
    assert (status, message[: len(refusal[1])]) == refusal
    assert listed(upstream, id)["data"] == []


def test_a_cursor_that_names_no_item_is_refused() -> None:
    upstream = ScriptedUpstream()
    id = conversation(upstream, user("a"))
    assert listed(upstream, id, after="msg_x") == (404, "Item with id 'msg_x' not found.")


# --- responses


def test_a_response_goes_on_from_its_conversation_and_adds_to_it() -> None:
    upstream = ScriptedUpstream([{"when": "two", "say": "deux"}, {"say": "un"}])
    id = conversation(upstream, user("zero"))
    first = respond(upstream, "one", id)
    assert first["conversation"] == {"id": id}
    second = respond(upstream, [user("two")], id, store=False)
    assert told(upstream, id) == [
        ("user", "zero"), ("user", "one"), ("assistant", "un"), ("user", "two"), ("assistant", "deux")
    ]  # fmt: skip
    ids = [item["id"] for item in listed(upstream, id)["data"]]
    assert [ids[2], ids[4]] == [first["output"][0]["id"], second["output"][0]["id"]]
    assert second["usage"]["input_tokens"] > first["usage"]["input_tokens"]


def test_a_call_without_output_makes_the_next_response_fail() -> None:
    upstream = ScriptedUpstream([{"when": "look", "call": "look", "then": [{"say": "seen"}]}])
    id = conversation(upstream)
    called = respond(upstream, "look", id, tool("look"))["output"][0]
    refused = (400, f"No tool output found for function call {called['call_id']}.")
    assert respond(upstream, "and?", id, tool("look")) == refused
    assert respond(upstream, [output(called["call_id"], "x")], id, tool("look"))["status"] == "completed"
    assert [kind for kind, _ in told(upstream, id)] == ["user", "function_call", "function_call_output", "assistant"]


def test_only_what_has_completed_is_in_it() -> None:
    upstream = ScriptedUpstream([{"when": "long", "say": "a b c " * 30}, {"when": "bad", "fail": "no"}, {"say": "x"}])
    id = conversation(upstream)
    assert respond(upstream, "long", id, max_output_tokens=16)["status"] == "incomplete"
    assert respond(upstream, "bad", id)["status"] == "failed"
    assert told(upstream, id) == []


def test_two_states_at_once_are_refused() -> None:
    upstream = ScriptedUpstream()
    id = conversation(upstream)
    status, message = respond(upstream, "a", id, previous_response_id="resp_1")
    assert (status, message.partition(".")[0]) == (400, "Previous response with id 'resp_1' not found")
    first = send(upstream, "POST", "/responses", {**ask("a"), "stream": False})
    status, _ = respond(upstream, "b", id, previous_response_id=first["id"])
    assert status == 400


@pytest.mark.parametrize("leave", [lambda stream: list(stream), lambda stream: stream.close()], ids=["read", "left"])
def test_it_is_locked_while_a_response_is_made(leave: Any) -> None:
    upstream = ScriptedUpstream()
    id = conversation(upstream, user("a"))
    stream = upstream.open(ask("b", conversation=id))
    assert send(upstream, "POST", f"/conversations/{id}/items", {"items": [user("c")]}) == LOCKED
    with pytest.raises(UpstreamRefused) as refused:
        upstream.open(ask("c", conversation=id))
    assert refused.value.refused.code == "conversation_locked"
    leave(stream)
    assert send(upstream, "POST", f"/conversations/{id}/items", {"items": [user("c")]})["object"] == "list"


# --- quirks


def test_lists_may_lack_earlier_answers() -> None:
    upstream = ScriptedUpstream([{"say": "x"}], quirks={"drops_items"})
    id = conversation(upstream)
    for text in ("a", "b", "c"):
        respond(upstream, text, id)
    assert told(upstream, id) == [("user", "a"), ("user", "b"), ("user", "c"), ("assistant", "x")]


def test_every_other_write_may_be_refused() -> None:
    upstream = ScriptedUpstream(quirks={"locked_conversations"})
    id = conversation(upstream)
    answers = [send(upstream, "POST", f"/conversations/{id}/items", {"items": [user("a")]}) for _ in range(4)]
    assert [answer == LOCKED for answer in answers] == [True, False, True, False]


def test_a_server_may_have_none() -> None:
    upstream = ScriptedUpstream(quirks={"no_conversations"})
    assert send(upstream, "POST", "/conversations", {}) == (404, "Invalid URL (POST /v1/conversations)")
    assert respond(upstream, "a", "conv_1")[0] == 404


@pytest.mark.skipif(NO_SHARED, reason=NO_SHARED_REASON)
def test_the_objects_are_those_of_the_description() -> None:
    upstream = ScriptedUpstream([{"say": "x"}])
    made = send(upstream, "POST", "/conversations", {"items": [user("a")]})
    respond(upstream, [user("b"), call("c", "f"), output("c", "x")], made["id"])
    for schema, shown in (("ConversationResource", made), ("ConversationItemList", listed(upstream, made["id"]))):
        assert [error.message for error in validator(schema).iter_errors(shown)] == []


def test_every_call_is_noted() -> None:
    upstream = ScriptedUpstream()
    upstream.send(Send("POST", "/conversations", {}))
    assert upstream.sent == ["POST /conversations"]
