"""A weather assistant that polls, with strict schemas: legacy code, written for the Assistants API.

The line that imports OpenAI is the one a user changes; the tests run this file with both.
"""

from openai import OpenAI

client = OpenAI()

assistant = client.beta.assistants.create(
    model="gpt-4o-2024-08-06",
    instructions="You tell people about the weather. Call the functions you are given to find out.",
    tools=[
        {
            "type": "function",
            "function": {
                "name": "get_current_temperature",
                "description": "The temperature at a place, right now",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "location": {"type": "string", "description": "City and state, as in San Francisco, CA"},
                        "unit": {"type": "string", "enum": ["Celsius", "Fahrenheit"]},
                    },
                    "required": ["location", "unit"],
                    "additionalProperties": False,
                },
                "strict": True,
            },
        },
        {
            "type": "function",
            "function": {
                "name": "get_rain_probability",
                "description": "How likely rain is at a place",
                "parameters": {
                    "type": "object",
                    "properties": {"location": {"type": "string", "description": "City and state"}},
                    "required": ["location"],
                    "additionalProperties": False,
                },
                "strict": True,
            },
        },
    ],
)

thread = client.beta.threads.create()
client.beta.threads.messages.create(
    thread_id=thread.id,
    role="user",
    content="What is the weather in San Francisco today, and will it rain?",
)

run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)

if run.status == "completed":
    print(client.beta.threads.messages.list(thread_id=thread.id))
else:
    print(run.status)

answers = {"get_current_temperature": "57", "get_rain_probability": "0.06"}
tool_outputs = [
    {"tool_call_id": tool.id, "output": answers[tool.function.name]}
    for tool in run.required_action.submit_tool_outputs.tool_calls
]

run = client.beta.threads.runs.submit_tool_outputs_and_poll(
    thread_id=thread.id, run_id=run.id, tool_outputs=tool_outputs
)
print("Tool outputs submitted successfully.")

if run.status == "completed":
    messages = client.beta.threads.messages.list(thread_id=thread.id)
    print(messages.data[0].content[0].text.value)
else:
    print(run.status)
