"""`for event in` over a run that streams."""

from openai import OpenAI

client = OpenAI()
assistant = {"model": "gpt-4o", "store": False}
thread = [{"role": "user", "content": "One two three"}]

stream = client.responses.create(**assistant, input=thread, stream=True)
for event in stream:
    if event.type in ("response.completed", "response.incomplete"):
        thread.extend(event.response.output)
    if event.type == "response.output_text.delta":
        print(event.delta, end="|")
    elif event.type == "response.completed":
        print("\ntokens", event.response.usage.output_tokens)
    elif event.type == "response.failed":
        print("failed", event.response.error.message)
