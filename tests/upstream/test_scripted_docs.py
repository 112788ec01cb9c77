"""Every script of docs/scripted-upstream.md, played in the conversation that stands below it."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from scripted_help import CODE, ROOT, search_in, tool, user

from bridge.errors import ConfigurationError
from bridge.upstream import UpstreamRefused
from bridge.upstream.scripted import ScriptedUpstream
from bridge.upstream.scripted.actions import ACTIONS
from bridge.upstream.scripted.quirks import QUIRKS

PAGE = (ROOT / "docs" / "scripted-upstream.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```\s+```conversation\n(.*?)```", PAGE, re.DOTALL)


def test_every_example_has_a_conversation() -> None:
    assert len(EXAMPLES) == PAGE.count("```yaml") >= 7


@pytest.mark.parametrize(("script", "conversation"), EXAMPLES, ids=lambda text: text.split("\n")[0][:30])
def test_example(script: str, conversation: str) -> None:
    lines = [re.fullmatch(r"(\w+): ?(.*)", line) for line in conversation.strip().split("\n")]
    assert Player(ScriptedUpstream(script), [(line[1], line[2]) for line in lines if line]).play() == len(lines)


def test_the_python_example(tmp_path: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("uvicorn", reason="the extra `server` is missing")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "script.yaml").write_text("- say: Hi.")
    (example,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(example, "scripted-upstream.md", "exec"), {})
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/v1\n", capsys.readouterr().out)


class Player:
    """Speaks the lines of user and output, and compares all others with what the upstream answers."""

    def __init__(self, upstream: ScriptedUpstream, lines: list[tuple[str, str]]) -> None:
        self.upstream, self.lines = upstream, lines
        names = {text.split(" ")[0]: text.partition(" ")[2] for kind, text in lines if kind == "call"}
        self.tools = [
            tool(name, **{key: {"type": "string"} for key in json.loads(given)}) for name, given in names.items()
        ]
        spoken = {kind for kind, _ in lines}
        self.tools += [search_in(upstream)] * ("search" in spoken)
        self.tools += [CODE] * ("code" in spoken)
        self.input: list[dict[str, Any]] = []

    def play(self) -> int:
        position = 0
        while position < len(self.lines):
            spoken = self.spoken(position)
            assert spoken, f"nobody speaks in {self.lines[position]}"
            position += spoken
            for line in self.answer():
                assert line == self.lines[position]
                position += 1
        return position

    def spoken(self, position: int) -> int:
        kind, text = self.lines[position]
        if kind == "user":
            self.input.append(user(text))
            return 1
        pending = [item["call_id"] for item in self.input if item["type"] == "function_call"]
        answered = [item["call_id"] for item in self.input if item["type"] == "function_call_output"]
        open_calls = pending[len(answered) :]
        for offset, call_id in enumerate(open_calls):
            assert self.lines[position + offset][0] == "output"
            text = self.lines[position + offset][1]
            self.input.append({"type": "function_call_output", "call_id": call_id, "output": text})
        return len(open_calls)

    def answer(self) -> list[tuple[str, str]]:
        request = {"model": "gpt-5", "input": self.input, "tools": self.tools, "stream": True}
        request["include"] = ["reasoning.encrypted_content"]
        try:
            events = list(self.upstream.open(request))
        except UpstreamRefused as error:
            return [("error", f"{error.refused.status} {error.refused.code}")]
        items = [event["item"] for event in events if event["type"] == "response.output_item.done"]
        if not events[-1]["type"].startswith("response.") or "response" not in events[-1]:
            return [("cut", "")]
        final = events[-1]["response"]
        if final["status"] == "failed":
            return [("failed", f"{final['error']['code']} {final['error']['message']}")]
        self.input.extend(items)
        ending = [("incomplete", final["incomplete_details"]["reason"])] if final["status"] == "incomplete" else []
        return [line for item in items for line in lines(item)] + ending


def lines(item: dict[str, Any]) -> list[tuple[str, str]]:
    """An item as it is told in the page: one line, and one for each annotation."""
    if item["type"] == "reasoning":
        return [("reasoning", "")]
    if item["type"] == "function_call":
        return [("call", f"{item['name']} {json.dumps(json.loads(item['arguments']))}")]
    if item["type"] == "file_search_call":
        return [("search", ", ".join(item["queries"]))]
    if item["type"] == "code_interpreter_call":
        return [("code", item["code"])]
    part = item["content"][0]
    if part["type"] == "refusal":
        return [("refusal", part["refusal"])]
    return [("assistant", part["text"]), *map(noted, part["annotations"])]


def noted(annotation: dict[str, Any]) -> tuple[str, str]:
    if annotation["type"] == "file_citation":
        return "cited", f"{annotation['filename']} at {annotation['index']}"
    if annotation["type"] != "container_file_citation":
        return "annotated", annotation["type"]
    start, end, name = annotation["start_index"], annotation["end_index"], annotation["filename"]
    return ("linked", f"{name} at {start}-{end}") if end else ("shown", name.partition(".")[2])


@pytest.mark.parametrize("name", [*QUIRKS, *ACTIONS])
def test_every_word_is_in_the_page(name: str) -> None:
    assert f"`{name}`" in PAGE or f"`{name}:" in PAGE


WRONG = [
    ("- say: 5", r"rules\[0\].say: expected a text"),
    ("- when: yes\n  say: a", r"rules\[0\].when: expected a text"),
    ("- tell: a", "there is no 'tell' here"),
    ("- when: a", r"rules\[0\]: says and does nothing"),
    ("- {fail: a, say: b}", "nothing can follow fail"),
    ("- {say: a, error: 500}", "an error is the whole answer"),
    ("- {say: a, then: {say: b}}", "nothing is called here"),
    ("- {say: a, do: [{say: b}]}", "give either do or say"),
    ("- {say: a, times: 0}", "a whole number of at least 1"),
    ("- call: [{name: a, like: b}]", r"rules\[0\].call\[0\]: give either name or like"),
    ("- call: [{like: a, call_id: b}]", "takes no call_id"),
    ("- call: []", "expected at least one call"),
    ("- {call: a, then: [{say: b}, {wait: never}]}", r"rules\[0\].then\[1\].wait: expected seconds"),
    ("- {say: a, quirks: [odd]}", "there is no quirk 'odd'"),
    ("- cut: 5", "expected true, clean or reset"),
    ("- search: [a]", r"rules\[0\].search: expected a table"),
    ("- code: {files: [{name: a, text: b, base64: Yw==}]}", "give either text or base64"),
    ("- code: {files: [{name: a, base64: '!'}]}", "expected base64"),
    ("- annotate: {text: a}", "expected an annotation with a type"),
    ("{rules: [], window: wide}", "window: expected a number of tokens"),
    ("- code: {files: [{name: a}]}", r"rules\[0\].code.files\[0\]: give either text or base64"),
    ("- {say: a, quirks: [no_containers]}", "no_containers is a quirk of a server"),
    ("{rules: [], ingestion: -1}", "ingestion: expected seconds"),
    ("- incomplete: tired", "expected max_output_tokens or content_filter"),
    ("- error: 200", "expected an HTTP error status"),
    ("rule: []", "there is no 'rule' here"),
    ("strict: 5", "strict: expected true or false"),
    ("just text", "the script: expected a table"),
    ("- say: [", "is not YAML"),
]


@pytest.mark.parametrize(("script", "message"), WRONG)
def test_a_script_that_cannot_work_says_where(script: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        ScriptedUpstream(script)


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.yaml cannot be read"):
        ScriptedUpstream.from_setting("scripted:nowhere.yaml")


def test_files_are_yaml_or_json(tmp_path: Any) -> None:
    rules = [{"when": "always", "say": "Hi."}]
    for name, text in (("a.yaml", "- say: Hi."), ("a.json", json.dumps(rules))):
        path = tmp_path / name
        path.write_text(text)
        upstream = ScriptedUpstream.from_setting(f"scripted:{path}", seed="x")
        assert (
            list(upstream.open({"model": "m", "input": "a"}))[-1]["response"]["output"][0]["content"][0]["text"]
            == "Hi."
        )
