"""Thread and run in one call."""

from openai import OpenAI

client = OpenAI()
assistant = {"model": "gpt-4o", "instructions": "Be brief.", "store": False}
thread = [{"role": "user", "content": "Hello there"}]
run = client.responses.create(**assistant, input=thread)
thread.extend(run.output)
print(run.status, run.output_text)
