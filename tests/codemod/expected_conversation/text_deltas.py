"""A stream of text, printed as it comes."""

from openai import OpenAI

client = OpenAI()
assistant = {"model": "gpt-4o", "instructions": "Be brief.", "store": True}
thread = client.conversations.create(items=[{"role": "user", "content": "Tell me a story of three words"}])

with client.responses.create(**assistant, conversation=thread.id, stream=True) as stream:
    for event in stream:
        if event.type == "response.output_text.delta":
            text = event.delta
            print(text, end="", flush=True)
print()

client.conversations.items.create(thread.id, items=[{"role": "user", "content": "And the end?"}])
with client.responses.create(**assistant, conversation=thread.id, stream=True) as stream:
    for event in stream:
        if event.type == "response.output_text.delta":
            text = event.delta
            print(text, end="", flush=True)
    print()
