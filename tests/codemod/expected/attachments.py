"""A file that comes with a message."""

from openai import OpenAI

client = OpenAI()
with open("handbook.txt", "rb") as handbook:
    file = client.files.create(file=handbook, purpose="assistants")
# bridge: not converted: file_search without a vector store of this file: Responses
# bridge: refuses it (docs/codemod.md#assistants_create)
assistant = client.beta.assistants.create(model="gpt-4o", tools=[{"type": "file_search"}])
# bridge: not converted: attachments, and whatever is no role and content, cannot be
# bridge: converted (docs/codemod.md#threads_create)
thread = client.beta.threads.create(
    messages=[
        {
            "role": "user",
            "content": "What does the file say of holidays?",
            "attachments": [{"file_id": file.id, "tools": [{"type": "file_search"}]}],
        }
    ]
)
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
print(client.beta.threads.messages.list(thread_id=thread.id).data[0].content[0].text.value)
