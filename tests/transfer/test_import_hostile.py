"""Whatever an export holds, an import ends with a report, and what it brought can be asked for and run on."""

from __future__ import annotations

import copy
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from import_help import ASSISTANT, answer, bring, called, export, function, made, message, run, step

from bridge.calls import Call
from bridge.errors import ConfigurationError
from bridge.service import Service
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream
from bridge.transfer.leaving.exported import HEADERS, exported

CODE = {"id": "call_ci", "type": "code_interpreter", "code_interpreter": {"input": "1", "outputs": []}}
SEARCH = {"id": "call_fs", "type": "file_search", "file_search": {"ranking_options": None, "results": []}}
STEPS = [step("1", "1", called(function("call_1", "x"), CODE, SEARCH)), step("2", "1", made("b"))]
GIVEN = {
    **export(message("a"), answer("b", "1"), runs=[run("1", steps=STEPS)]),
    "assistants": [{**ASSISTANT, "tools": [*ASSISTANT["tools"], {"type": "file_search"}]}],
}  # type: ignore[dict-item]
VALUES: list[Any] = [
    *(None, True, 5, -1, 2**70, 1.5, "x", "in_progress", [], [1], ["x"], [{}], {}),
    *(
        {"type": "text"},
        {"id": "x"},
        {"x": {"y": 1}},
        [{"type": "function"}],
        [{"type": "file_search", "file_search": 5}],
    ),
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The paths of all values within, of ids none: objects are to be found again."""
    pairs = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    inner = [(*path, key) for key, _ in pairs if key not in ("id", "thread_id", "object", "thread")]
    return inner + [each for key, one in pairs for each in places(one, (*path, key))]


PLACES = places(GIVEN)
assert len(PLACES) > 100


def changed(path: tuple[Any, ...], value: Any) -> Any:
    whole = copy.deepcopy(GIVEN)
    inner: Any = whole
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return whole


@pytest.mark.slow
@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_any_value_at_any_place(path: tuple[Any, ...]) -> None:
    for value in VALUES:
        check(path, value)


def check(path: tuple[Any, ...], value: Any) -> None:
    store = MemoryStore()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "export.json"
        file.write_text(json.dumps(changed(path, value)))
        counts, _ = bring(file, store)
        again, _ = bring(file, store)
    assert all(n == 0 for each in again.values() for what, n in each.items() if what in ("new", "differs"))
    service = Service(store, ScriptedUpstream([{"say": "Yes."}]))
    try:
        exported(service, "thread_old1")
    except ConfigurationError:
        assert counts["thread"]["new"] == 0
        return
    asked: Any = {"role": "user", "content": "Go on"}
    said = service.call(Call("POST", "/threads/thread_old1/messages", (), HEADERS, json.dumps(asked).encode()))
    assert said.status == 200, said.body
    body = json.dumps({"assistant_id": "asst_old1", "stream": True}).encode()
    done = service.call(Call("POST", "/threads/thread_old1/runs", (), HEADERS, body))
    if done.stream is None:
        assert done.status == 404 and counts["assistant"]["new"] == 0, done.body
        return
    told = b"".join(done.stream)
    assert b"thread.run.completed" in told or b"thread.run.failed" in told
    assert b"The server had an error" not in told
