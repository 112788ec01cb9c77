"""Small functions that hand ids around."""

from openai import OpenAI

client = OpenAI()
MODEL = "gpt-4o"


def make_assistant():
    return {"model": MODEL, "instructions": "Answer in one line.", "store": False}


def start_thread():
    thread = []
    return thread


def add_message(thread, text):
    thread.append({"role": "user", "content": text})


def run_assistant(thread, assistant):
    run = client.responses.create(**assistant, input=thread)
    thread.extend(run.output)
    return run.status


def last_answer(thread):
    return thread[-1].content[0].text


helper = make_assistant()
conversation = start_thread()
for question in ("What do you say?", "And what now?"):
    add_message(conversation, question)
    if run_assistant(thread=conversation, assistant=helper) == "completed":
        print(last_answer(conversation))
