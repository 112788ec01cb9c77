"""A writer and a critic take turns on one thread."""

from openai import OpenAI

client = OpenAI()
writer = client.beta.assistants.create(model="gpt-4o", instructions="Write.", temperature=0.7)
critic = client.beta.assistants.create(model="gpt-4.1", instructions="Criticise.", temperature=0.1)
thread = client.beta.threads.create()


def turn(assistant, task):
    client.beta.threads.messages.create(thread.id, role="user", content=task)
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
    if run.status == "completed":
        return client.beta.threads.messages.list(thread.id).data[0].content[0].text.value


print("writer:", turn(writer, "A line about your instructions"))
print("critic:", turn(critic, "What do your instructions make of it?"))
