"""The weather assistant written anew for Responses: the conversation is kept upstream, answers come whole."""

from openai import OpenAI

MODEL = "gpt-4o"
INSTRUCTIONS = "You tell people about the weather. Call the functions you are given to find out."
QUESTION = "What is the weather in San Francisco today, and will it rain?"
TOOLS = [
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
    },
]
ANSWERS = {"get_current_temperature": "57", "get_rain_probability": "0.06"}

client = OpenAI()
asked = {"model": MODEL, "instructions": INSTRUCTIONS, "tools": TOOLS}
response = client.responses.create(input=QUESTION, **asked)
calls = [item for item in response.output if item.type == "function_call"]
outputs = [{"type": "function_call_output", "call_id": call.call_id, "output": ANSWERS[call.name]} for call in calls]
response = client.responses.create(input=outputs, previous_response_id=response.id, **asked)
print(response.output_text)
