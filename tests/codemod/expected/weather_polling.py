"""A weather assistant that answers parallel tool calls by polling: legacy code, written for the Assistants API.

The line that imports OpenAI is the one a user changes; the tests run this file with both.
"""

from openai import OpenAI

client = OpenAI()

assistant = {
    "model": "gpt-4o",
    "instructions": "You tell people about the weather. Call the functions you are given to find out.",
    "tools": [
        {
            "type": "function",
            "name": "get_current_temperature",
            "description": "The temperature at a place, right now",
            "parameters": {
                "type": "object",
                "properties": {
                    "location": {"type": "string", "description": "City and state, as in San Francisco, CA"},
                    "unit": {"type": "string", "enum": ["Celsius", "Fahrenheit"]},
                },
                "required": ["location", "unit"],
            },
            "strict": False,
        },
        {
            "type": "function",
            "name": "get_rain_probability",
            "description": "How likely rain is at a place",
            "parameters": {
                "type": "object",
                "properties": {"location": {"type": "string", "description": "City and state"}},
                "required": ["location"],
            },
            "strict": False,
        },
    ],
    "store": False,
}

thread = []
thread.append({
    "role": "user",
    "content": "What is the weather in San Francisco today, and will it rain?",
})

run = client.responses.create(**assistant, input=thread)
thread.extend(run.output)

if run.status == "completed" and not any(item.type == "function_call" for item in run.output):
    print(run.output_text)
else:
    print("requires_action" if any(item.type == "function_call" for item in run.output) else run.status)

answers = {"get_current_temperature": "57", "get_rain_probability": "0.06"}
tool_outputs = [
    {"type": "function_call_output", "call_id": tool.call_id, "output": answers[tool.name]}
    for tool in [item for item in run.output if item.type == "function_call"]
]

thread.extend(tool_outputs)
run = client.responses.create(**assistant, input=thread)
thread.extend(run.output)
print("Tool outputs submitted successfully.")

if run.status == "completed" and not any(item.type == "function_call" for item in run.output):
    print(run.output_text)
else:
    print("requires_action" if any(item.type == "function_call" for item in run.output) else run.status)
