"""What each rule finds, and what it leaves alone: pairs of a file's text and what is found in it."""

from __future__ import annotations

from typing import Final

import pytest

pytest.importorskip("libcst", reason="the extra `tools` is missing")

from bridge.scan.findings import Finding, distinct
from bridge.scan.languages import language
from bridge.scan.rules import RULES
from bridge.scan.scanning import of_text

TODAY: Final = 1_795_600_000.0  # 2026-11-25
CLIENT: Final = "from openai import OpenAI\nclient = OpenAI()\n"
RUN: Final = f"{CLIENT}run = client.beta.threads.runs.create(thread_id='t', assistant_id='a')\n"
LIST: Final = f"{CLIENT}messages = client.beta.threads.messages.list('t')\n"


def found(text: str, path: str = "app.py") -> list[Finding]:
    known = language(path)
    assert known is not None
    return distinct(of_text(path, text, known, TODAY))


def rules(text: str, path: str = "app.py") -> list[str]:
    """Of everything but the calls, in alphabetical order."""
    return sorted(each.rule for each in found(text, path) if each.rule != "call")


RETRIEVE: Final = "    run = client.beta.threads.runs.retrieve(run.id, thread_id='t')\n"
HABITS: Final = [
    # polling
    (f"{RUN}while run.status != 'completed':\n{RETRIEVE}", ["endless-poll"]),
    (f"{RUN}while run.status not in ['completed']:\n{RETRIEVE}", ["endless-poll"]),
    (f"{RUN}while run.status != 'completed' and run.status != 'failed':\n{RETRIEVE}", ["no-deadline"]),
    (f"{RUN}while run.status not in ('completed', 'failed', 'expired', 'cancelled'):\n{RETRIEVE}", []),
    (f"{RUN}while run.status in ('queued', 'in_progress'):\n{RETRIEVE}", []),
    (f"{RUN}while run.status == 'queued' or run.status == 'in_progress':\n{RETRIEVE}", []),
    (f"{RUN}while True:\n{RETRIEVE}    if run.status == 'completed':\n        break\n", ["endless-poll"]),
    (f"{RUN}while True:\n{RETRIEVE}    if run.status == 'completed':\n        break\n"
     "    elif run.status in ENDS:\n        raise SystemExit\nENDS = ['failed', 'expired']\n", []),
    (f"{RUN}while run.status != 'completed':\n{RETRIEVE}    if run.status == 'failed' or tries > 9:\n        break\n",
     []),
    ("def wait(c, run):\n    while run.status != 'completed':\n        run = c.beta.threads.runs.retrieve(run.id)\n",
     ["endless-poll"]),
    (f"{CLIENT}status = client.beta.threads.runs.retrieve('r').status\nwhile status != 'completed':\n    pass\n",
     ["endless-poll"]),
    (f"{CLIENT}response = client.responses.create()\nwhile response.status != 'completed':\n    pass\n", []),
    ("while order.status != 'completed':\n    assistants = threads = beta\n", []),
    # tool outputs
    (f"{RUN}for call in run.required_action.submit_tool_outputs.tool_calls:\n"
     "    client.beta.threads.runs.submit_tool_outputs(run.id, tool_outputs=[call])\n", ["single-output"]),
    (f"{RUN}for call in tool_calls:\n    client.beta.threads.runs.submit_tool_outputs_and_poll(run.id)\n",
     ["single-output"]),
    (f"{RUN}for call in run.required_action.submit_tool_outputs.tool_calls:\n    outputs.append(call)\n"
     "client.beta.threads.runs.submit_tool_outputs(run.id, tool_outputs=outputs)\n", []),
    (f"{RUN}for question in questions:\n    client.beta.threads.runs.submit_tool_outputs(run.id)\n", []),
    # citations
    (f"{LIST}text = messages.data[1].content[0].text\nfor x in text.annotations:\n    s = s.replace(x.text, '')\n",
     ["marker-replace"]),
    ("for annotation in annotations:\n    value = value.replace(annotation.text, '')\n", ["marker-replace"]),
    ("for a in text.annotations:\n    value = re.sub(re.escape(a.text), '', value)\n", ["marker-replace"]),
    ("value = value.replace(old.text, new.text)  # annotation\n", []),
    # usage
    (f"{RUN}print(run.usage.prompt_tokens)\n", ["usage-field"]),
    (f"{RUN}usage = run.usage\nprint(usage.completion_tokens, usage.total_tokens)\n", ["usage-field"]),
    ("def cost(run):\n    return run.usage.prompt_tokens  # threads beta\n", ["usage-field"]),
    (f"{CLIENT}chat = client.chat.completions.create()\nprint(chat.usage.prompt_tokens)  # beta threads\n", []),
    # lists
    (f"{LIST}print(messages.data[0])\n", ["newest-message"]),
    (f"{CLIENT}print(client.beta.threads.messages.list('t').data[0])\n", ["newest-message"]),
    (f"{CLIENT}print(client.beta.threads.messages.list('t', run_id='r').data[0])\n", []),
    (f"{LIST}for message in messages.data:\n    print(message)\n", ["first-page"]),
    (f"{LIST}for message in messages:\n    print(message)\n", []),
    # the first beta, prompts, names that moved
    (f"{CLIENT}client.beta.assistants.create(tools=[{{'type': 'retrieval'}}])\n", ["first-beta"]),
    (f"{CLIENT}client.beta.assistants.create(file_ids=['f'])\n", ["first-beta"]),
    (f"{CLIENT}client.beta.threads.messages.create('t', content='', role='user', file_ids=[])\n", ["first-beta"]),
    (f"{CLIENT}client.beta.assistants.files.list('a')\n", ["first-beta"]),
    (f"{CLIENT}client.beta.assistants.create(tool_resources={{'code_interpreter': {{'file_ids': []}}}})\n", []),
    (f"{CLIENT}client.responses.create(prompt={{'id': 'p'}})\n", ["prompt-object"]),
    (f"{CLIENT}client.images.generate(prompt='a cat')  # responses.create\n", []),
    (f"{CLIENT}client.beta.vector_stores.create()\n", ["moved-vector-stores"]),
    (f"{CLIENT}client.vector_stores.create()  # beta threads\n", []),
    # imports
    ("from openai.types.beta.threads import Run\n", ["type"]),
    ("from openai.types.beta.realtime import Session\n", []),
    ("from langchain.agents.openai_assistant import OpenAIAssistantRunnable\n", ["framework"]),
    ("from langchain_community.agents.openai_assistant import OpenAIAssistantV2Runnable as R\n", ["framework"]),
    ("from llama_index.agent.openai import OpenAIAssistantAgent\n", ["framework"]),
    ("from autogen.agentchat.contrib.gpt_assistant_agent import GPTAssistantAgent\n", ["framework"]),
    ("from autogen_ext.agents.openai import OpenAIAssistantAgent\n", ["framework"]),
    ("from semantic_kernel.agents.open_ai import AzureAssistantAgent\n", ["framework"]),
    ("from agency_swarm import Agency\n", ["framework"]),
    ("from marvin.beta.assistants import Assistant\n", ["framework"]),
    ("from langroid.agent.openai_assistant import OpenAIAssistant\n", ["framework"]),
    ("import litellm\nlitellm.run_thread(thread_id='t')\n", ["framework"]),
    ("from litellm import completion  # assistants\n", []),
    ("from autogen_agentchat.agents import AssistantAgent\n", []),
    ("from azure.ai.agents import AgentsClient\n", ["azure-agents"]),
    ("from bridge import OpenAI\n", ["bridge"]),
    ("import bridge as openai\n", ["bridge"]),
    ("from bridge import cross\n", []),
    ("from openai import AssistantEventHandler\nclass H(AssistantEventHandler):\n    pass\n", ["event-handler"]),
    # what is no Python
    ("def f(:\n    client.beta.threads.create()\n", ["unreadable"]),
    ("print 'x'\nclient.beta.threads.create()\n", ["unreadable"]),
    ("client.beta.threads.create" + "(" * 5000 + ")" * 5000, ["unreadable"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), HABITS)
def test_python(text: str, wanted: list[str]) -> None:
    assert rules(text) == wanted


WORDS: Final = [
    ("a.sh", "curl https://api.openai.com/v1/assistants -H 'OpenAI-Beta: assistants=v2'", ["header"]),
    ("a.js", "fetch(u, {headers: {'OpenAI-Beta': 'assistants=v1'}})", ["first-beta", "header"]),
    ("a.py", "HEADERS = {'OpenAI-Beta': 'assistants=v2'}", ["header"]),
    ("a.py", "# OpenAI-Beta: assistants=v2", []),
    (".env", "ASSISTANT_ID=asst_abcDEF123abcDEF123abcDEF", ["stored-assistant"]),
    ("config.yaml", "thread: thread_abcDEF123abcDEF123abcDEF  # asst_abcDEF123abcDEF123abcDEF", ["stored-thread"]),
    ("a.json", '{"id": "asst_abcDEF123abcDEF123abcDEF", "tools": [{"type": "retrieval"}]}',
     ["first-beta", "stored-assistant"]),
    ("a.py", "pool = 'thread_poolexecutorworkers'", []),
    ("a.py", "asst_abcDEF123abcDEF123abcDEF = 1", []),
    ("a.ts", "const p = 'pmpt_0123456789abcdef01234567'", ["prompt-object"]),
    ("promptfoo.yaml", "providers:\n  - openai:assistant:asst_x", ["framework"]),
    ("requirements.txt", "assistants-bridge[tools]==0.1\nopenai", ["bridge"]),
    ("Dockerfile", "ENV OPENAI_MODEL=gpt-4-turbo", ["retired-model"]),
    ("a.yaml", "model: gpt-4o\n", ["ending-model"]),
    ("a.yaml", "model: ft:gpt-3.5-turbo-0125:org::id\n", ["retired-model"]),
    ("a.yaml", "# model: gpt-4\nmodel: gpt-6-luna\n", []),
    ("a.json", '{"model": "openai/gpt-4"}', ["retired-model"]),
    ("a.py", "MODEL: str = 'o3-mini'\n", ["retired-model"]),
    ("a.py", "os.getenv('OPENAI_MODEL', 'gpt-4')\n", ["retired-model"]),
    ("a.py", "WINDOWS = {'gpt-4': 8192}\n", []),
    ("a.py", "model = 'gpt-4-of-ours'\n", []),
    ("a.ts", "import { OpenAIAssistantRunnable } from 'langchain/experimental/openai_assistant'", ["framework"]),
    ("a.ts", "const { AssistantResponse } = require('ai')", ["framework"]),
    ("a.ts", "import { streamText } from 'ai'  // AssistantResponse", []),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "wanted"), WORDS)
