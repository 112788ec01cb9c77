"""The helper of the cookbook that waits for a run."""

import time

from openai import OpenAI

client = OpenAI()


def submit_message(assistant_id, thread, user_message):
    client.beta.threads.messages.create(thread_id=thread.id, role="user", content=user_message)
    return client.beta.threads.runs.create(
        thread_id=thread.id,
        assistant_id=assistant_id,
    )


def wait_on_run(run, thread):
    while run.status == "queued" or run.status == "in_progress":
        run = client.beta.threads.runs.retrieve(
            thread_id=thread.id,
            run_id=run.id,
        )
        time.sleep(0.05)
    return run


def answer(thread):
    return client.beta.threads.messages.list(thread_id=thread.id).data[0].content[0].text.value


assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be a tutor.")
thread = client.beta.threads.create()
run = submit_message(assistant.id, thread, "What is 2 + 2?")
run = wait_on_run(run, thread)
print(run.status, answer(thread))
run = wait_on_run(submit_message(assistant.id, thread, "And 3 + 3?"), thread)
print(run.status, answer(thread))
