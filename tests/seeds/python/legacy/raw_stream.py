"""Raw streams: `for event in` and a chain of ifs over the names, tool outputs in a second stream."""

import json

from openai import OpenAI

client = OpenAI()
names = []
tools = [
    {
        "type": "function",
        "function": {"name": name, "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
    for name in ("get_temperature", "get_rain")
]


def follow(stream):
    waiting, arguments = None, {}
    for event in stream:
        if not names or names[-1] != event.event:
            names.append(event.event)
        if event.event == "thread.message.delta":
            for block in event.data.delta.content:
                if block.type == "text":
                    print(block.text.value, end="|")
        elif event.event == "thread.run.step.delta":
            for call in event.data.delta.step_details.tool_calls:
                arguments[call.index] = arguments.get(call.index, "") + call.function.arguments
        elif event.event == "thread.run.requires_action":
            waiting = event.data
        elif event.event == "thread.run.completed":
            print("\ntokens", event.data.usage.total_tokens > 0)
        elif event.event == "thread.run.failed":
            print("failed", event.data.last_error)
    if waiting:
        calls = waiting.required_action.submit_tool_outputs.tool_calls
        print("arguments as streamed", [call.function.arguments for call in calls] == list(arguments.values()))
        outputs = [{"tool_call_id": call.id, "output": json.loads(call.function.arguments)["city"]} for call in calls]
        follow(
            client.beta.threads.runs.submit_tool_outputs(
                thread_id=waiting.thread_id, run_id=waiting.id, tool_outputs=outputs, stream=True
            )
        )


assistant = client.beta.assistants.create(model="gpt-4o", tools=tools)
thread = client.beta.threads.create(messages=[{"role": "user", "content": "weather"}])
follow(client.beta.threads.runs.create(thread_id=thread.id, assistant_id=assistant.id, stream=True))
print(" ".join(name.replace("thread.", "") for name in names))
