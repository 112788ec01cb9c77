"""One question, one answer."""

from openai import OpenAI

client = OpenAI()

# Made once, in the playground's words.
assistant = client.beta.assistants.create(
    name="Parrot",
    model="gpt-4o",
    instructions="Repeat what you hear.",  # and nothing else
)
thread = client.beta.threads.create()
client.beta.threads.messages.create(thread_id=thread.id, role="user", content="Good evening")
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)

if run.status == "completed":
    messages = client.beta.threads.messages.list(thread_id=thread.id)
    print(messages.data[0].content[0].text.value)
else:
    print("the run ended", run.status)
