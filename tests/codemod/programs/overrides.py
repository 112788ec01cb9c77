"""Runs that say otherwise than their assistant."""

from openai import OpenAI

client = OpenAI()
assistant = client.beta.assistants.create(
    name="Clerk",
    model="gpt-4o",
    instructions="Speak English.",
    temperature=0.2,
    metadata={"team": "support"},
)
thread = client.beta.threads.create()

client.beta.threads.messages.create(thread.id, role="user", content="What are your instructions?")
run = client.beta.threads.runs.create_and_poll(
    thread_id=thread.id, assistant_id=assistant.id, instructions="Speak French.", model="gpt-4.1"
)
print(client.beta.threads.messages.list(thread.id).data[0].content[0].text.value)
user = "Ada"
run = client.beta.threads.runs.create_and_poll(
    thread_id=thread.id,
    assistant_id=assistant.id,
    additional_instructions=f"The user is {user}.",
    additional_messages=[{"role": "user", "content": "And which instructions now?"}],
    max_completion_tokens=500,
    metadata={"question": "2"},
)
print(client.beta.threads.messages.list(thread.id).data[0].content[0].text.value)
