"""Runs that say otherwise than their assistant."""

from openai import OpenAI

client = OpenAI()
assistant = {
    "model": "gpt-4o",
    "instructions": "Speak English.",
    "temperature": 0.2,
    "store": False,
}
thread = []

thread.append({"role": "user", "content": "What are your instructions?"})
run = client.responses.create(
    **(assistant | {"model": "gpt-4.1", "instructions": "Speak French."}),
    input=thread,
)
thread.extend(run.output)
print(run.output_text)
user = "Ada"
thread.extend([{"role": "user", "content": "And which instructions now?"}])
run = client.responses.create(
    **(assistant | {"instructions": assistant["instructions"] + "\n" + f"The user is {user}.", "metadata": {"question": "2"}, "max_output_tokens": 500}),
    input=thread,
)
thread.extend(run.output)
print(run.output_text)
