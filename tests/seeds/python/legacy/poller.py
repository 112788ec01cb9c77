"""A loop that polls and sleeps, tool outputs from json.loads(arguments), and accounting by usage."""

import json
import time

from openai import OpenAI

client = OpenAI()


def get_temperature(city, unit="F"):
    return {"city": city, "degrees": 57, "unit": unit}


def get_rain(city):
    return {"city": city, "probability": 0.06}


FUNCTIONS = {"get_temperature": get_temperature, "get_rain": get_rain}
CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [{"type": "function", "function": {"name": name, "parameters": CITY}} for name in FUNCTIONS]

assistant = client.beta.assistants.create(name="Poller", model="gpt-4o", instructions="Be brief.", tools=TOOLS)
thread = client.beta.threads.create()
client.beta.threads.messages.create(thread_id=thread.id, role="user", content="How is the weather in Ulm?")
run = client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id)

while run.status != "completed":
    if run.status == "requires_action":
        outputs = []
        for call in run.required_action.submit_tool_outputs.tool_calls:
            result = FUNCTIONS[call.function.name](**json.loads(call.function.arguments))
            outputs.append({"tool_call_id": call.id, "output": json.dumps(result)})
        run = client.beta.threads.runs.submit_tool_outputs(thread_id=thread.id, run_id=run.id, tool_outputs=outputs)
        print("submitted", len(outputs), "status", run.status, "usage", run.usage)
    elif run.status in ("failed", "expired", "cancelled", "incomplete"):
        raise SystemExit(f"the run ended {run.status}: {run.last_error}")
    time.sleep(0.05)
    run = client.beta.threads.runs.retrieve(thread_id=thread.id, run_id=run.id)

print(client.beta.threads.messages.list(thread_id=thread.id).data[0].content[0].text.value)

steps = client.beta.threads.runs.steps.list(thread_id=thread.id, run_id=run.id).data
by_steps = sum(step.usage.total_tokens for step in steps)
print("usage adds up", by_steps == run.usage.total_tokens == run.usage.prompt_tokens + run.usage.completion_tokens)
for call in steps[-1].step_details.tool_calls:
    print(call.function.name, json.loads(call.function.arguments), json.loads(call.function.output))
