"""A model that computes."""

from openai import OpenAI

client = OpenAI()
assistant = {
    "model": "gpt-4o",
    "instructions": "Write and run code.",
    "tools": [{"type": "code_interpreter", "container": {"type": "auto"}}],
    "store": False,
}
thread = []
thread.append({"role": "user", "content": "Please compute 6 * 7"})
run = client.responses.create(**assistant, input=thread)
thread.extend(run.output)
print(run.status)
print(run.output_text)
