"""The helper of the cookbook that waits for a run."""

from openai import OpenAI

client = OpenAI()


def submit_message(assistant, thread, user_message):
    thread.append({"role": "user", "content": user_message})
    response = client.responses.create(**assistant, input=thread)
    thread.extend(response.output)
    return response


def wait_on_run(run, thread):
    return run


def answer(thread):
    return thread[-1].content[0].text


assistant = {"model": "gpt-4o", "instructions": "Be a tutor.", "store": False}
thread = []
run = submit_message(assistant, thread, "What is 2 + 2?")
run = wait_on_run(run, thread)
print(run.status, answer(thread))
run = wait_on_run(submit_message(assistant, thread, "And 3 + 3?"), thread)
print(run.status, answer(thread))
