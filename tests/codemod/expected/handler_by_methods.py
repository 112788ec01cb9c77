"""An event handler that hands data and ids from method to method until it submits outputs in a second stream."""

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


class Handler:
    def on_event(self, event):
        # Only events that ask for outputs have tool calls.
        if event.type == "response.completed" and any(item.type == "function_call" for item in event.response.output):
            run = event.response  # to submit to
            self.handle_requires_action(event.response, run)

    def handle_requires_action(self, data, run):
        tool_outputs = []
        for tool in [item for item in data.output if item.type == "function_call"]:
            output = "57" if tool.name == "get_temperature" else "0.06"
            tool_outputs.append({"type": "function_call_output", "call_id": tool.call_id, "output": output})
        self.submit_tool_outputs(tool_outputs, run)

    def submit_tool_outputs(self, tool_outputs, run):
        thread.extend(tool_outputs)
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
