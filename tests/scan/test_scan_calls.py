"""Calls in Python are found through whatever a program names its client by: lists of programs and what is in them."""

from __future__ import annotations

import textwrap
from typing import Any, Final

import pytest

pytest.importorskip("libcst", reason="the extra `tools` is missing")

from openai import OpenAI

from bridge.parity import ENDPOINTS
from bridge.scan.operations import OPERATIONS
from bridge.scan.python import MISSING, analyse


def found(program: str) -> list[tuple[str, str]]:
    """(operation, sureness) of each call, in the order of the text."""
    return [(call.name, call.sureness) for call in analyse(textwrap.dedent(program)).calls]


IMPORTED: Final = [
    ("from openai import OpenAI as O\nO().beta.threads.create()", False),
    ("import openai\nopenai.OpenAI().beta.threads.create()", False),
    ("import openai as oa\noa.beta.threads.create()", False),
    ("from openai import beta\nbeta.threads.create()", False),
    ("from openai import AzureOpenAI\nAzureOpenAI(azure_endpoint='x').beta.threads.create()", False),
    ("from openai.lib.azure import AsyncAzureOpenAI\nAsyncAzureOpenAI().beta.threads.create()", True),
    ("from bridge import OpenAI\nOpenAI().beta.threads.create()", False),
    ("import openai\nA = openai.AsyncOpenAI\nA().beta.threads.create()", True),
]  # fmt: skip
FOLLOWED: Final = [
    "c = OpenAI()\nt = c.beta.threads\nt.create()",
    "c: OpenAI\nc.beta.threads.create()",
    "a, b = OpenAI(), 1\na.beta.threads.create()",
    "c = x or OpenAI()\nc.beta.threads.create()",
    "c = OpenAI() if x else None\nc.beta.threads.create()",
    "(c := OpenAI()).beta.threads.create()",
    "with OpenAI() as c:\n    c.beta.threads.create()",
    "async def f():\n async with AsyncOpenAI() as c:\n  c.beta.threads.create()",
    "OpenAI().with_options(timeout=3).beta.threads.create()",
    "OpenAI().beta.threads.with_raw_response.create()",
    "getattr(OpenAI().beta, 'threads').create()",
    "def make():\n    return OpenAI()\nmake().beta.threads.create()",
    "def make() -> OpenAI: ...\nmake().beta.threads.create()",
    "def make():\n    yield OpenAI()\ndef f(c=Depends(make)):\n    c.beta.threads.create()",
    "from functools import partial\nm = partial(OpenAI, api_key='x')\nm().beta.threads.create()",
    "def f(c: OpenAI):\n    c.beta.threads.create()",
    "def f(c: 'OpenAI | None'):\n    pass\ndef g(c: 'OpenAI'):\n    c.beta.threads.create()",
    "def f(c: OpenAI | None = None):\n    c.beta.threads.create()",
    "def f(c: Optional[OpenAI]):\n    c.beta.threads.create()",
    "def f(c: Annotated[OpenAI, Depends(x)]):\n    c.beta.threads.create()",
    "def f(threads):\n    threads.create()\nf(OpenAI().beta.threads)",
    "def f(*, threads=None):\n    threads.create()\nf(threads=OpenAI().beta.threads)",
    "clients = {'a': OpenAI()}\nclients['a'].beta.threads.create()",
    "clients: dict[str, OpenAI] = {}\nclients.get('a').beta.threads.create()",
    "for c in [OpenAI()]:\n    c.beta.threads.create()",
    "[c.beta.threads.create() for c in [OpenAI()]]",
    "st.session_state.c = OpenAI()\nst.session_state.c.beta.threads.create()",
    "state['c'] = OpenAI()\nstate['c'].beta.threads.create()",
    "c = None\ndef init():\n    global c\n    c = OpenAI()\ndef f():\n    c.beta.threads.create()",
    "create = OpenAI().beta.threads.create\nif x:\n    pass",
    "asyncio.to_thread(OpenAI().beta.threads.create, messages=[])",
    "class C(OpenAI):\n    def f(self):\n        self.beta.threads.create()",
    "class C(OpenAI): ...\nC().beta.threads.create()",
]  # fmt: skip


@pytest.mark.parametrize(("program", "is_async"), IMPORTED)
def test_clients_are_known_by_their_imports(program: str, is_async: bool) -> None:
    (call,) = analyse(program).calls
    assert (call.name, call.sureness, call.is_async) == ("threads.create", "certain", is_async), call.why


@pytest.mark.parametrize("program", FOLLOWED)
def test_a_client_is_followed_through_names(program: str) -> None:
    (call,) = analyse(f"from openai import AsyncOpenAI, OpenAI\n{program}\n").calls
    assert (call.name, call.sureness, call.is_async) == ("threads.create", "certain", "Async" in program), call.why


ATTRIBUTES: Final = [
    "client = OpenAI()",
    "client: OpenAI",
    "client: OpenAI = field(default_factory=OpenAI)",
    "def __init__(self):\n        self.client = OpenAI()",
    "def __init__(self, client: OpenAI):\n        self.client = client",
    "def __init__(self, client: OpenAI | None = None):\n        self.client = client or OpenAI()",
    "@property\n    def client(self):\n        return OpenAI()",
    "@functools.cached_property\n    def client(self) -> OpenAI:\n        return make()",
    "def start(self):\n        def inner():\n            self.client = OpenAI()\n        inner()",
]


