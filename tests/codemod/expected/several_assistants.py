"""A writer and a critic take turns on one thread."""

from openai import OpenAI

client = OpenAI()
writer = {"model": "gpt-4o", "instructions": "Write.", "temperature": 0.7, "store": False}
critic = {"model": "gpt-4.1", "instructions": "Criticise.", "temperature": 0.1, "store": False}
thread = []


def turn(assistant, task):
    thread.append({"role": "user", "content": task})
    run = client.responses.create(**assistant, input=thread)
    thread.extend(run.output)
    if run.status == "completed":
        return run.output_text


print("writer:", turn(writer, "A line about your instructions"))
print("critic:", turn(critic, "What do your instructions make of it?"))
