"""What the upstream cannot do: refused or told where the run is made, and left out of what a leg asks."""

from __future__ import annotations

import pytest

from bridge.engine.effects import Refused
from bridge.engine.flows import legs, messages, runs
from bridge.errors import APIError
from bridge.profiles import GENERIC, OGX, TRANSFORMERS, VLLM, Profile
from bridge.records import Run
from engine.stage import COMPLETED, CREATED, Stage

SEARCH, CODE = {"type": "file_search"}, {"type": "code_interpreter"}
STORE = {"file_search": {"vector_store_ids": ["vs_1"]}}
IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}
FILE = {"type": "image_file", "image_file": {"file_id": "file-a"}}
ATTACHED = {"role": "user", "content": "Hi", "attachments": [{"file_id": "file-a", "tools": [SEARCH]}]}
NO_FILES = Profile("fileless", files=False)


@pytest.fixture
def stage():
    return Stage()


def create(stage, profile, tools=(), resources=None, **given):
    thread_id = stage.thread("Hi")
    assistant_id = stage.assistant(*tools, **({"tool_resources": resources} if resources else {}))
    asked = {"assistant_id": assistant_id, **given}
    return stage.play(runs.create(stage.context(profile=profile), thread_id, asked, {}))


REFUSED = [
    (VLLM, [CODE], None, {}, "tools[0].type", "code_interpreter"),
    (OGX, [SEARCH, CODE], None, {}, "tools[1].type", "code_interpreter"),
    (VLLM, [SEARCH], STORE, {}, "tools[0].type", "file_search"),
    (VLLM, [SEARCH], None, {"additional_messages": [ATTACHED]}, "tools[0].type", "file_search"),
    (VLLM, [], None, {"additional_messages": [{"role": "user", "content": [IMAGE]}]}, "additional_messages", "Images"),
    (
        NO_FILES,
        [],
        None,
        {"additional_messages": [{"role": "user", "content": [FILE]}]},
        "additional_messages",
        "Images",
    ),
]


@pytest.mark.parametrize(("profile", "tools", "resources", "given", "param", "what"), REFUSED)
def test_what_would_come_to_nothing_is_refused(stage, profile, tools, resources, given, param, what):
    with pytest.raises(APIError) as caught:
        create(stage, profile, tools, resources, **given)
    error = caught.value
    assert (error.status, error.param) == (400, param)
    assert what in error.message and f"'{profile.name}'" in error.message and "BRIDGE_PROFILE=generic" in error.message
    assert not [change for change in stage.told if isinstance(getattr(change, "record", None), Run)]


TAKEN = [
    (GENERIC, [SEARCH, CODE], STORE, {}),
    (OGX, [SEARCH], STORE, {}),
    (VLLM, [SEARCH], None, {}),  # nothing to search: it is not sent
    (NO_FILES, [], None, {"additional_messages": [{"role": "user", "content": [IMAGE]}]}),
    (VLLM, [], None, {"additional_messages": [{"role": "user", "content": "words"}]}),
]


@pytest.mark.parametrize(("profile", "tools", "resources", "given"), TAKEN)
def test_what_may_work_is_taken(stage, profile, tools, resources, given):
    assert create(stage, profile, tools, resources, **given).run.status == "queued"
    assert stage.warned == []


def test_images_that_are_on_the_thread_are_found(stage):
    thread_id, assistant_id = stage.thread("Hi"), stage.assistant()
    stage.play(messages.create(stage.context(), thread_id, {"role": "user", "content": [IMAGE]}))
    for number in range(120):
        stage.play(messages.create(stage.context(), thread_id, {"role": "user", "content": str(number)}))
    with pytest.raises(APIError, match="Images") as caught:
        stage.play(runs.create(stage.context(profile=VLLM), thread_id, {"assistant_id": assistant_id}, {}))
    assert caught.value.param == "thread_id"


def test_images_of_a_thread_that_is_made_with_its_run(stage):
    thread = {"messages": [{"role": "user", "content": [IMAGE]}]}
    asked = {"assistant_id": stage.assistant(), "thread": thread}
    with pytest.raises(APIError, match="Images") as caught:
        stage.play(runs.create_with_thread(stage.context(profile=VLLM), asked, {}))
    assert caught.value.param == "thread"


def test_what_is_not_sent_is_told_and_not_sent(stage):
    run = create(stage, TRANSFORMERS, tool_choice="required", metadata={"a": "b"}, temperature=0.5).run
    assert stage.warned == ["tool_choice", "metadata"]
    stage.hear(CREATED, COMPLETED)
    stage.play(legs.leg(stage.context(profile=TRANSFORMERS), run))
    assert set(stage.sent[0]) == {"model", "input", "stream", "tools", "temperature"}
    assert stage.sent[0]["stream"] is True


def test_what_was_learnt_is_told_with_the_next_run(stage):
    for warned in ([], ["temperature"]):
        run = create(stage, GENERIC, temperature=0.5).run
        assert stage.warned == warned
        if not warned:
            stage.inbox.append(Refused(400, "x", "unsupported_parameter", param="temperature"))
        stage.hear(CREATED, COMPLETED)
        stage.play(legs.leg(stage.context(), run))
        assert stage.run(run).status == "completed"
    assert ["temperature" in request for request in stage.sent] == [True, False, False]


REASONING = {"model": "o3", "reasoning_effort": "minimal"}


def test_encrypted_reasoning_is_not_asked_of_a_server_without_it(stage):
    for profile, asked in ((GENERIC, True), (VLLM, False)):
        run = create(stage, profile, model="o3").run
        stage.hear(CREATED, COMPLETED)
        stage.play(legs.leg(stage.context(profile=profile), run))
        assert ("include" in stage.sent[-1]) is asked


def test_an_effort_that_a_model_refuses_is_left_out(stage):
    message = "Unsupported value: 'minimal' is not supported with the 'o3' model."
    run = create(stage, GENERIC, **REASONING).run
    stage.inbox.append(Refused(400, message, "unsupported_value", param="reasoning.effort"))
    stage.hear(CREATED, COMPLETED)
    stage.play(legs.leg(stage.context(), run))
    assert [request.get("reasoning") for request in stage.sent] == [{"effort": "minimal"}, None]
    create(stage, GENERIC, **REASONING)
    assert stage.warned == ["reasoning_effort"]
