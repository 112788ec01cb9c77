"""Output items and the tool calls of steps: pairs."""

from __future__ import annotations

from typing import Any

import pytest

from bridge.translate import Untranslatable, steps

Object = dict[str, Any]

RANKING = {"ranker": "default_2024_08_21", "score_threshold": 0.0}


def function(output: str | None = None) -> Object:
    return {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}", "output": output}}


def asked(**fields: Any) -> Object:
    return {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}", **fields}


def ran(code: str | None, outputs: Any) -> Object:
    return {"id": "ci_1", "type": "code_interpreter_call", "code": code, "container_id": "cntr_1", "outputs": outputs}


def interpreted(code: str, *outputs: Object) -> Object:
    shown = {"input": code, "outputs": list(outputs)}
    return {"id": "ci_1", "type": "code_interpreter", "code_interpreter": shown}


def searched(results: Any) -> Object:
    return {"id": "fs_1", "type": "file_search_call", "queries": ["q"], "results": results}


def found(*results: Object) -> Object:
    shown = {"ranking_options": RANKING, "results": list(results)}
    return {"id": "fs_1", "type": "file_search", "file_search": shown}


def result(score: Any) -> Object:
    return {"file_id": "file-1", "filename": "a.txt", "score": score, "text": "Pizza.", "attributes": {"k": "v"}}


def shown(score: float) -> Object:
    content = [{"type": "text", "text": "Pizza."}]
    return {"file_id": "file-1", "file_name": "a.txt", "score": score, "attributes": {"k": "v"}, "content": content}


BACKWARDS: list[tuple[Object, Object]] = [
    (asked(id="fc_1", status="completed", namespace="n"), function()),
    ({"type": "function_call", "id": "call_1", "name": "look", "arguments": "{}"}, function()),
    (ran("1+1", None), interpreted("1+1")),
    (ran(None, []), interpreted("")),
    (ran("1+1", [{"type": "logs", "logs": "2"}]), interpreted("1+1", {"type": "logs", "logs": "2"})),
    (ran("plot()", [{"type": "image", "url": "u"}, {"type": "video"}]), interpreted("plot()")),
    (searched(None), found()),
    (searched([result(0.5)]), found(shown(0.5))),
    (searched([result(1.48), result(-0.1), result("high")]), found(shown(1.0), shown(0.0), shown(0.0))),
    (searched([{}]), found({"file_id": "", "file_name": "", "score": 0.0, "attributes": {}, "content": []})),
]


@pytest.mark.parametrize(("item", "call"), BACKWARDS)
def test_to_assistants(item: Object, call: Object) -> None:
    assert steps.to_assistants(item) == call


def test_images_are_the_files_that_stand_for_them() -> None:
    logs: Object = {"type": "logs", "logs": "done"}
    image: Object = {"type": "image", "image": {"file_id": "file-9"}}
    item = ran("plot()", [logs, {"type": "image", "url": "u"}])
    assert steps.to_assistants(item, images=["file-9"]) == interpreted("plot()", logs, image)


def test_ranking_options_are_the_run_s_where_it_has_any() -> None:
    given = {"ranker": "auto", "score_threshold": 0.5}
    assert steps.to_assistants(searched(None), ranking_options=given)["file_search"]["ranking_options"] == given


def test_key_order_is_the_wire_s() -> None:
    (told,) = steps.to_assistants(searched([result(0.5)]))["file_search"]["results"]
    assert list(told) == ["file_id", "file_name", "score", "attributes", "content"]
    assert list(steps.to_assistants(asked())["function"]) == ["name", "arguments", "output"]


def test_ranking_options_of_the_tool() -> None:
    given = {"ranker": "auto", "score_threshold": 0.5}
    assert steps.to_assistants(searched([]), ranking_options=given)["file_search"]["ranking_options"] == given


def test_hosted_calls_as_they_begin() -> None:
    assert steps.hosted_call("code_interpreter", "ci_1") == interpreted("")
    assert steps.hosted_call("file_search", "fs_1") == found()


FORWARDS: list[tuple[Object, list[Object]]] = [
    (function(), [asked()]),
    (function("warm"), [asked(), {"type": "function_call_output", "call_id": "call_1", "output": "warm"}]),
    (function(""), [asked(), {"type": "function_call_output", "call_id": "call_1", "output": ""}]),
    (interpreted("1+1"), []),
    (found(shown(0.5)), []),
]


@pytest.mark.parametrize(("call", "items"), FORWARDS)
def test_to_responses(call: Object, items: list[Object]) -> None:
    assert steps.to_responses(call) == items


def test_function_calls_both_ways() -> None:
    assert steps.to_assistants(steps.to_responses(function())[0]) == function()


OUTPUTS: list[tuple[Object, str]] = [
    ({"tool_call_id": "call_1", "output": " verbatim\n"}, " verbatim\n"),
    ({"tool_call_id": "call_1"}, ""),
    ({"tool_call_id": "call_1", "output": None}, ""),
]


@pytest.mark.parametrize(("given", "output"), OUTPUTS)
def test_outputs(given: Object, output: str) -> None:
    (item,) = steps.outputs_to_responses([given])
    assert item == {"type": "function_call_output", "call_id": "call_1", "output": output}
    assert steps.output_text(item) == output


def test_an_output_in_parts_is_one_text() -> None:
    parts = [{"type": "input_text", "text": "a"}, {"type": "input_image"}, {"type": "input_text", "text": "b"}]
    assert steps.output_text({"type": "function_call_output", "call_id": "c", "output": parts}) == "ab"


@pytest.mark.parametrize("body", [{"type": "web_search_call"}, {"type": "retrieval"}])
def test_others_are_refused_by_name(body: Object) -> None:
    for translate in (steps.to_assistants, steps.to_responses):
        with pytest.raises(Untranslatable, match=r"web_search_call|retrieval"):
            translate(body)
