"""Tool outputs in a try, and pages of messages that are printed as they are."""

from openai import OpenAI

client = OpenAI()
PLACE = {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]}
assistant = {
    "instructions": "You know the weather.",
    "model": "gpt-4o",
    "tools": [
        {"type": "function", "name": "get_temperature", "parameters": PLACE, "strict": False},
        {"type": "function", "name": "get_rain", "parameters": PLACE, "strict": False},
    ],
    "store": False,
}
thread = []
thread.append({"role": "user", "content": "The weather in Ulm?"})
run = client.responses.create(**assistant, input=thread)
thread.extend(run.output)
if run.status == "completed" and not any(item.type == "function_call" for item in run.output):
    print(run.output_text)
else:
    print("requires_action" if any(item.type == "function_call" for item in run.output) else run.status)

# Collect the outputs.
tool_outputs = []
for tool in [item for item in run.output if item.type == "function_call"]:
    if tool.name == "get_temperature":
        tool_outputs.append({
            "type": "function_call_output",
            "call_id": tool.call_id,
            "output": "57",
        })  # fmt: skip
    elif tool.name == "get_rain":
        tool_outputs.append({"type": "function_call_output", "call_id": tool.call_id, "output": "0.06"})

if tool_outputs:
    try:
        thread.extend(tool_outputs)
        run = client.responses.create(**assistant, input=thread)
        thread.extend(run.output)
        print("submitted")
    except Exception as error:
        print("not submitted:", error)
else:
    print("nothing to submit")

if run.status == "completed" and not any(item.type == "function_call" for item in run.output):
    print(run.output_text)
else:
    print("requires_action" if any(item.type == "function_call" for item in run.output) else run.status)
