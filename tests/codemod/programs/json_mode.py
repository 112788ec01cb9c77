"""Answers that are JSON: any, and by a schema."""

import json

from openai import OpenAI

client = OpenAI()
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
assistant = client.beta.assistants.create(
    model="gpt-4o", instructions="Answer in JSON.", response_format={"type": "json_object"}
)
strict = client.beta.assistants.create(
    model="gpt-4o",
    response_format={"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA, "strict": True}},
)

for each in (assistant, strict):
    thread = client.beta.threads.create(messages=[{"role": "user", "content": "Name a city as JSON"}])
    run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=each.id)
    text = client.beta.threads.messages.list(thread_id=thread.id).data[0].content[0].text.value
    print(json.loads(text)["city"])
