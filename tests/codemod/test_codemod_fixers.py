"""Each fixer by its cases: what it leaves as it is, and why, and what it makes of what. First those left."""

from __future__ import annotations

from textwrap import dedent

import pytest

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
SUBMIT = "client.beta.threads.runs.submit_tool_outputs_and_poll(thread_id=thread.id, run_id=run.id, tool_outputs={})\n"
CALLS = 'any(item.type == "function_call" for item in run.output)'

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

LEFT: list[tuple[str, tuple[str, ...], str, str]] = [
    ("assistants_create", (), "client.beta.assistants.create(model='m', tools=make())", "tools are written down"),
    ("assistants_create", (), "client.beta.assistants.create(**options)", "its parameters come from **options"),
    ("assistants_create", (), "client.beta.assistants.create(model='m', tools=[{'type': 'file_search'}])", "vector store"),
    ("assistants_create", (), "import os\nclient.beta.assistants.create(model='m', extra_body={})", "`extra_body`"),
    ("assistants_change", (), "client.beta.assistants.retrieve('asst_1')", "the assistant asst_1 was made elsewhere"),
    ("assistants_change", (ASSISTANT,), "print(client.beta.assistants.delete(assistant.id))", "gives is used"),
    ("assistants_change", (ASSISTANT,), "client.beta.assistants.update(assistant.id, tools=[])", "`tools`"),
    ("threads_create", (), "client.beta.threads.create(tool_resources={})", "`tool_resources`"),
    ("threads_create", (), "client.beta.threads.retrieve('thread_1')", "the thread thread_1 was made elsewhere"),
    ("threads_create", (), "client.beta.threads.create(messages=load())", "where the messages are written down"),
    ("messages_create", (), "client.beta.threads.messages.create(name, role='user', content='Hi')", "the thread name"),
    ("messages_create", (THREAD,), "client.beta.threads.messages.create(thread.id, role='user', content='', attachments=[])", "`attachments`"),
    ("messages_create", (THREAD,), "print(client.beta.threads.messages.create(thread.id, role='user', content='').id)", "the message that it gives is used"),
    ("messages_list", (THREAD,), "print(client.beta.threads.messages.list(thread.id).data[1])", "only the newest message"),
    ("messages_list", (THREAD,), "client.beta.threads.messages.list(thread.id, after='msg_1')", "`after`"),
    ("messages_list", (TOOLS, THREAD), "for each in client.beta.threads.messages.list(thread.id):\n    print(each.role)", "holds more than plain messages"),
    ("runs_create", (THREAD,), "client.beta.threads.runs.create(thread_id=thread.id, assistant_id=ID)", "the assistant ID"),
    ("runs_create", (ASSISTANT, THREAD), "print(client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id).status)", "within a larger expression"),
    ("runs_create", (ASSISTANT, THREAD), "client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id, max_prompt_tokens=500)", "`max_prompt_tokens`"),
    ("runs_create", (ASSISTANT, THREAD), "client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id, additional_instructions='x')", "may have none"),
    ("runs_retrieve", (THREAD,), "client.beta.threads.runs.retrieve(thread_id=thread.id, run_id='run_1')", "run_1 was made elsewhere"),
    ("tool_outputs", (TOOLS, THREAD, RUN), SUBMIT.format('[dict(tool_call_id="c")]'), "are not written down as dicts"),
    ("tool_outputs", (TOOLS, THREAD, "def use(run):\n    pass\n"), "def f(run):\n    x = " + SUBMIT.format("[]"), "the run run.id"),
    ("run_status", (TOOLS, THREAD, RUN), "print(run.status == word)", "what the status is compared with"),
    ("runs_stream", (ASSISTANT, THREAD), "with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:\n    print(stream.get_final_messages())", "only events, text_deltas and until_done"),
    ("runs_stream", (ASSISTANT, THREAD), "follow(client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id))", "what reads the stream"),
    ("stream_events", (ASSISTANT, THREAD), "for event in client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id, stream=True):\n    if event.event == 'thread.run.step.delta':\n        pass", "the event thread.run.step.delta has no counterpart"),
    ("event_handlers", (), "from openai import AssistantEventHandler\nclass H(AssistantEventHandler):\n    def on_tool_call_done(self, call):\n        pass", "on_tool_call_done of an event handler"),
    ("create_and_run", (ASSISTANT, "thread = None\n"), "client.beta.threads.create_and_run(assistant_id=assistant.id)", "`thread` is taken"),
    ("clients", (THREAD,), "from openai import AzureOpenAI", "Azure's Responses API stands below another path"),
    ("clients", (THREAD,), "from openai.types.beta import Thread", "types of the Assistants API are named"),
    ("readings", (THREAD,), "print(thread.id)", "a thread's id goes where this file does not follow it: print(thread.id)"),
    ("readings", (THREAD,), "if not thread:\n    pass", "a thread goes where this file does not follow it"),
    ("readings", (ASSISTANT, THREAD, RUN), "print(run.incomplete_details)", "the reasons of incomplete_details"),
    ("readings", (ASSISTANT,), "print(assistant.name)", "a configuration has no name"),
    ("readings", (THREAD,), "thread = 3", "`thread` holds a thread, and something else here"),
    ("readings", (THREAD,), "def use(thread_id):\n    client.beta.threads.delete(thread_id)\nuse(thread.id)\nuse('thread_1')", "`thread_id` is given a thread's id elsewhere"),
    ("readings", (THREAD,), "import atexit\ndef use(thread_id):\n    client.beta.threads.delete(thread_id)\nuse(thread.id)\natexit.register(use, 'a')", "use is handed on as a function"),
    ("not-converted", (THREAD,), "client.beta.threads.update(thread.id, metadata={})", "threads.update has no fixer"),
]  # fmt: skip
"""(fixer, lines before, case, a part of the reason)"""

