"""A run that is polled by hand."""

import time

from openai import OpenAI

client = OpenAI()
assistant = client.beta.assistants.create(model="gpt-4o")
thread = client.beta.threads.create()
message = client.beta.threads.messages.create(thread_id=thread.id, role="user", content="Are you there?")
run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)

# Wait for the end.
while run.status in ["queued", "in_progress"]:
    time.sleep(0.05)
    run = client.beta.threads.runs.retrieve(thread_id=thread.id, run_id=run.id)

if run.status == "failed":
    print(run.last_error.message)
elif run.status == "completed":
    print(client.beta.threads.messages.list(thread_id=thread.id).data[0].content[0].text.value)
    print(run.usage.prompt_tokens + run.usage.completion_tokens == run.usage.total_tokens)
