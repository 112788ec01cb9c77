"""Request handlers as a Flask app has them: the thread's id is all a session knows, metadata is the database."""

import openai
from openai import OpenAI

client = OpenAI()
sessions = {}


def active_run(thread_id):
    runs = client.beta.threads.runs.list(thread_id=thread_id, limit=1).data
    return runs[0] if runs and runs[0].status in ("queued", "in_progress", "requires_action", "cancelling") else None


def post_start(user, greeting):
    thread = client.beta.threads.create(
        messages=[
            {"role": "user", "content": f"My name is {user}.", "metadata": {"kind": "introduction"}},
            {"role": "assistant", "content": greeting},
        ],
        metadata={"user": user, "channel": "web"},
    )
    sessions[user] = thread.id
    return {"thread": thread.metadata}


def post_ask(user, question):
    try:
        thread = client.beta.threads.retrieve(sessions[user])
    except openai.NotFoundError as error:
        print("lost:", error.status_code, error.code, error.param, error.body["message"].split("'")[0])
        thread = client.beta.threads.create(metadata={"user": user, "channel": "again"})
        sessions[user] = thread.id
    if active_run(thread.id):
        return {"error": "busy"}, 409
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread.id,
        assistant_id=assistant.id,
        additional_messages=[{"role": "user", "content": question, "metadata": {"kind": "question"}}],
        additional_instructions=f"The user is {thread.metadata['user']}.",
        metadata={"question": question},
    )
    messages = client.beta.threads.messages.list(thread_id=thread.id, run_id=run.id)
    return {"answer": messages.data[0].content[0].text.value, "instructions": run.instructions}


def get_history(user):
    shown = []
    for message in client.beta.threads.messages.list(thread_id=sessions[user], order="asc"):
        shown.append((message.role, message.content[0].text.value, message.metadata, message.run_id is not None))
    return shown


assistant = client.beta.assistants.create(model="gpt-4o", instructions="Be kind.")
print(post_start("Ada", "Hello Ada!"))
print(post_ask("Ada", "Who am I?"))
for line in get_history("Ada"):
    print(line)
client.beta.threads.update(sessions["Ada"], metadata={"user": "Ada", "seen": "yes"})
print(client.beta.threads.retrieve(sessions["Ada"]).metadata)
client.beta.threads.delete(sessions["Ada"])
print(post_ask("Ada", "And now?"))

thread = sessions["Ada"]
run = client.beta.threads.runs.create(
    thread_id=thread,
    assistant_id=assistant.id,
    instructions="Call the tool.",
    tools=[{"type": "function", "function": {"name": "get_rain"}}],
    additional_messages=[{"role": "user", "content": "weather?"}],
)
print("active", active_run(thread).id == run.id, post_ask("Ada", "Me too?"))
