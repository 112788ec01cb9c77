"""The whole conversation, shown at the end."""

from openai import OpenAI

client = OpenAI()
assistant = {"model": "gpt-4o", "instructions": "Be brief.", "store": True}
thread = client.conversations.create()

for question in ("One", "Two"):
    client.conversations.items.create(thread.id, items=[{"role": "user", "content": question}])
    client.responses.create(**assistant, conversation=thread.id)

for message in client.conversations.items.list(thread.id, order="asc"):
    print(f"{message.role}: {message.content[0].text}")

newest = client.conversations.items.list(thread.id)
for message in reversed(newest.data):
    print(message.role, message.content[0].text)
