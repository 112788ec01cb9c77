"""A document assistant as it was written in the first beta of the API, for the SDK of those days."""

import time

from openai import OpenAI

client = OpenAI()

file = client.files.create(file=("report.md", b"Sales rose by 7 percent."), purpose="assistants")
table = client.files.create(file=("sales.csv", b"month,sales\n1,100\n"), purpose="assistants")
assistant = client.beta.assistants.create(
    name="Analyst",
    model="gpt-4-1106-preview",
    instructions="Use your knowledge base.",
    tools=[{"type": "retrieval"}, {"type": "code_interpreter"}],
    file_ids=[file.id, table.id],
)
assistant = client.beta.assistants.update(assistant.id, file_ids=[file.id])

thread = client.beta.threads.create(
    messages=[{"role": "user", "content": "This is the table.", "file_ids": [table.id]}]
)
client.beta.threads.messages.create(
    thread_id=thread.id, role="user", content="search: how did sales go?", file_ids=[file.id]
)
run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
deadline = time.monotonic() + 30
while run.status in ("queued", "in_progress") and time.monotonic() < deadline:
    time.sleep(0.05)
    run = client.beta.threads.runs.retrieve(thread_id=thread.id, run_id=run.id)

print(run.status)
messages = client.beta.threads.messages.list(thread_id=thread.id)
text = messages.data[0].content[0].text
print(text.value)
print([annotation.file_citation.file_id == file.id for annotation in text.annotations])