def test_words(path: str, text: str, wanted: list[str]) -> None:
    assert rules(text, path) == wanted


# --- calls in other languages

NODE: Final = "import OpenAI from 'openai';\nconst openai = new OpenAI();\n"
CALLS: Final = [
    ("a.ts", f"{NODE}await openai.beta.threads.runs.createAndPoll(t, {{}})", [("runs.create_and_poll", "certain")]),
    ("a.mjs", f"{NODE}openai.beta\n  .threads\n  .messages.list(t)", [("messages.list", "certain")]),
    ("a.ts", f"{NODE}openai.beta.assistants.del<Foo>('a')", [("assistants.delete", "certain")]),
    ("a.js", "// openai\nthis.client.beta.threads?.create()", [("threads.create", "likely")]),
    ("a.js", "// openai\nconst { beta } = client;\nbeta.threads.create()", [("threads.create", "likely")]),
    ("a.js", "// openai\nconst { beta: { threads } } = c;\nthreads.createAndRun()",
     [("threads.create_and_run", "likely")]),
    ("a.js", "// openai\nconst { threads: t } = c.beta;\nt.runs.cancel(r)", [("runs.cancel", "likely")]),
    ("a.js", "// openai\nthis.runs = c.beta.threads.runs;\nthis.runs.stream(t)", [("runs.stream", "likely")]),
    ("a.js", "// openai\napi.submitToolOutputs(r)", [("runs.submit_tool_outputs", "possible")]),
    ("a.vue", "<script>\nimport OpenAI from 'openai'\nc.beta.threads.create()\n</script>",
     [("threads.create", "likely")]),
    ("a.js", f"{NODE}// openai.beta.threads.create()\n/* openai.beta.threads.del() */ 'openai.beta.threads.create()'",
     []),
    ("a.js", f"{NODE}const re = /['\"]/; // openai.beta.threads.create()", []),
    ("a.js", "pool.threads.create()", []),
    ("a.js", f"{NODE}openai.beta.chat.completions.parse()", []),
    ("A.java", "// openai\nclient.beta().threads().runs().create(p);", [("runs.create", "likely")]),
    ("a.go", "// openai\nclient.Beta.Threads.Messages.New(ctx, t)", [("messages.create", "likely")]),
    ("a.go", "// openai\nclient.CreateThreadAndRun(ctx)", [("threads.create_and_run", "possible")]),
    ("a.php", "<?php // openai\n$client->threads()->runs()->create('t', []);", [("runs.create", "possible")]),
    ("a.rb", "require 'openai'\nclient.beta.threads.create", []),  # Ruby needs no brackets: not seen
    ("a.rb", "require 'openai'\nclient.beta.threads.create()", [("threads.create", "likely")]),
    ("a.cs", "using OpenAI.Assistants;\nclient.CreateThreadAndRunAsync(a);", [("threads.create_and_run", "possible")]),
    ("a.rs", "// openai\nclient.threads().runs(&id).create(r)", [("runs.create", "possible")]),
    ("a.sh", "curl -X POST https://api.openai.com/v1/threads/t/runs", [("runs.create", "certain")]),
    ("a.sh", "curl https://api.openai.com/v1/threads/t/runs/r", [("runs.retrieve", "certain")]),
    ("a.py", "import requests\nrequests.get(f'{OPENAI}/threads/{id}/messages')", [("messages.list", "likely")]),
    ("a.py", "# openai\nawait session.post('https://api.openai.com/v1/threads')", [("threads.create", "certain")]),
    ("a.py", "# openai\n@app.post('/v1/threads')\ndef f(): ...", []),
    ("a.js", "// openai\nrouter.get('/v1/assistants', list)", []),
    ("a.js", "fetch('/forum/threads/5')", []),
]  # fmt: skip


