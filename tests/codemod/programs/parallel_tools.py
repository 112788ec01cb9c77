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

assistant = client.beta.assistants.create(
    model="gpt-4o",
    instructions="Be brief.",
    tools=[{"type": "function", "function": {"name": name, "parameters": CITY}} for name in FUNCTIONS],
)
thread = client.beta.threads.create()
client.beta.threads.messages.create(thread_id=thread.id, role="user", content="How is the weather in Ulm?")
run = client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id)

while run.status == "requires_action":
    outputs = []
    for call in run.required_action.submit_tool_outputs.tool_calls:
        arguments = json.loads(call.function.arguments)
        print("calls", call.function.name, arguments)
        outputs.append({"tool_call_id": call.id, "output": json.dumps(FUNCTIONS[call.function.name](**arguments))})
    run = client.beta.threads.runs.submit_tool_outputs_and_poll(
        thread_id=thread.id, run_id=run.id, tool_outputs=outputs
    )

messages = client.beta.threads.messages.list(thread_id=thread.id)
print(messages.data[0].content[0].text.value)
