"""An assistant looked up by its name, edited between runs; runs keep what they were made with."""

from openai import OpenAI

client = OpenAI()


def by_name(name):
    return next((one for one in client.beta.assistants.list(order="desc", limit=2) if one.name == name), None)


assert by_name("Editor") is None
made = [client.beta.assistants.create(name=name, model="gpt-4o") for name in ("Editor", "b", "c", "d", "e")]
assistant = by_name("Editor")
print("found", assistant.id == made[0].id, assistant.instructions, assistant.tools, assistant.temperature)

thread = client.beta.threads.create()
runs = []
for instructions, model in (("Speak French.", "gpt-4o"), ("Speak German.", "gpt-4.1"), (None, "gpt-4o")):
    assistant = client.beta.assistants.update(
        assistant.id, instructions=instructions, model=model, metadata={"language": instructions or ""}
    )
    client.beta.threads.messages.create(thread.id, role="user", content="instructions?")
    runs.append(
        client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, temperature=0.2)
    )
    print(client.beta.threads.messages.list(thread.id, limit=1).data[0].content[0].text.value)

for run in reversed(client.beta.threads.runs.list(thread.id).data):
    print(run.model, run.instructions, run.temperature, run.top_p)
print(assistant.name, assistant.metadata)
for one in made:
    print(client.beta.assistants.delete(one.id).deleted, end=" ")
print(
    by_name("Editor"), client.beta.threads.runs.retrieve(runs[0].id, thread_id=thread.id).assistant_id == assistant.id
)
