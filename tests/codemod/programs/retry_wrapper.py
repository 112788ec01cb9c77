"""A decorator that tries again."""

import functools
import time

import openai
from openai import OpenAI

client = OpenAI()


def retried(function):
    @functools.wraps(function)
    def call(*args, **options):
        for attempt in range(3):
            try:
                return function(*args, **options)
            except openai.APIConnectionError:
                time.sleep(2**attempt)
        raise SystemExit("nobody there")

    return call


@retried
def ask(question: str) -> str:
    assistant = client.beta.assistants.create(model="gpt-4o")
    thread = client.beta.threads.create()
    try:
        client.beta.threads.messages.create(thread_id=thread.id, role="user", content=question)
        run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
        if run.status == "completed":
            return client.beta.threads.messages.list(thread_id=thread.id).data[0].content[0].text.value
        return run.status
    finally:
        client.beta.assistants.delete(assistant.id)


print(ask("Is anybody there?"))