@pytest.mark.parametrize("attribute", ATTRIBUTES)
def test_attributes_of_a_class_are_followed(attribute: str) -> None:
    head = f"from openai import OpenAI\n\nclass Base:\n    {attribute}\n\n"
    uses = "    def ask(self):\n        return self.client.beta.threads.create()\n"
    assert found(head.rstrip() + "\n\n" + uses) == [("threads.create", "certain")]
    assert found(f"{head}class Chat(Base):\n{uses}") == [("threads.create", "certain")]
    assert found(f"{head}def ask(base: Base):\n    base.client.beta.threads.create()") == [
        ("threads.create", "certain")
    ]


LESS_SURE: Final = [
    ("client.beta.threads.runs.create()", [("runs.create", "likely")]),
    ("self.client.beta.assistants.list()", [("assistants.list", "likely")]),
    ("from app import client\nt = client.beta.threads\nt.messages.list('x')", [("messages.list", "likely")]),
    ("def f(beta):\n    beta.threads.runs.create()", [("runs.create", "possible")]),
    ("self._threads.submit_tool_outputs('t', 'r')", [("runs.submit_tool_outputs", "possible")]),
    ("c.threads.runs.steps.list()", [("steps.list", "possible")]),
    ("api.create_and_run(assistant_id='x')", [("threads.create_and_run", "possible")]),
    ("from x import w\nfrom openai import Client\nw(Client()).beta.threads.create()", [("threads.create", "likely")]),
    ("getattr(client.beta.threads.runs, name)(run_id='x')", [("beta.threads.runs", "likely")]),
    ("client.beta.threads.runs.invented()", [("beta.threads.runs.invented", "likely")]),
]  # fmt: skip


@pytest.mark.parametrize(("program", "calls"), LESS_SURE, ids=[program for program, _ in LESS_SURE])
def test_what_cannot_be_traced_is_less_sure(program: str, calls: list[tuple[str, str]]) -> None:
    assert found(program) == calls


NOTHING: Final = [
    "from anthropic import Anthropic\nAnthropic().beta.messages.create()",
    "client.beta.chat.completions.parse()",
    "client.beta.realtime.connect()",
    "from langchain_openai import OpenAI\nOpenAI().threads.create()",
    "pool.threads.create()",
    "slack.threads.messages.frobnicate()",
    "client.beta.threads",
    "'client.beta.threads.create()'",
    "# client.beta.threads.create()",
    "x = 1\nx.create()",
    "client.responses.create()",
    "def f(f):\n    f(f)\nf(f)",
    "a = b\nb = a\na.beta.chat()",
    "class A(A):\n    pass\nA().x.create()",
]


@pytest.mark.parametrize("program", NOTHING)
def test_other_things_are_no_calls(program: str) -> None:
    assert found(program) == []


ARGUMENTS: Final[list[tuple[str, dict[str | None, Any]]]] = [
    ("model='gpt-4'", {"model": "gpt-4"}),
    ("model=MODEL", {"model": "gpt-4-turbo"}),
    ("model=choose()", {"model": MISSING}),
    ("tools=[{'type': 'retrieval'}], temperature=-1.5", {"tools": [{"type": "retrieval"}], "temperature": -1.5}),
    ("metadata={'a': None, 'b': True}", {"metadata": {"a": None, "b": True}}),
    ("tools=[tool]", {"tools": MISSING}),
    ("**options", {None: MISSING}),
    ("instructions='a' 'b'", {"instructions": "ab"}),
    ("instructions=f'{x}'", {"instructions": MISSING}),
]


@pytest.mark.parametrize(("written", "values"), ARGUMENTS)
def test_arguments(written: str, values: dict[str | None, Any]) -> None:
    (call,) = analyse(f"MODEL = 'gpt-4-turbo'\nclient.beta.assistants.create({written})").calls
    assert {each.name: each.value for each in call.arguments} == values


def test_places_and_how_a_call_is_used() -> None:
    analysis = analyse("async def f(c):\n    run = await c.beta.threads.runs.with_raw_response.create()\n")
    (call,) = analysis.calls
    start = analysis.place(call.node).start
    assert (start.line, start.column, call.is_awaited, call.is_raw) == (2, 16, True, True)


HANDLERS: Final = [
    ("from openai import AssistantEventHandler as H\nclass E(H):\n    def on_text_delta(self, d, s): ...", False),
    ("import openai\nclass E(openai.AsyncAssistantEventHandler):\n    async def on_text_delta(self, d, s): ...", True),
    ("from openai import AssistantEventHandler\nclass B(AssistantEventHandler): ...\n"
     "class E(B):\n    def on_text_delta(self, d, s): ...", False),
]  # fmt: skip


@pytest.mark.parametrize(("program", "is_async"), HANDLERS)
def test_event_handlers(program: str, is_async: bool) -> None:
    handler = analyse(program).handlers[-1]
    assert (handler.node.name.value, handler.is_async, handler.methods) == ("E", is_async, ("on_text_delta",))


# --- the table


def test_the_table_has_every_method_of_the_sdk() -> None:
    client, names = OpenAI(api_key="none"), set()
    beta = client.beta
    for resource, home in (
        ("assistants", beta.assistants), ("threads", beta.threads), ("messages", beta.threads.messages),
        ("runs", beta.threads.runs), ("steps", beta.threads.runs.steps),
    ):  # fmt: skip
        methods = [name for name in dir(home) if not name.startswith(("_", "with_"))]
        names |= {f"{resource}.{name}" for name in methods if callable(getattr(home, name))}
    gone = {"runs.submit_tool_outputs_and_stream"}
    assert names <= OPERATIONS.keys()
    assert {name for name in OPERATIONS.keys() - names if ".files." not in name} <= gone


def test_every_operation_is_a_call_of_the_parity_table() -> None:
    named = {each.endpoint for each in OPERATIONS.values() if each.endpoint}
    assert named == {name for name in ENDPOINTS if not name.startswith("files.")}
