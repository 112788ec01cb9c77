"""Runs that say otherwise than their assistant."""

from openai import OpenAI

client = OpenAI()
assistant = {
    "model": "gpt-4o",
    "instructions": "Speak English.",
    "temperature": 0.2,
    "store": True,
}
thread = client.conversations.create()

client.conversations.items.create(thread.id, items=[{"role": "user", "content": "What are your instructions?"}])
run = client.responses.create(
    **(assistant | {"model": "gpt-4.1", "instructions": "Speak French."}),
    conversation=thread.id,
)
print(client.conversations.items.list(thread.id).data[0].content[0].text)
user = "Ada"
client.conversations.items.create(thread.id, items=[{"role": "user", "content": "And which instructions now?"}])
run = client.responses.create(
    **(assistant | {"instructions": assistant["instructions"] + "\n" + f"The user is {user}.", "metadata": {"question": "2"}, "max_output_tokens": 500}),
    conversation=thread.id,
)
print(client.conversations.items.list(thread.id).data[0].content[0].text)
