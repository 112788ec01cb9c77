"""Polling and tool outputs in one loop."""

import json

from openai import OpenAI

client = OpenAI()
TOOLS = [
    {
        "type": "function",
        "name": "get_temperature",
        "description": "How warm it is",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},  # by its name
            "required": ["city"],
        },
        "strict": False,
    },
    {"type": "function", "name": "get_rain", "strict": False, "parameters": {"type": "object", "properties": {}}},
]


def look_up(name, arguments):
    return json.dumps({"asked": name, "city": arguments.get("city")})


def handle(call):
    function = call
    return look_up(function.name, json.loads(function.arguments))


assistant = {"model": "gpt-4o", "tools": TOOLS, "store": False}
thread = [{"role": "user", "content": "weather please"}]
run = client.responses.create(**assistant, input=thread)
thread.extend(run.output)

while True:
    if run.status == "completed" and not any(item.type == "function_call" for item in run.output):
        break
    elif any(item.type == "function_call" for item in run.output):
        tool_calls = [item for item in run.output if item.type == "function_call"]
        thread.extend([{"type": "function_call_output", "call_id": tool_call.call_id, "output": handle(tool_call)} for tool_call in tool_calls])
        run = client.responses.create(**assistant, input=thread)
        thread.extend(run.output)
    elif run.status in ("failed", "cancelled", "expired"):
        raise SystemExit(f"the run ended {'requires_action' if any(item.type == 'function_call' for item in run.output) else run.status}")

print(run.output_text)
