"""The whole conversation, shown at the end."""

from openai import OpenAI

client = OpenAI()
assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.")
thread = client.beta.threads.create()

for question in ("One", "Two"):
    client.beta.threads.messages.create(thread_id=thread.id, role="user", content=question)
    client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)

for message in client.beta.threads.messages.list(thread_id=thread.id, order="asc"):
    print(f"{message.role}: {message.content[0].text.value}")

newest = client.beta.threads.messages.list(thread_id=thread.id)
for message in reversed(newest.data):
    print(message.role, message.content[0].text.value)
