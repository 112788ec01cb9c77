"""Citations, replaced by numbers in the text."""

from openai import OpenAI

client = OpenAI()
assistant = client.beta.assistants.create(model="gpt-4o", instructions="Cite.")
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
# bridge: not converted: the text goes on with its annotations, and those of a response
# bridge: mark no part of it (docs/codemod.md#messages_list)
text = client.beta.threads.messages.list(thread_id=thread.id).data[0].content[0].text
value = text.value
for number, annotation in enumerate(text.annotations):
    value = value.replace(annotation.text, f"[{number}]")
print(value)
