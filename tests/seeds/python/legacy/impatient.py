"""Cancels a run that waits for outputs, and sends its message again with back-off, guided by the text of the error."""

import re
import time

import openai
from openai import OpenAI

client = OpenAI()
BUSY = re.compile(r"Can't add messages to thread_([a-zA-Z0-9]+) while a run run_([a-zA-Z0-9]+) is active\.")
ACTIVE = re.compile(r"Thread (\w+) already has an active run (\w+)")


def cancel(thread_id, run_id):
    try:
        run = client.beta.threads.runs.cancel(thread_id=thread_id, run_id=run_id)
        print("cancelling:", run.status)
    except openai.BadRequestError as error:
        if "Cannot cancel run with status" not in str(error):
            raise
        print("was over:", error.message.split("message': ")[-1][:38])
    while run.status not in ("cancelled", "completed", "failed", "expired"):
        time.sleep(0.02)
        run = client.beta.threads.runs.retrieve(thread_id=thread_id, run_id=run_id)
    print("now:", run.status, run.cancelled_at is not None, run.required_action)


def say(thread_id, text, attempts=5):
    for attempt in range(attempts):
        try:
            return client.beta.threads.messages.create(thread_id=thread_id, role="user", content=text)
        except openai.BadRequestError as error:
            found = BUSY.search(str(error))
            if found is None:
                raise
            print("busy:", f"thread_{found[1]}" == thread_id)
            cancel(thread_id, f"run_{found[2]}")
            time.sleep(0.02 * 2**attempt)
    raise SystemExit("still busy")


tools = [{"type": "function", "function": {"name": "get_rain", "parameters": {"type": "object", "properties": {}}}}]
assistant = client.beta.assistants.create(model="gpt-4o", tools=tools)
thread = client.beta.threads.create(messages=[{"role": "user", "content": "How is the weather?"}])
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
print(run.status)

try:
    client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)
except openai.BadRequestError as error:
    print("active:", ACTIVE.search(str(error)).groups() == (thread.id, run.id))

say(thread.id, "Never mind. Good morning!")
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
print(run.status, client.beta.threads.messages.list(thread.id).data[0].content[0].text.value)
try:
    client.beta.threads.runs.cancel(run_id=run.id, thread_id=thread.id)
except openai.BadRequestError as error:
    print(re.search(r"Cannot cancel run with status '\w+'\.", str(error))[0])
