"""The four lists: cursors, orders, limits, empty pages, auto-paging (assistants-wire §1.4)."""

from __future__ import annotations

from typing import Any

import openai
import pytest

from doors.surface import sdk
from doors.surface.places import Place, outputs
from doors.surface.shapes import EMPTY_LIST, LIST, raw


def texts(page: Any) -> list[str]:
    return [message.content[0].text.value for message in page]


@pytest.fixture
def thread(place: Place) -> Any:
    """A thread with messages m1 to m5, all of one second or two."""
    return place.thread("m1", "m2", "m3", "m4", "m5")


@pytest.fixture
def ids(place: Place, thread: Any) -> dict[str, str]:
    page = place.beta.threads.messages.list(thread.id)
    return {message.content[0].text.value: message.id for message in page.data}


def test_empty_lists_have_null_ids(place: Place) -> None:
    thread = place.thread()
    for resource in (place.beta.threads.messages, place.beta.threads.runs):
        assert raw(resource.with_raw_response.list(thread.id)) == EMPTY_LIST


def test_a_page_names_its_first_and_last(place: Place, thread: Any, ids: dict[str, str]) -> None:
    page = raw(place.beta.threads.messages.with_raw_response.list(thread.id, limit=2))
    assert list(page) == LIST
    assert (page["first_id"], page["last_id"], page["has_more"]) == (ids["m5"], ids["m4"], True)


PAGES = [
    ({}, "m5 m4 m3 m2 m1", False),
    ({"order": "asc"}, "m1 m2 m3 m4 m5", False),
    ({"limit": 2}, "m5 m4", True),
    ({"limit": 5}, "m5 m4 m3 m2 m1", False),
    ({"after": "m4"}, "m3 m2 m1", False),
    ({"after": "m4", "limit": 1}, "m3", True),
    ({"after": "m1"}, "", False),
    ({"after": "m2", "order": "asc", "limit": 2}, "m3 m4", True),
    ({"before": "m4", "limit": 1}, "m5", False),
    ({"before": "m3"}, "m5 m4", False),
    ({"before": "m5"}, "", False),
    ({"before": "m1", "limit": 2}, "m3 m2", True),
]


@pytest.mark.parametrize(("query", "expected", "has_more"), PAGES, ids=lambda value: str(value) or "none")
def test_a_page(
    place: Place, thread: Any, ids: dict[str, str], query: dict[str, Any], expected: str, has_more: bool
) -> None:
    asked = {name: ids.get(value, value) if isinstance(value, str) else value for name, value in query.items()}
    page = place.beta.threads.messages.list(thread.id, **asked)
    assert texts(page.data) == expected.split()
    assert page.has_more is has_more


def test_an_unknown_cursor_is_not_found(place: Place, thread: Any) -> None:
    with pytest.raises(openai.NotFoundError, match="No message found with id 'msg_nope'"):
        place.beta.threads.messages.list(thread.id, after="msg_nope")


def test_iterating_a_page_reads_all_the_others(place: Place, thread: Any) -> None:
    before = len(place.client.requests)
    assert texts(place.beta.threads.messages.list(thread.id, limit=2)) == ["m5", "m4", "m3", "m2", "m1"]
    assert len(place.client.requests) - before == 3 + (not sdk.READS_HAS_MORE)  # else until a page is empty


def test_pages_lead_to_each_other(place: Place, thread: Any) -> None:
    page = place.beta.threads.messages.list(thread.id, limit=4, order="asc")
    assert page.has_next_page()
    page = page.get_next_page()
    assert texts(page.data) == ["m5"]
    assert not page.has_next_page() or not sdk.READS_HAS_MORE


def test_a_list_is_iterated_over_all_its_pages_without_awaiting_it(place: Place, thread: Any) -> None:
    sdk: Any = place.client.sdk
    pages = sdk.beta.threads.messages.list(thread.id, limit=2)

    async def collected() -> list[Any]:
        return [message async for message in pages]

    found = place.client.loop.run(collected()) if place.client.is_async else list(pages)
    assert texts(found) == ["m5", "m4", "m3", "m2", "m1"]


def test_assistants_are_listed_newest_first(place: Place) -> None:
    made = [place.assistant(name=name).id for name in "abc"]
    page = place.beta.assistants.list(limit=2)
    assert [assistant.id for assistant in page.data] == [made[2], made[1]]
    after = place.beta.assistants.list(limit=1, after=made[1])
    assert [assistant.id for assistant in after.data] == [made[0]]


def test_messages_of_a_run_alone(place: Place) -> None:
    first = place.run("Hello")
    place.beta.threads.messages.create(first.thread_id, role="user", content="Again")
    second = place.beta.threads.runs.create_and_poll(thread_id=first.thread_id, assistant_id=first.assistant_id)
    page = place.beta.threads.messages.list(first.thread_id, run_id=second.id)
    assert texts(page.data) == ["You said: Again"]
    assert {message.run_id for message in page.data} == {second.id}


def test_runs_and_steps_are_paged(place: Place) -> None:
    run = place.asking("weather twice")
    while run.status == "requires_action":
        run = place.beta.threads.runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run)
        )
    steps = place.beta.threads.runs.steps
    page = steps.list(run.id, thread_id=run.thread_id, limit=2)
    assert [step.type for step in page.data] == ["message_creation", "tool_calls"] and page.has_more
    every = list(steps.list(run.id, thread_id=run.thread_id, limit=2, order="asc"))
    assert [step.type for step in every] == ["tool_calls", "tool_calls", "message_creation"]
    again = place.beta.threads.runs.create_and_poll(thread_id=run.thread_id, assistant_id=run.assistant_id)
    assert [each.id for each in place.beta.threads.runs.list(run.thread_id)] == [again.id, run.id]
    assert [each.id for each in place.beta.threads.runs.list(run.thread_id, limit=1)] == [again.id, run.id]
