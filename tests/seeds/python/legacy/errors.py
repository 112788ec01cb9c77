"""What goes wrong, told by exception classes and by .status_code, .code, .param, .type and .message."""

import openai
from openai import OpenAI

client = OpenAI(max_retries=2)
beta = client.beta


def attempt(what, call):
    try:
        call()
    except openai.APIStatusError as error:
        kind = type(error).__name__
        print(f"{what}: {kind} {error.status_code} {error.code} {error.param} {error.type} | {error.body['message']}")
        assert error.request_id.startswith("req_"), error.request_id
    else:
        print(f"{what}: nothing wrong")


assistant = beta.assistants.create(model="gpt-4o")
thread = beta.threads.create()
attempt("no thread", lambda: beta.threads.retrieve("thread_doesNotExist"))
attempt("wrong id", lambda: beta.threads.messages.list("undefined"))
attempt("no assistant", lambda: beta.threads.runs.create(thread_id=thread.id, assistant_id="asst_gone"))
attempt("empty", lambda: beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id))
attempt("role", lambda: beta.threads.messages.create(thread.id, role="system", content="x"))
attempt("metadata", lambda: beta.threads.update(thread.id, metadata={"a": 1}))
attempt("limit", lambda: beta.threads.messages.list(thread.id, limit=101))
attempt("unknown", lambda: beta.assistants.create(model="gpt-4o", extra_body={"file_ids": ["file-1"]}))
attempt("retrieval", lambda: beta.assistants.create(model="gpt-4o", tools=[{"type": "retrieval"}]))

for word in ("quota", "too long", "crash", "refused"):
    beta.threads.messages.create(thread.id, role="user", content=word)
    run = beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    print(word, run.status, run.last_error and run.last_error.code, run.last_error and run.last_error.message)
run = beta.threads.runs.create_and_poll(
    thread_id=thread.id, assistant_id=assistant.id, additional_messages=[{"role": "user", "content": "sometimes busy"}]
)
print(run.status, beta.threads.messages.list(thread.id, limit=1).data[0].content[0].text.value)
attempt("cancel", lambda: beta.threads.runs.cancel(run.id, thread_id=thread.id))
attempt(
    "outputs",
    lambda: beta.threads.runs.submit_tool_outputs(
        run.id, thread_id=thread.id, tool_outputs=[{"tool_call_id": "call_1", "output": "x"}]
    ),
)
