"""What users write in tests of their own, as the docstring of bridge.testing shows it."""

from __future__ import annotations

import pytest

import bridge
from bridge import testing
from bridge.testing import MemoryStore, ScriptedUpstream


def test_a_legacy_program_in_a_test_of_its_own() -> None:
    upstream = ScriptedUpstream([{"when": "tea", "say": "Green or black?"}])
    with bridge.OpenAI(upstream=upstream, store=MemoryStore()) as client:
        assistant = client.beta.assistants.create(model="gpt-4o", instructions="Serve.")
        thread = client.beta.threads.create(messages=[{"role": "user", "content": "Some tea, please."}])
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        answer = client.beta.threads.messages.list(thread.id).data[0].content[0].text.value
    assert (run.status, answer) == ("completed", "Green or black?")
    assert [request["instructions"] for request in upstream.requests] == ["Serve."]


def test_each_memory_store_is_a_world_of_its_own() -> None:
    for _ in range(2):
        with bridge.OpenAI(upstream="scripted", store=MemoryStore()) as client:
            client.beta.assistants.create(model="gpt-4o")
            assert len(client.beta.assistants.list().data) == 1


@pytest.mark.parametrize("name", testing.__all__)
def test_each_public_name_is_there(name: str) -> None:
    assert getattr(testing, name).__name__ == name and name in dir(testing)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match=r"module 'bridge\.testing' has no attribute 'nonsense'"):
        _ = testing.nonsense  # type: ignore[attr-defined]
