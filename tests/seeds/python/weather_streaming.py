"""A weather assistant that streams; an event handler answers parallel tool calls: legacy Assistants code.

The line that imports OpenAI is the one a user changes; the tests run this file with both.
"""

from openai import AssistantEventHandler, OpenAI
from typing_extensions import override

client = OpenAI()

assistant = client.beta.assistants.create(
    model="gpt-4o",
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
                },
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
                },
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

ANSWERS = {"get_current_temperature": "57", "get_rain_probability": "0.06"}


class Handler(AssistantEventHandler):
    @override
    def on_event(self, event):
        if event.event == "thread.run.requires_action":
            self.answer(event.data)

    def answer(self, run):
        outputs = [
            {"tool_call_id": tool.id, "output": ANSWERS[tool.function.name]}
            for tool in run.required_action.submit_tool_outputs.tool_calls
        ]
        with client.beta.threads.runs.submit_tool_outputs_stream(
            thread_id=self.current_run.thread_id,
            run_id=self.current_run.id,
            tool_outputs=outputs,
            event_handler=Handler(),
        ) as stream:
            for text in stream.text_deltas:
                print(text, end="", flush=True)
            print()


with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id, event_handler=Handler()) as stream:
    stream.until_done()