TRANSFORMED: list[tuple[str, tuple[str, ...], str, str]] = [
    ("assistants_create", (), "a = client.beta.assistants.create(model='o3', name='A')", "a = {\"model\": 'o3', \"store\": False, \"include\": [\"reasoning.encrypted_content\"]}"),
    ("assistants_create", (), "a = client.beta.assistants.create(model=MODEL, temperature=0.5, reasoning_effort='low')", 'a = {"model": MODEL, "temperature": 0.5, "reasoning": {"effort": \'low\'}, "store": True}'),
    ("assistants_create", (), "a = client.beta.assistants.create(model='gpt-4o', response_format='auto')", "a = {\"model\": 'gpt-4o', \"store\": False}"),
    ("assistants_change", (ASSISTANT,), "client.beta.assistants.update(assistant.id, instructions='B')\nclient.beta.assistants.delete(assistant.id)", "assistant.update({\"instructions\": 'B'})"),
    ("assistants_change", (ASSISTANT,), "again = client.beta.assistants.retrieve(assistant.id)", "again = assistant"),
    ("threads_create", (), "t = client.beta.threads.create(messages=[{'role': 'user', 'content': 'Hi', 'metadata': {}}])", "t = [{'role': 'user', 'content': 'Hi'}]"),
    ("threads_create", (THREAD,), "client.beta.threads.delete(client.beta.threads.retrieve(thread.id).id)", "thread.clear()"),
    ("messages_create", (THREAD,), "m = client.beta.threads.messages.create(thread.id, role='user', content='Hi')", "thread.append({\"role\": 'user', \"content\": 'Hi'})"),
    ("messages_create", (THREAD,), "client.beta.threads.messages.create(\n    thread.id,\n    role='user',  # who\n    content='Hi',\n)", "thread.append({\n    \"role\": 'user',  # who\n    \"content\": 'Hi',\n})"),
    ("messages_list", (ASSISTANT, THREAD, RUN), "m = client.beta.threads.messages.list(thread.id)\nprint(m.data[0].content[0].text.value)\nprint(m)", "print(run.output_text)\nprint(run.output_text)"),
    ("messages_list", (THREAD,), "last = client.beta.threads.messages.list(thread.id).data[0]\nprint(last.role, last.content[0].text.value)", "last = thread[-1]\nprint(last.role, last.content[0].text)"),
    ("messages_list", (ASSISTANT, THREAD), "client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)\nfor m in client.beta.threads.messages.list(thread.id, order='asc').data:\n    print(m.role)", 'thread.append({"role": "assistant", "content": client.responses.create(**assistant, input=thread).output_text})\nfor m in thread:\n    print(m["role"])'),
    ("runs_create", (ASSISTANT, THREAD), RUN, NATIVE[RUN]),
    ("runs_create", (ASSISTANT, THREAD), "def go():\n    return client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)\ngo()", "def go():\n    run = client.responses.create(**assistant, input=thread)\n    thread.extend(run.output)\n    return run\ngo()"),
    ("runs_create", (ASSISTANT, THREAD), "client.beta.threads.runs.create(thread.id, assistant_id=assistant.id, tool_choice='none')", "thread.extend(client.responses.create(**(assistant | {\"tool_choice\": 'none'}), input=thread).output)"),
    ("runs_retrieve", (ASSISTANT, THREAD, RUN), "while run.status != 'completed':\n    run = client.beta.threads.runs.retrieve(run.id, thread_id=thread.id)\nprint(1)", "print(1)"),
    ("tool_outputs", (TOOLS, THREAD, RUN), "run = " + SUBMIT.format("[{'tool_call_id': 'c', 'output': 'x'}]"), "thread.extend([{\"type\": \"function_call_output\", \"call_id\": 'c', 'output': 'x'}])\n" + NATIVE[RUN]),
    ("tool_outputs", (TOOLS, THREAD, RUN), SUBMIT.format("[{'tool_call_id': 'c'}]"), 'thread.extend([{"type": "function_call_output", "call_id": \'c\', "output": ""}])\n' + NATIVE[RUN]),
    ("run_status", (ASSISTANT, THREAD, RUN), "print(run.status == 'completed', run.status)", "print(run.status == 'completed', run.status)"),
    ("run_status", (TOOLS, THREAD, RUN), "if run.status == 'requires_action':\n    print(run.status)", f"if {CALLS}:\n    print(\"requires_action\" if {CALLS} else run.status)"),
    ("run_status", (TOOLS, THREAD, RUN), "ok = not run.status == 'completed'\nran = run.status in ('queued', 'requires_action')", f"ok = not (run.status == \"completed\" and not {CALLS})\nran = run.status in ('queued', 'requires_action') or {CALLS}"),
    ("run_status", (TOOLS, THREAD, RUN), "print(f\"{run.status}\")", "print(f\"{'requires_action' if any(item.type == 'function_call' for item in run.output) else run.status}\")"),
    ("runs_stream", (ASSISTANT, THREAD), "with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as s:\n    for t in s.text_deltas:\n        print(t)", 'with client.responses.create(**assistant, input=thread, stream=True) as s:\n    for event in s:\n        if event.type in ("response.completed", "response.incomplete"):\n            thread.extend(event.response.output)\n        if event.type == "response.output_text.delta":\n            t = event.delta\n            print(t)'),
    ("stream_events", (ASSISTANT, THREAD), "for e in client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id, stream=True):\n    if e.event == 'thread.message.delta':\n        print(e.data.delta.content[0].text.value)", 'for e in client.responses.create(**assistant, input=thread, stream=True):\n    if e.type in ("response.completed", "response.incomplete"):\n        thread.extend(e.response.output)\n    if e.type == "response.output_text.delta":\n        print(e.delta)'),
    ("event_handlers", (), "from openai import AssistantEventHandler\nclass H(AssistantEventHandler):\n    def on_text_done(self, text):\n        print(text.value)", "class H:\n    def on_event(self, event):\n        if event.type == \"response.output_text.done\":\n            self.on_text_done(event)\n\n    def on_text_done(self, event):\n        print(event.text)"),
    ("create_and_run", (ASSISTANT,), "run = client.beta.threads.create_and_run(assistant_id=assistant.id)\nclient.beta.threads.delete(run.thread_id)", "thread = []\n" + NATIVE[RUN] + "thread.clear()"),
    ("readings", (ASSISTANT, THREAD, RUN), "print(run.id, run.usage.prompt_tokens, run.last_error.message, assistant.model)", 'print(run.id, run.usage.input_tokens, run.error.message, assistant["model"])'),
    ("readings", (TOOLS, THREAD, RUN), "if run.required_action:\n    for c in run.required_action.submit_tool_outputs.tool_calls:\n        print(c.id, c.function.name, c.type == 'function')", f"if {CALLS}:\n    for c in [item for item in run.output if item.type == \"function_call\"]:\n        print(c.call_id, c.name, c.type == \"function_call\")"),
    ("readings", (), "kept = {}\ndef of(user):\n    if user not in kept:\n        kept[user] = client.beta.threads.create().id\n    return kept[user]\nclient.beta.threads.delete(of('a'))", "kept = {}\ndef of(user):\n    if user not in kept:\n        kept[user] = []\n    return kept[user]\nof('a').clear()"),
]  # fmt: skip
"""(fixer, lines before, case, what it becomes)"""

