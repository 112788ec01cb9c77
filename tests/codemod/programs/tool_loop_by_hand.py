"""Polling and tool outputs in one loop."""

import json
import time

from openai import OpenAI

client = OpenAI()
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_temperature",
            "description": "How warm it is",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string"}},  # by its name
                "required": ["city"],
            },
        },
    },
    {"type": "function", "function": {"name": "get_rain", "strict": False}},
]


def look_up(name, arguments):
    return json.dumps({"asked": name, "city": arguments.get("city")})


def handle(call):
    function = call.function
    return look_up(function.name, json.loads(function.arguments))


assistant = client.beta.assistants.create(model="gpt-4o", tools=TOOLS)
thread = client.beta.threads.create(messages=[{"role": "user", "content": "weather please"}])
run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)

while True:
    time.sleep(0.05)
    run = client.beta.threads.runs.retrieve(thread_id=thread.id, run_id=run.id)
    if run.status == "completed":
        break
    elif run.status == "requires_action":
        tool_calls = run.required_action.submit_tool_outputs.tool_calls
        client.beta.threads.runs.submit_tool_outputs(
            thread_id=thread.id,
            run_id=run.id,
            tool_outputs=[{"tool_call_id": tool_call.id, "output": handle(tool_call)} for tool_call in tool_calls],
        )
    elif run.status in ("failed", "cancelled", "expired"):
        raise SystemExit(f"the run ended {run.status}")

print(client.beta.threads.messages.list(thread_id=thread.id).data[0].content[0].text.value)
