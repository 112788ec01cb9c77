"""Thread and run in one call."""

from openai import OpenAI

client = OpenAI()
assistant = {"model": "gpt-4o", "instructions": "Be brief.", "store": True}
thread = client.conversations.create(items=[{"role": "user", "content": "Hello there"}])
run = client.responses.create(**assistant, conversation=thread.id)
messages = client.conversations.items.list(thread.id)
print(run.status, messages.data[0].content[0].text)
