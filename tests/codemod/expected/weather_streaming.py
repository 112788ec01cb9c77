"""A weather assistant that streams; an event handler answers parallel tool calls: legacy Assistants code.

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

ANSWERS = {"get_current_temperature": "57", "get_rain_probability": "0.06"}


class Handler:
    def on_event(self, event):
        if event.type == "response.completed" and any(item.type == "function_call" for item in event.response.output):
            self.answer(event.response)

    def answer(self, run):
        outputs = [
            {"type": "function_call_output", "call_id": tool.call_id, "output": ANSWERS[tool.name]}
            for tool in [item for item in run.output if item.type == "function_call"]
        ]
        thread.extend(outputs)
        handler = Handler()
        with client.responses.create(**assistant, input=thread, stream=True) as stream:
            for event in stream:
                if event.type in ("response.completed", "response.incomplete"):
                    thread.extend(event.response.output)
                handler.on_event(event)
                if event.type == "response.output_text.delta":
                    text = event.delta
                    print(text, end="", flush=True)
            print()


handler = Handler()
with client.responses.create(**assistant, input=thread, stream=True) as stream:
    for event in stream:
        if event.type in ("response.completed", "response.incomplete"):
            thread.extend(event.response.output)
        handler.on_event(event)
