"""Questions about a file."""

from openai import OpenAI

client = OpenAI()
store = client.vector_stores.create(name="Handbook")
with open("handbook.txt", "rb") as handbook:
    client.vector_stores.files.upload_and_poll(vector_store_id=store.id, file=handbook)

assistant = client.beta.assistants.create(
    model="gpt-4o",
    instructions="Look it up.",
    tools=[{"type": "file_search"}],
    tool_resources={"file_search": {"vector_store_ids": [store.id]}},
)
thread = client.beta.threads.create(messages=[{"role": "user", "content": "What does the file say of holidays?"}])
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
print(client.beta.threads.messages.list(thread_id=thread.id).data[0].content[0].text.value)
