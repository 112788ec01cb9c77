"""A thread's entries to items for native code, and native items to what a thread keeps: pairs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.records import Item
from bridge.translate import native
from bridge.upstream.scripted.check_items import check_input
from translate.made import answer, call, item, message, output, raw, said, text, thought

Object = dict[str, Any]
PICTURE = {"type": "image_file", "image_file": {"file_id": "file-1", "detail": "low"}}
SENT_PICTURE = {"type": "input_image", "file_id": "file-1", "detail": "low"}


def called(item_of_ours: Item) -> Object:
    """As it stands in the input: without an id."""
    return {key: value for key, value in item_of_ours.body.items() if key not in ("id", "status")}


A, B = item(call("a", id="fc_a", status="completed")), item(call("b"))
OUT_A, OUT_B = item(output("a")), item(output("b"))
OTHER_A = item(call("a"), run_id="run_2")

TO_RESPONSES: list[tuple[list[Any], list[Object], list[Item]]] = [
    ([], [], []),
    ([message("m", "Hi"), answer("n", "Ho")], [said("Hi"), said("Ho", "assistant")], []),
    ([message("m", "half", role="assistant", status="in_progress")], [], []),
    ([message("m", "Hi"), item(thought()), item(raw("Ho"), message_id="n"), answer("n", "Ho")],
     [said("Hi"), said("Ho", "assistant")], []),
    ([item({"type": "file_search_call", "id": "fs_1"})], [], []),
    ([A, B, OUT_A, OUT_B], [called(A), called(B), output("a"), output("b")], []),
    ([A, message("m", "Hi"), OUT_A], [called(A), said("Hi"), output("a")], []),
    ([A, B, OUT_B], [called(B), output("b")], [A]),
    ([OUT_A, message("m", "Hi")], [said("Hi")], []),
    ([OTHER_A, OUT_A], [], [OTHER_A]),
    ([A, OUT_A, A, OUT_A], [called(A), output("a")] * 2, []),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "items", "waiting"), TO_RESPONSES)
def test_to_responses(entries: list[Any], items: list[Object], waiting: list[Item]) -> None:
    assert native.to_responses(entries) == native.Told(tuple(items), tuple(waiting))


def test_a_call_that_waited_stands_before_its_output() -> None:
    told = native.to_responses([message("m", "Hi"), OUT_A], [A, B])
    assert told == native.Told((said("Hi"), called(A), output("a")), (B,))


def test_long_call_ids_are_shortened_on_both_sides() -> None:
    long = "call_" + "x" * 200
    items = native.to_responses([item(call(long)), item(output(long))]).items
    assert items[0]["call_id"] == items[1]["call_id"] and len(items[0]["call_id"]) <= 64


ENTRY = st.one_of(
    st.sampled_from([message("m", "Hi"), answer("n", "Ho"), answer("p", PICTURE), message("e"), item(thought())]),
    st.builds(lambda id, run: item(call(id + run), run), st.sampled_from("ab"), st.sampled_from(["r", ""])),
    st.builds(lambda id, run: item(output(id + run), run), st.sampled_from("ab"), st.sampled_from(["r", ""])),
)


def once(entries: list[Any]) -> list[Any]:
    """Each call and each output once: no run makes the same call again before it is answered."""
    kept: dict[Any, Any] = {}
    for place, entry in enumerate(entries):
        kept.setdefault((entry.type, entry.call_id) if isinstance(entry, Item) and entry.call_id else place, entry)
    return list(kept.values())


@given(st.lists(ENTRY, max_size=14).map(once), st.lists(st.integers(0, 12), max_size=3))
def test_whatever_is_there_in_whatever_windows_is_valid_input_and_loses_nothing(
    entries: list[Any], cuts: list[int]
) -> None:
    edges = sorted({0, len(entries), *(min(cut, len(entries)) for cut in cuts)})
    items: list[Object] = []
    waiting: tuple[Item, ...] = ()
    for start, end in pairwise(edges):
        told = native.to_responses(entries[start:end], waiting)
        items, waiting = [*items, *told.items], told.waiting
    whole = native.to_responses(entries)
    check_input(items or "nothing")
    assert sorted(map(str, items)) == sorted(map(str, whole.items))
    assert sorted(one.id for one in waiting) == sorted(one.id for one in whole.waiting)


@given(st.permutations([call("a"), call("b"), output("a"), output("b"), said("Hi")]))
def test_calls_of_one_run_are_always_paired(bodies: list[Object]) -> None:
    entries = [message("m", "Hi") if body["type"] == "message" else item(body) for body in bodies]
    check_input(list(native.to_responses(entries).items))


# --- to the thread


def user(*blocks: Object, attachments: tuple[Object, ...] = ()) -> native.Said:
    return native.Said("user", list(blocks), list(attachments))


def assistant(*blocks: Object, is_whole: bool = True) -> native.Said:
    return native.Said("assistant", list(blocks), is_whole=is_whole)


def asked(*parts: Object) -> Object:
    return {"role": "user", "content": list(parts)}


def answered(*annotations: Object) -> Object:
    part = {"type": "output_text", "text": "Look here.", "annotations": list(annotations)}
    return {"type": "message", "id": "msg_1", "role": "assistant", "status": "completed", "content": [part]}


CITED = {"type": "file_citation", "file_id": "file-9", "filename": "a.pdf", "index": 4}
MARKED = {
    "type": "file_citation", "text": "【0:0†a.pdf】", "start_index": 4, "end_index": 15,
    "file_citation": {"file_id": "file-9"},
}  # fmt: skip
URL = "https://example.org/a.png"

TO_ASSISTANTS: list[tuple[Object, list[native.Brought]]] = [
    ({"role": "user", "content": "Hi"}, [user(text("Hi"))]),
    (said("Hi"), [user(text("Hi"))]),
    (said("Ho", "assistant"), [assistant(text("Ho"))]),
    ({"role": "assistant", "content": "Ho"}, [assistant(text("Ho"))]),
    ({**said("Ho", "assistant"), "status": "incomplete"}, [assistant(text("Ho"), is_whole=False)]),
    (asked(SENT_PICTURE), [user(PICTURE)]),
    (asked({"type": "input_image", "image_url": URL}),
     [user({"type": "image_url", "image_url": {"url": URL, "detail": "auto"}})]),
    (asked({"type": "input_file", "file_id": "file-3"}), [user(attachments=({"file_id": "file-3", "tools": []},))]),
    (asked({"type": "input_file", "file_data": "data:…"}), [native.Lost("input_file")]),
    (asked({"type": "input_text", "text": "Hi"}, {"type": "input_audio"}),
     [user(text("Hi")), native.Lost("input_audio")]),
    (answered(CITED), [assistant(text("Look【0:0†a.pdf】 here.", MARKED))]),
    (answered({"type": "url_citation"}), [assistant(text("Look here.")), native.Lost("url_citation")]),
    ({"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]},
     [assistant({"type": "refusal", "refusal": "No."})]),
    ({"role": "assistant", "content": []}, []),
    ({"role": "user", "content": ""}, []),
    (call("a", id="fc_1", status="completed"), [native.Called(call("a"))]),
    (output("a"), [native.Called(output("a"))]),
    (thought(), []),
    ({"type": "file_search_call", "id": "fs_1"}, []),
    ({"role": "developer", "content": "Be kind."}, [native.Lost("a message of another role than user or assistant")]),
    ({"type": "mcp_call", "id": "mcp_1"}, [native.Lost("mcp_call")]),
    ({"type": "x\r\nset-cookie: a"}, [native.Lost("something of no known type")]),
    ({"type": "function_call", "call_id": "a", "name": "f"}, [native.Lost("function_call")]),
    ({"type": "function_call_output", "output": "x"}, [native.Lost("function_call_output")]),
    ({"type": "function_call_output", "call_id": "a", "output": None}, [native.Lost("function_call_output")]),
    ({"role": "user", "content": 5}, []),
]  # fmt: skip


@pytest.mark.parametrize(("given_item", "brought"), TO_ASSISTANTS)
def test_to_assistants(given_item: Object, brought: list[native.Brought]) -> None:
    assert native.to_assistants([given_item]) == [(0, each) for each in brought]


def test_citations_count_the_searches_before_them() -> None:
    search = {"type": "file_search_call", "id": "fs_1"}
    brought = [each for _, each in native.to_assistants([search, answered(CITED), search, answered(CITED)])]
    values = [each.content[0]["text"]["value"] for each in brought if isinstance(each, native.Said)]
    assert values == ["Look【0:0†a.pdf】 here.", "Look【1:0†a.pdf】 here."]


BOTH_WAYS = [
    said("Hi"), said("Ho", "assistant"), asked(SENT_PICTURE) | {"type": "message"},
    {"type": "message", "role": "assistant", "status": "completed", "content": [{"type": "refusal", "refusal": "No."}]},
]  # fmt: skip


@pytest.mark.parametrize("given_item", BOTH_WAYS)
def test_what_came_from_native_code_goes_back_as_it_was(given_item: Object) -> None:
    ((_, brought),) = native.to_assistants([given_item])
    assert isinstance(brought, native.Said)
    kept = message("m", *brought.content, role=brought.role)
    assert native.to_responses([kept]).items == (given_item,)
