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
    assistant = {"model": "gpt-4o", "store": False}
    thread = []
    try:
        thread.append({"role": "user", "content": question})
        run = client.responses.create(**assistant, input=thread)
        thread.extend(run.output)
        if run.status == "completed":
            return run.output_text
        return run.status
    finally:
        pass


print(ask("Is anybody there?"))