@pytest.mark.parametrize(("path", "text", "wanted"), CALLS)
def test_calls_by_pattern(path: str, text: str, wanted: list[tuple[str, str]]) -> None:
    assert [(each.operation, each.sureness) for each in found(text, path) if each.rule == "call"] == wanted


def test_every_rule_finds_something_here() -> None:
    lists = [*(wanted for _, wanted in HABITS), *(wanted for *_, wanted in WORDS)]
    assert {name for wanted in lists for name in wanted} == RULES.keys() - {"call", "bridged-call"}


def test_a_call_of_a_client_of_bridge_weighs_nothing_yet() -> None:
    for head in (
        "from bridge import OpenAI\nclient = OpenAI()",
        "import bridge, openai\nclient = bridge.wrap(openai.OpenAI())",
    ):
        (call,) = (each for each in found(f"{head}\nclient.beta.threads.create()\n") if each.operation)
        assert (call.rule, call.severity, call.sureness) == ("bridged-call", "info", "certain")


def test_a_call_tells_of_the_parameters_that_do_not_simply_carry_over() -> None:
    (call,) = found(f"{CLIENT}client.beta.threads.runs.create('t', assistant_id='a', max_prompt_tokens=5)\n")
    assert [note.partition(":")[0] for note in call.notes] == ["max_prompt_tokens (emulated)"]