IMPORTS: list[tuple[str, str]] = [
    ("from openai import OpenAI, OpenAIError as E\n", "from bridge import OpenAI\nfrom openai import OpenAIError as E\n"),
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


def ids(cases: list[tuple[str, tuple[str, ...], str, str]]) -> list[str]:
    return [f"{name}-{number}" for number, (name, *_) in enumerate(cases)]


@pytest.mark.parametrize(("fixer", "before", "case", "reason"), LEFT, ids=ids(LEFT))
def test_left(fixer: str, before: tuple[str, ...], case: str, reason: str) -> None:
    source = BEGIN + "".join(before) + case + "\n"
    converted = convert(source)
    assert any(reason in left.reason and left.fixer == fixer for left in converted.left), converted.left
    code = [line for line in converted.code.splitlines() if not line.strip().startswith("# bridge: ")]
    assert code == source.splitlines()
    assert convert(converted.code).code == converted.code


@pytest.mark.parametrize(("fixer", "before", "case", "after"), TRANSFORMED, ids=ids(TRANSFORMED))
def test_transformed(fixer: str, before: tuple[str, ...], case: str, after: str) -> None:
    source = BEGIN + "".join(before) + case + "\n"
    converted = convert(source)
    assert not converted.left
    assert converted.code.rstrip() == (BEGIN + "".join(NATIVE[line] for line in before) + after).rstrip()
    compile(converted.code, "after", "exec")
    assert convert(converted.code).code == converted.code


def test_every_fixer_has_cases_of_both_kinds() -> None:
    names = {fixer.name for fixer in fixers("responses")}
    left, transformed = {case[0] for case in LEFT}, {case[0] for case in TRANSFORMED} | {"clients"}
    assert left - {"not-converted"} == names == transformed


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
