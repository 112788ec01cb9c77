"""A stream of text, printed as it comes."""

from openai import OpenAI

client = OpenAI()
assistant = {"model": "gpt-4o", "instructions": "Be brief.", "store": False}
thread = [{"role": "user", "content": "Tell me a story of three words"}]

with client.responses.create(**assistant, input=thread, stream=True) as stream:
    for event in stream:
        if event.type in ("response.completed", "response.incomplete"):
            thread.extend(event.response.output)
        if event.type == "response.output_text.delta":
            text = event.delta
            print(text, end="", flush=True)
print()

thread.append({"role": "user", "content": "And the end?"})
with client.responses.create(**assistant, input=thread, stream=True) as stream:
    for event in stream:
        if event.type in ("response.completed", "response.incomplete"):
            thread.extend(event.response.output)
        if event.type == "response.output_text.delta":
            text = event.delta
            print(text, end="", flush=True)
    print()
