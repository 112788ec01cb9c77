"""Metadata as a small database."""

from openai import OpenAI

client = OpenAI()
assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be kind.")
thread = client.beta.threads.create(metadata={"user": "ada"})
client.beta.threads.messages.create(thread_id=thread.id, role="user", content="Hello")
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
# bridge: not converted: a history of the program's own has no metadata
# bridge: (docs/codemod.md#readings)
print(client.beta.threads.retrieve(thread.id).metadata["user"], run.status)
