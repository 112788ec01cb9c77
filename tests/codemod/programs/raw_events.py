"""`for event in` over a run that streams."""

from openai import OpenAI

client = OpenAI()
assistant = client.beta.assistants.create(model="gpt-4o")
thread = client.beta.threads.create(messages=[{"role": "user", "content": "One two three"}])

stream = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id, stream=True)
for event in stream:
    if event.event == "thread.message.delta":
        print(event.data.delta.content[0].text.value, end="|")
    elif event.event == "thread.run.completed":
        print("\ntokens", event.data.usage.completion_tokens)
    elif event.event == "thread.run.failed":
        print("failed", event.data.last_error.message)
