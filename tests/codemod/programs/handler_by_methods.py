"""An event handler that hands data and ids from method to method until it submits outputs in a second stream."""

from openai import AssistantEventHandler, OpenAI
from typing_extensions import override

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
client.beta.threads.messages.create(thread_id=thread.id, role="user", content="The weather in Ulm?")


class Handler(AssistantEventHandler):
    @override
    def on_event(self, event):
        # Only events that ask for outputs have tool calls.
        if event.event == "thread.run.requires_action":
            run_id = event.data.id  # to submit to
            self.handle_requires_action(event.data, run_id)

    def handle_requires_action(self, data, run_id):
        tool_outputs = []
        for tool in data.required_action.submit_tool_outputs.tool_calls:
            output = "57" if tool.function.name == "get_temperature" else "0.06"
            tool_outputs.append({"tool_call_id": tool.id, "output": output})
        self.submit_tool_outputs(tool_outputs, run_id)

    def submit_tool_outputs(self, tool_outputs, run_id):
        with client.beta.threads.runs.submit_tool_outputs_stream(
            thread_id=self.current_run.thread_id,
            run_id=self.current_run.id,
            tool_outputs=tool_outputs,
            event_handler=Handler(),
        ) as stream:
            for text in stream.text_deltas:
                print(text, end="", flush=True)
            print()


with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id, event_handler=Handler()) as stream:
    stream.until_done()
