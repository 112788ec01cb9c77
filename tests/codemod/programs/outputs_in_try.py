"""Tool outputs in a try, and pages of messages that are printed as they are."""

from openai import OpenAI

client = OpenAI()
PLACE = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}
assistant = client.beta.assistants.create(
    instructions="You know the weather.",
    model="gpt-4o",
    tools=[
        {"type": "function", "function": {"name": "get_temperature", "parameters": PLACE}},
        {"type": "function", "function": {"name": "get_rain", "parameters": PLACE}},
    ],
)
thread = client.beta.threads.create()
message = client.beta.threads.messages.create(thread_id=thread.id, role="user", content="The weather in Ulm?")
run = client.beta.threads.runs.create_and_poll(
    thread_id=thread.id,
    assistant_id=assistant.id,
)
if run.status == "completed":
    messages = client.beta.threads.messages.list(thread_id=thread.id)
    print(messages)
else:
    print(run.status)

# Collect the outputs.
tool_outputs = []
for tool in run.required_action.submit_tool_outputs.tool_calls:
    if tool.function.name == "get_temperature":
        tool_outputs.append({
            "tool_call_id": tool.id,
            "output": "57"
        })  # fmt: skip
    elif tool.function.name == "get_rain":
        tool_outputs.append({"tool_call_id": tool.id, "output": "0.06"})

if tool_outputs:
    try:
        run = client.beta.threads.runs.submit_tool_outputs_and_poll(
            thread_id=thread.id,
            run_id=run.id,
            tool_outputs=tool_outputs,
        )
        print("submitted")
    except Exception as error:
        print("not submitted:", error)
else:
    print("nothing to submit")

if run.status == "completed":
    messages = client.beta.threads.messages.list(thread_id=thread.id)
    print(messages)
else:
    print(run.status)
