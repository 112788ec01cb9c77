"""Thread and run in one call."""

from openai import OpenAI

client = OpenAI()
assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
run = client.beta.threads.create_and_run_poll(
    assistant_id=assistant.id,
    thread={"messages": [{"role": "user", "content": "Hello there"}]},
)
messages = client.beta.threads.messages.list(thread_id=run.thread_id)
print(run.status, messages.data[0].content[0].text.value)
