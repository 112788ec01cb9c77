"""Assistants that files declare: read, compared, applied; what is printed is taken again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from import_help import ASSISTANT, client

from bridge.engine import normalise
from bridge.engine.effects import Commit, Key
from bridge.errors import ConfigurationError, StoreError
from bridge.records import Assistant, Erase, Put
from bridge.store.memory import MemoryStore
from bridge.transfer import applying
from bridge.transfer.declarations import Reader, written
from bridge.transfer.documents import as_yaml, parsed
from bridge.wire.render import rest

LOOK = {"type": "function", "function": {"name": "look"}}
OURS: Any = {"id": "asst_a", "model": "gpt-4o"}


def declared(folder: Path, value: Any, suffix: str = ".yaml", **reader: Any) -> list[Assistant]:
    path = folder / f"assistants{suffix}"
    path.write_text(
        value if isinstance(value, str) else yaml.safe_dump(value) if suffix == ".yaml" else json.dumps(value)
    )
    return [each.assistant for each in Reader(**reader).file(path)]


def plain(id: str = "asst_a", **more: Any) -> Assistant:
    return normalise.new_assistant({"model": "gpt-4o", **more}, id, 0)


FORMS: list[tuple[str, Any, list[Assistant]]] = [
    ("one", OURS, [plain()]),
    ("a list", [OURS, {**OURS, "id": "asst_b"}], [plain(), plain("asst_b")]),
    ("a table", {"assistants": [OURS]}, [plain()]),
    ("all fields", {**OURS, "name": "A", "tools": [LOOK], "temperature": 0, "metadata": {"k": "v"}},
     [plain(name="A", tools=[LOOK], temperature=0, metadata={"k": "v"})]),
    ("nulls", {**OURS, "name": None, "tools": []}, [plain()]),
    ("a time", {**OURS, "created_at": 7}, [evolve(plain(), created_at=7)]),
    ("an object of the API", {**ASSISTANT, "id": "asst_a"}, []),
    ("a page", {"object": "list", "data": [{**ASSISTANT, "id": "asst_a"}], "has_more": False}, []),
    ("pages", [[{**ASSISTANT, "id": "asst_a"}]], []),
]  # fmt: skip


@pytest.mark.parametrize(("value", "expected"), [each[1:] for each in FORMS], ids=[each[0] for each in FORMS])
@pytest.mark.parametrize("suffix", [".yaml", ".json"])
def test_the_forms_of_a_file(tmp_path: Path, value: Any, expected: list[Assistant], suffix: str) -> None:
    found = declared(tmp_path, value, suffix)
    if expected:
        assert found == expected
    else:
        assert [rest(each) for each in found] == [{**ASSISTANT, "id": "asst_a"}]


def test_toml_and_instructions_of_a_file(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts" / "a.md").write_text("Be kind.\nBe brief.\n")
    text = '[[assistants]]\nid = "asst_a"\nmodel = "gpt-4o"\ninstructions_file = "prompts/a.md"\n'
    assert declared(tmp_path, text, ".toml") == [plain(instructions="Be kind.\nBe brief.")]


NOTHING = {"type": "object", "properties": {}}
PROMPT: Any = {
    "id": "pmpt_1",
    "object": "prompt",
    "version": "3",
    "model": "gpt-4o",
    "instructions": "Be kind.",
    "tools": [
        {"type": "function", "name": "look", "parameters": NOTHING, "strict": True},
        {"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 5},
    ],
    "reasoning": {"effort": "low", "summary": None},
    "store": True,
    "temperature": 0.5,
}
PROMPTS: list[tuple[Any, Any]] = [
    (PROMPT, {"instructions": "Be kind.", "reasoning_effort": "low", "temperature": 0.5, "tools": [
        {"type": "function", "function": {"name": "look", "parameters": NOTHING, "strict": True}},
        {"type": "file_search", "file_search": {"max_num_results": 5}},
    ], "tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}}}),
    ({"id": "pmpt_1", "prompt": {"model": "gpt-4o", "instructions": "Hm."}}, {"instructions": "Hm."}),
    ({"id": "pmpt_1", "model": "gpt-4o", "text": {"format": {"type": "text"}}}, {}),
    ({"id": "pmpt_1", "model": "gpt-4o", "text": {"format": {"type": "json_schema", "name": "x", "schema": {}}}},
     {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": {}}}}),
]  # fmt: skip


@pytest.mark.parametrize(("prompt", "expected"), PROMPTS)
def test_a_prompt_becomes_an_assistant(tmp_path: Path, prompt: Any, expected: Any) -> None:
    assert declared(tmp_path, prompt, ".json", id="asst_a") == [plain(**expected)]


WRONG: list[tuple[Any, str]] = [
    ({"model": "gpt-4o"}, "it has no `id` \\(asst_…\\); give it one, or say --id"),
    ({"id": "a", "model": "gpt-4o"}, "'a' is no id of an assistant: it begins with asst_"),
    ({"id": "asst_a"}, "Missing required parameter: 'model'."),
    ({**OURS, "modell": "x"}, "Unknown parameter: 'modell'. Did you mean 'model'?"),
    ({**OURS, "temperature": 3}, "Invalid 'temperature': decimal above maximum value"),
    ({**OURS, "tools": [{"type": "magic"}]}, "Invalid value: 'magic'"),
    ({**OURS, "created_at": "now"}, "created_at is a number of Unix seconds"),
    ({**OURS, "instructions": "x", "instructions_file": "y"}, "exclude each other"),
    ({**OURS, "instructions_file": "nowhere.md"}, "nowhere.md cannot be read"),
    ({**OURS, "tools": [{"type": "file_search"}], "response_format": {"type": "json_object"}}, "json_object"),
    (
        {**OURS, "tools": [{"type": "file_search"}], "tool_resources": {"file_search": {"vector_stores": [{}]}}},
        "must name vector stores by their ids",
    ),
    ([OURS, OURS], "assistant 2: asst_a is declared twice"),
    ([OURS, {"id": "asst_b"}], "assistant 2: Missing required parameter: 'model'."),
    ([], "declares no assistant"),
    (["x"], "an assistant is a mapping, not str"),
    ({**PROMPT, "messages": [{"role": "developer"}]}, "no place for its `messages`"),
    ({**PROMPT, "tools": [{"type": "mcp"}]}, "it cannot be made an assistant: tool"),
    ({**ASSISTANT, "model": None}, "model: Input should be a valid string"),
]


@pytest.mark.parametrize(("value", "said"), WRONG)
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path, value: Any, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as caught:
        declared(tmp_path, value, ".json", id="asst_a" if value and "prompt" in str(value) else None)
    assert str(tmp_path) in str(caught.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    for name, text in (("a.yaml", "a: [1"), ("a.json", "{"), ("a.toml", "=")):
        (tmp_path / name).write_text(text)
        with pytest.raises(ConfigurationError, match=f"{name} cannot be read"):
            Reader().file(tmp_path / name)
    with pytest.raises(ConfigurationError, match="No such file"):
        Reader().file(tmp_path / "none.yaml")


def test_vector_stores_under_new_ids(tmp_path: Path) -> None:
    searched = {
        **OURS,
        "tools": [{"type": "file_search"}],
        "tool_resources": {"file_search": {"vector_store_ids": ["vs_1"]}},
    }
    for value in (searched, {**ASSISTANT, **searched}):
        (found,) = declared(tmp_path, value, stores={"vs_1": "vs_2"})
        assert found.tool_resources == {"file_search": {"vector_store_ids": ["vs_2"]}}


# --- applying


def planned(store: Any, *values: Any) -> list[applying.Planned]:
    return applying.plan(Reader().values(list(values), Path("here.yaml")), store)


def stored(store: Any, id: str) -> Any:
    return store.load([Key(Assistant, id)])[0]


def test_what_is_applied_is_there_and_once_more_changes_nothing() -> None:
    store = MemoryStore()
    files = {**OURS, "instructions": "Be kind."}, {**ASSISTANT}
    first = planned(store, *files)
    assert [each.word for each in first] == ["new", "new"]
    applying.apply(first, store, 100.5)
    assert stored(store, "asst_a") == evolve(plain(instructions="Be kind."), created_at=100)
    assert stored(store, "asst_old1").created_at == ASSISTANT["created_at"]
    again = planned(store, *files)
    assert [each.word for each in again] == ["same", "same"]
    applying.apply(again, store, 200.0)
    assert stored(store, "asst_a").created_at == 100


def test_what_a_file_leaves_out_goes_back_to_its_default() -> None:
    store = MemoryStore()
    applying.apply(planned(store, {**OURS, "name": "A", "metadata": {"k": "v"}, "tools": [LOOK]}), store, 100)
    (one,) = planned(store, {**OURS, "name": "B"})
    assert one.word == "changed"
    assert [line for line in one.lines() if line[0] in "+-"] == [
        "-name: A",
        "+name: B",
        "-tools:",
        "-- type: function",
        "-  function:",
        "-    name: look",
        "-    parameters:",
        "-      type: object",
        "-      properties: {}",
        "-    strict: false",
        "-metadata:",
        "-  k: v",
    ]
    applying.apply([one], store, 200)
    assert stored(store, "asst_a") == evolve(plain(name="B"), created_at=100)


def test_an_assistant_that_was_made_or_deleted_meanwhile_stops_it_all() -> None:
    store = MemoryStore()
    new = planned(store, OURS, {**OURS, "id": "asst_b"})
    store.commit(Commit((Put(plain("asst_b"), is_new=True),))).result()
    with pytest.raises(StoreError, match="nothing was applied"):
        applying.apply(new, store, 100)
    assert stored(store, "asst_a") is None
    changed = planned(store, {**OURS, "id": "asst_b", "name": "B"})
    store.commit(Commit((Erase(Assistant, "asst_b"),))).result()
    with pytest.raises(StoreError, match="nothing was applied"):
        applying.apply(changed, store, 100)


TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
TEXTS = TEXT | st.sampled_from(["a\nb", " a \n\n b", "yes", "null", "1", "- a", "a: b", "#", "{}", "\ta\n", "é\n"])


@settings(max_examples=40)
@given(
    name=st.none() | TEXTS,
    instructions=st.none() | TEXTS,
    metadata=st.dictionaries(TEXT, TEXTS, max_size=3),
    temperature=st.none() | st.floats(0, 2),
    tools=st.lists(st.sampled_from([LOOK, {"type": "file_search"}, {"type": "code_interpreter"}]), max_size=3),
    created_at=st.integers(1, 2**40),
)
def test_what_is_shown_is_taken_again(created_at: int, **given: Any) -> None:
    assistant = normalise.new_assistant({"model": "gpt-4o", **given}, "asst_a", created_at)
    shown = as_yaml(written(assistant))
    (found,) = Reader().values(parsed(shown, ".yaml"), Path("shown.yaml"))
    assert found.assistant == assistant


def test_what_an_import_brought_is_the_same_when_it_is_shown_and_applied() -> None:
    """It is stored as it was exported, which the API would have normalised."""
    store = MemoryStore()
    short = {**ASSISTANT, "tools": [LOOK, {"type": "file_search"}], "top_p": None}
    applying.apply(planned(store, short), store, 1)
    shown = parsed(as_yaml(written(stored(store, "asst_old1"))), ".yaml")
    assert [each.word for each in planned(store, shown)] == ["same"]


def test_it_answers_through_the_client(tmp_path: Path) -> None:
    store = MemoryStore()
    applying.apply(planned(store, {**OURS, "instructions": "Be kind."}), store, 100)
    with client(store) as api:
        hello: Any = {"messages": [{"role": "user", "content": "Hi"}]}
        run = api.beta.threads.create_and_run_poll(assistant_id="asst_a", thread=hello)
        assert (run.status, run.instructions) == ("completed", "Be kind.")
