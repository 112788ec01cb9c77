"""Small functions that hand ids around."""

from openai import OpenAI

client = OpenAI()
MODEL = "gpt-4o"


def make_assistant():
    return client.beta.assistants.create(model=MODEL, instructions="Answer in one line.")


def start_thread():
    thread = client.beta.threads.create()
    return thread.id


def add_message(thread_id, text):
    client.beta.threads.messages.create(thread_id=thread_id, role="user", content=text)


def run_assistant(thread_id, assistant_id):
    run = client.beta.threads.runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id)
    return run.status


def last_answer(thread_id):
    messages = client.beta.threads.messages.list(thread_id=thread_id)
    return messages.data[0].content[0].text.value


helper = make_assistant()
conversation = start_thread()
for question in ("What do you say?", "And what now?"):
    add_message(conversation, question)
    if run_assistant(thread_id=conversation, assistant_id=helper.id) == "completed":
        print(last_answer(conversation))
