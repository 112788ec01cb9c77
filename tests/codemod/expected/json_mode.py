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
assistant = {
    "model": "gpt-4o",
    "instructions": "Answer in JSON.",
    "text": {"format": {"type": "json_object"}},
    "store": False,
}
strict = {
    "model": "gpt-4o",
    "text": {"format": {"type": "json_schema", "name": "place", "schema": SCHEMA, "strict": True}},
    "store": False,
}

for each in (assistant, strict):
    thread = [{"role": "user", "content": "Name a city as JSON"}]
    run = client.responses.create(**each, input=thread)
    thread.extend(run.output)
    text = run.output_text
    print(json.loads(text)["city"])
