"""Functions of Python as tools, called side by side, until the run is over."""

import json

from openai import OpenAI

client = OpenAI()


def get_temperature(city, unit="F"):
    return {"city": city, "degrees": 57, "unit": unit}


def get_rain(city):
    return {"city": city, "probability": 0.06}


FUNCTIONS = {"get_temperature": get_temperature, "get_rain": get_rain}
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}

assistant = {
    "model": "gpt-4o",
    "instructions": "Be brief.",
    "tools": [{"type": "function", "name": name, "parameters": CITY, "strict": False} for name in FUNCTIONS],
    "store": True,
}
thread = client.conversations.create()
client.conversations.items.create(thread.id, items=[{"role": "user", "content": "How is the weather in Ulm?"}])
run = client.responses.create(**assistant, conversation=thread.id)

while any(item.type == "function_call" for item in run.output):
    outputs = []
    for call in [item for item in run.output if item.type == "function_call"]:
        arguments = json.loads(call.arguments)
        print("calls", call.name, arguments)
        outputs.append({"type": "function_call_output", "call_id": call.call_id, "output": json.dumps(FUNCTIONS[call.name](**arguments))})
    run = client.responses.create(**assistant, conversation=thread.id, input=outputs)

messages = client.conversations.items.list(thread.id)
print(messages.data[0].content[0].text)
