"""The weather assistant written anew for Responses: the program keeps the conversation, answers are streamed."""

from openai import OpenAI

MODEL = "gpt-4o"
INSTRUCTIONS = "You tell people about the weather. Call the functions you are given to find out."
QUESTION = "What is the weather in San Francisco today, and will it rain?"
TOOLS = [
    {
        "type": "function",
        "strict": False,
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
    {
        "type": "function",
        "strict": False,
        "name": "get_rain_probability",
        "description": "How likely rain is at a place",
        "parameters": {
            "type": "object",
            "properties": {"location": {"type": "string", "description": "City and state"}},
            "required": ["location"],
        },
    },
]
ANSWERS = {"get_current_temperature": "57", "get_rain_probability": "0.06"}

client = OpenAI()
said = [{"role": "user", "content": QUESTION}]
calls = True
while calls:
    calls = []
    for event in client.responses.create(
        model=MODEL, instructions=INSTRUCTIONS, tools=TOOLS, input=said, store=False, stream=True
    ):
        if event.type == "response.output_text.delta":
            print(event.delta, end="", flush=True)
        elif event.type == "response.output_item.done" and event.item.type == "function_call":
            calls.append(event.item)
    said += [
        {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments}
        for call in calls
    ]
    said += [{"type": "function_call_output", "call_id": call.call_id, "output": ANSWERS[call.name]} for call in calls]
print()
