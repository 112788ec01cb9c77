"""Each fixer by its cases: what it leaves as it is, and why, and what it makes of what. First those left."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
from attrs import frozen

from bridge.codemod.converting import convert
from bridge.codemod.fixer import Target, fixers

BEGIN = "from openai import OpenAI\n\nclient = OpenAI()\nbeta = client.beta\n"
ASSISTANT = 'assistant = client.beta.assistants.create(model="gpt-4o")\n'
THREAD = "thread = client.beta.threads.create()\n"
RUN = "run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)\n"
TOOLS = """assistant = client.beta.assistants.create(
    model="gpt-4o", tools=[{"type": "function", "function": {"name": "f", "parameters": {}, "strict": True}}]
)
"""
NATIVE = {
    BEGIN: BEGIN,
    ASSISTANT: 'assistant = {"model": "gpt-4o", "store": False}\n',
    THREAD: "thread = []\n",
    RUN: "run = client.responses.create(**assistant, input=thread)\nthread.extend(run.output)\n",
    TOOLS: """assistant = {
    "model": "gpt-4o",
    "tools": [{"type": "function", "name": "f", "parameters": {}, "strict": True}],
    "store": False,
}
""",
}
"""What becomes of the lines that cases begin with."""

GIVEN = {"ASSISTANT": ASSISTANT, "TOOLS": TOOLS, "THREAD": THREAD, "RUN": RUN}
"""Their names in the files of cases."""


@frozen
class Case:
    """Of cases/FIXER.txt: what is given before it, the code, and either a part of the reason why it is left, or what it
    becomes."""

    fixer: str
    given: tuple[str, ...]
    code: str
    reason: str = ""
    after: str = ""


def read(path: Path) -> list[Case]:
    return [_case(path.stem, text) for text in path.read_text("utf-8").split("====\n")]


def _case(fixer: str, text: str) -> Case:
    head, _, code = text.partition("\n\n")
    kind, _, names = head.partition("\ngiven:")
    given = tuple(GIVEN[name] for name in names.split())
    if kind.startswith("left: "):
        return Case(fixer, given, code, reason=kind.removeprefix("left: "))
    assert kind == "transformed"
    before, _, after = code.partition("----\n")
    return Case(fixer, given, before, after=after)


CASES = [case for path in sorted((Path(__file__).parent / "cases").glob("*.txt")) for case in read(path)]
LEFT = [case for case in CASES if case.reason]
TRANSFORMED = [case for case in CASES if not case.reason]

IMPORTS: list[tuple[str, str]] = [
    (
        "from openai import OpenAI, OpenAIError as E\n",
        "from bridge import OpenAI\nfrom openai import OpenAIError as E\n",
    ),
    ("from openai import AsyncOpenAI as A\n", "from bridge import AsyncOpenAI as A\n"),
    ("import openai\nclient = openai.OpenAI()\n", "import bridge as openai\nclient = openai.OpenAI()\n"),
    ("import openai as oa\nclient = oa.AzureOpenAI()\n", "import bridge as oa\nclient = oa.AzureOpenAI()\n"),
    ("import openai\nopenai.beta.threads.create()\n", "import bridge as openai\nopenai.beta.threads.create()\n"),
    ("import openai\ntry:\n    pass\nexcept openai.NotFoundError:\n    pass\n", ""),
    ("from openai import *\n", ""),
    ("from openai.types.beta import Thread\n", ""),
    ("from .openai import OpenAI\n", ""),
    ("from bridge import OpenAI\n", ""),
]
"""What --to bridge makes of imports; "" is nothing."""


@pytest.mark.parametrize("case", LEFT, ids=lambda case: f"{case.fixer}: {case.reason}")
def test_left(case: Case) -> None:
    source = BEGIN + "".join(case.given) + case.code
    converted = convert(source)
    assert any(case.reason in left.reason and left.fixer == case.fixer for left in converted.left), converted.left
    code = [line for line in converted.code.splitlines() if not line.strip().startswith("# bridge: ")]
    assert code == source.splitlines()
    assert convert(converted.code).code == converted.code


@pytest.mark.parametrize("case", TRANSFORMED, ids=lambda case: case.fixer)
def test_transformed(case: Case) -> None:
    converted = convert(BEGIN + "".join(case.given) + case.code)
    assert not converted.left
    assert converted.code == BEGIN + "".join(NATIVE[line] for line in case.given) + case.after
    compile(converted.code, "after", "exec")
    assert convert(converted.code).code == converted.code


def test_every_fixer_has_cases_of_both_kinds() -> None:
    names = {fixer.name for fixer in fixers("responses")}
    left, transformed = {case.fixer for case in LEFT}, {case.fixer for case in TRANSFORMED}
    assert left - {"not-converted"} == names == transformed | {"clients"}  # test_imports_back has what that one makes


@pytest.mark.parametrize(("before", "after"), IMPORTS)
def test_imports_to_bridge(before: str, after: str) -> None:
    assert converted_to("bridge", before) == (after or before)
    assert converted_to("bridge", after or before) == (after or before)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("from bridge import OpenAI\n", "from openai import OpenAI\n"),
        ("import bridge as openai\nfrom openai import OpenAI\n", "import openai\nfrom openai import OpenAI\n"),
    ],
)
def test_imports_back(before: str, after: str) -> None:
    """`clients`: the last rung needs no bridge."""
    rest = "client = OpenAI()\nthread = client.beta.threads.create()\n"
    assert converted_to("responses", before + rest).startswith(after)


def converted_to(to: Target, source: str) -> str:
    return convert(source, to).code


def test_comments_of_others_stay() -> None:
    """What only begins as ours do, and what follows ours."""
    source = dedent(
        """\
        from openai import OpenAI

        thread = OpenAI().beta.threads.create()
        # bridge: the old side
        # bridge: not converted: of an earlier run, in
        # bridge: two lines (docs/codemod.md#readings)
        # bridge: not ours
        print(thread.id)
        """
    )
    code = convert(source).code
    assert "# bridge: the old side\n# bridge: not ours\n# bridge: not converted: a thread's id goes" in code
    assert "of an earlier run" not in code and convert(code).code == code


def test_crlf_tabs_and_comments_stay() -> None:
    source = dedent(
        """\
        from openai import OpenAI
        client = OpenAI()
        def f():
        \t# why
        \tthread = client.beta.threads.create()  # one
        \treturn 1  # two
        """
    ).replace("\n", "\r\n")
    assert convert(source).code == source.replace("client.beta.threads.create()", "[]")
