"""A run that is polled by hand."""

from openai import OpenAI

client = OpenAI()
assistant = {"model": "gpt-4o", "store": False}
thread = []
thread.append({"role": "user", "content": "Are you there?"})
run = client.responses.create(**assistant, input=thread)
thread.extend(run.output)

# Wait for the end.
if run.status == "failed":
    print(run.error.message)
elif run.status == "completed":
    print(run.output_text)
    print(run.usage.input_tokens + run.usage.output_tokens == run.usage.total_tokens)
