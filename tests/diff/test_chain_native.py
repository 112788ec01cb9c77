"""The guide's programs under `bridge run --record`, and the same written anew for Responses before `bridge diff
record`: what both ask the model, compared by the command. Every difference has a name."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from test_chain import mismatches

from bridge.diff.compare.patterns import blurred
from bridge.testing import serve_scripted
from cli.cli_help import call, environment
from seeds import guide

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(openai.OpenAI, "responses"), reason=f"openai {openai.__version__} has no responses"),
]

SEEDS = Path(__file__).parents[1] / "seeds"
BRIDGE = [sys.executable, "-m", "bridge"]
STORED = [("leg-setting", f"legs[{leg}].store", "notice") for leg in (0, 1)]
LEFT_OPEN = [("leg-setting", f"legs[{leg}].tools[{tool}].strict", "notice") for leg in (0, 1) for tool in (0, 1)]
SAID = ("model", "instructions", "tools", "content")
PAIRS: list[tuple[str, str, list[tuple[str, str, str]]]] = [
    # the program; its form for Responses; every difference that is none of words
    ("polling", "whole", [*STORED, *LEFT_OPEN]),
    ("streaming", "streamed", []),
    ("strict", "whole", [*STORED, *LEFT_OPEN]),
]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def run(*command: str, **more: str) -> str:
    """What a program prints; it must end well."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment(**more))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def recording(target: str, tape: str) -> Iterator[subprocess.Popen[str]]:
    """`bridge diff record`, which says its base URL when it is ready."""
    command = [*BRIDGE, "diff", "record", "--target", target, "--tape", tape]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(COLUMNS="200"))
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=30)


def base_url(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    found = re.search(r"http://\S+/v1", process.stdout.readline())
    assert found is not None
    return found[0]


# --- a program, and its form for Responses


def native(form: str, program: str) -> str:
    """The seed with the constants of another program: the guide has texts of its own. What is streamed says that
    functions are not strict, where the program does not say that they are; the other leaves it open."""
    source = (SEEDS / "native" / f"weather_{form}.py").read_text("utf-8")
    given = asked(program)
    said = {"strict": False} if form == "streamed" else {}
    tools = [{**said, "type": "function", **tool["function"]} for tool in given["tools"]]
    if form == "whole":
        tools = [{name: value for name, value in tool.items() if name != "strict"} for tool in tools]
    constants = {"MODEL": given["model"], "INSTRUCTIONS": given["instructions"], "QUESTION": given["content"]}
    head, client, body = source.partition("\nclient = ")
    return (
        head + "".join(f"\n{name} = {value!r}" for name, value in {**constants, "TOOLS": tools}.items()) + client + body
    )


def asked(program: str) -> dict[str, Any]:
    """What a legacy program says in so many words."""
    calls = [node for node in ast.walk(ast.parse(program)) if isinstance(node, ast.Call)]
    words = [word for node in calls for word in node.keywords]
    return {word.arg: ast.literal_eval(word.value) for word in words if word.arg in SAID}


def compared(program: str, rewritten: str) -> Any:
    """The JSON of the comparison, of programs that both gave the answer."""
    Path("legacy.py").write_text(program)
    Path("native.py").write_text(rewritten)
    bridged = {"BRIDGE_UPSTREAM": "scripted", "BRIDGE_STORE": "memory"}
    with serve_scripted() as upstream, recording(upstream.url, "native.tape") as process:
        said = run(*BRIDGE, "run", "--record", "bridged.tape", "legacy.py", **bridged)
        also = run(sys.executable, "native.py", OPENAI_BASE_URL=base_url(process), OPENAI_API_KEY="sk-test")
    assert all("57" in each and "0.06" in each for each in (said, also)), (said, also)
    result = call("diff", "compare", "bridged.tape", "native.tape", "--json", "told.json")
    assert result.exit_code == 0, result.output
    told = json.loads(Path("told.json").read_text("utf-8"))
    assert all(blurred(each["path"]) in result.output for each in mismatches(told)), result.output
    return told


def holds(told: Any, expected: list[tuple[str, str, str]]) -> None:
    """The legs stand beside each other, what is not accepted is expected, and the rest means the same by name."""
    assert [each["request"] for each in told["observations"]] == [None]
    found = mismatches(told)
    open_ones = [(each["rule"], each["path"], each["severity"]) for each in found if not each["accepted"]]
    assert sorted(open_ones) == sorted(expected)
    assert {each["path"].partition(".")[0] for each in found} == {"legs[0]", "legs[1]"}
    assert all(each["note"].startswith("means the same: ") for each in found if each["accepted"])
    assert "are not compared: the other side has none" in " ".join(told["notes"])


@pytest.mark.parametrize(("name", "form", "expected"), PAIRS, ids=[row[0] for row in PAIRS])
def test_our_seeds(name: str, form: str, expected: list[tuple[str, str, str]]) -> None:
    program = (SEEDS / "python" / f"weather_{name}.py").read_text("utf-8")
    written = (SEEDS / "native" / f"weather_{form}.py").read_text("utf-8")
    holds(compared(program, native(form, program) if name == "strict" else written), expected)
    asks_otherwise()


def asks_otherwise() -> None:
    """The same tapes, but that the rewritten program describes a function in other words."""
    tape = Path("native.tape").read_text("utf-8")
    Path("other.tape").write_text(tape.replace("How likely rain is at a place", "Rain"), "utf-8")
    result = call("diff", "compare", "bridged.tape", "other.tape", "--json", "-")
    found = [each for each in mismatches(json.loads(result.stdout)) if each["severity"] == "breaking"]
    assert result.exit_code == 1
    assert [(each["rule"], each["path"]) for each in found] == [
        ("leg-value", f"legs[{leg}].tools[1].description") for leg in (0, 1)
    ]


@pytest.mark.needs("shared")
@pytest.mark.parametrize(("name", "form", "expected"), PAIRS, ids=[row[0] for row in PAIRS])
def test_the_guide(name: str, form: str, expected: list[tuple[str, str, str]], shared: Path) -> None:
    program = guide.programs(shared)[name]
    holds(compared(program, native(form, program)), expected)
