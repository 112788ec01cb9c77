"""Azure's client."""

# bridge: not converted: Azure's Responses API stands below another path, /openai/v1:
# bridge: give its client that (docs/codemod.md#clients)
from openai import AzureOpenAI

client = AzureOpenAI(azure_endpoint="https://example.openai.azure.com", api_key="key", api_version="2024-05-01-preview")
assistant = client.beta.assistants.create(model="my-deployment", instructions="Be brief.")
thread = client.beta.threads.create(messages=[{"role": "user", "content": "Hello"}])
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)
print(client.beta.threads.messages.list(thread_id=thread.id).data[0].content[0].text.value)
