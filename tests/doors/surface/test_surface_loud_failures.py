"""The setting `loud_failures`: retrieving a run that failed is an error, so that no loop waits for it for ever."""

from __future__ import annotations

import time
from typing import Any

import openai
import pytest

from doors.surface.places import Place, outputs
from doors.surface.shapes import names, streamed

ERROR = {"code": "rate_limit_exceeded", "message": "Rate limit reached."}
WAY_OUT = (
    "It is an error to ask for it because the setting loud_failures is on; BRIDGE_LOUD_FAILURES=off answers with the "
    "run instead."
)
ENDS = [
    # the run's end => code, how it is told
    (
        {"status": "failed", "last_error": ERROR},
        "rate_limit_exceeded",
        "'failed' (rate_limit_exceeded: Rate limit reached.)",
    ),
    ({"status": "failed"}, "failed", "'failed'"),
    ({"status": "expired"}, "expired", "'expired'"),
    (
        {"status": "incomplete", "incomplete_details": {"reason": "max_completion_tokens"}},
        "incomplete",
        "'incomplete' (max_completion_tokens)",
    ),
    ({"status": "incomplete", "incomplete_details": {"reason": None}}, "incomplete", "'incomplete'"),
]


@pytest.fixture
def settings() -> dict[str, str]:
    return {"BRIDGE_LOUD_FAILURES": "on"}


@pytest.mark.parametrize(("end", "code", "told"), ENDS, ids=[f"{end['status']}-{code}" for end, code, _ in ENDS])
def test_a_run_that_failed_is_an_error(place: Place, end: dict[str, Any], code: str, told: str) -> None:
    run = place.run_in(**end)
    with pytest.raises(openai.BadRequestError) as caught:
        place.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id)
    message = f"Run {run.id} ended as {told}. {WAY_OUT}"
    assert caught.value.body == {"message": message, "type": "invalid_request_error", "param": None, "code": code}


def test_the_loop_that_knows_no_other_end_is_left(place: Place) -> None:
    assistant, thread = place.assistant(), place.thread("crash")
    run = place.beta.threads.runs.create(thread.id, assistant_id=assistant.id)
    deadline = time.monotonic() + 15
    with pytest.raises(openai.BadRequestError, match=rf"Run {run.id} ended as 'failed' \(server_error: The model"):
        while run.status != "completed" and time.monotonic() < deadline:
            time.sleep(0.02)
            run = place.beta.threads.runs.retrieve(run.id, thread_id=thread.id)


def test_polling_helpers_raise(place: Place) -> None:
    with pytest.raises(openai.BadRequestError, match="ended as 'failed'"):
        place.run("crash")
    run = place.beta.threads.runs.create(place.thread("long story").id, assistant_id=place.assistant().id)
    with pytest.raises(openai.BadRequestError, match="ended as 'incomplete'"):
        place.beta.threads.runs.poll(run.id, thread_id=run.thread_id)


@pytest.mark.parametrize("status", ["completed", "cancelled", "in_progress", "cancelling"])
def test_other_runs_are_answered(place: Place, status: str) -> None:
    run = place.run_in(status)
    assert place.beta.threads.runs.retrieve(run.id, thread_id=run.thread_id).status == status


def test_tool_calls_go_on_as_ever(place: Place) -> None:
    run = place.asking()
    done = place.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=run.thread_id, tool_outputs=outputs(run)
    )
    assert done.status == "completed"


def test_lists_and_streams_tell_it_as_before(place: Place) -> None:
    run = place.run_in("failed", last_error=ERROR)
    (listed,) = place.beta.threads.runs.list(run.thread_id).data
    assert (listed.status, listed.last_error.message) == ("failed", "Rate limit reached.")
    assert place.beta.threads.runs.steps.list(run_id=run.id, thread_id=run.thread_id).data == []
    changed = place.beta.threads.runs.update(run.id, thread_id=run.thread_id, metadata={"seen": "yes"})
    assert changed.status == "failed"
    assistant, thread = place.assistant(), place.thread("crash")
    events = streamed(place, "create", thread_id=thread.id, assistant_id=assistant.id)
    assert names(events)[-2:] == ["thread.run.failed", "done"]
