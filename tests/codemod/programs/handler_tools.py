"""Tool outputs from an event handler of an async client."""

import asyncio

from openai import AsyncAssistantEventHandler, AsyncOpenAI

client = AsyncOpenAI()
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}}


class Handler(AsyncAssistantEventHandler):
    async def on_text_delta(self, delta, snapshot):
        print(delta.value, end="", flush=True)

    async def on_event(self, event):
        if event.event == "thread.run.requires_action":
            await self.answer_calls(event.data)

    async def answer_calls(self, run):
        outputs = []
        for call in run.required_action.submit_tool_outputs.tool_calls:
            if call.function.name == "get_rain":
                outputs.append({"tool_call_id": call.id, "output": "0.06"})
            else:
                outputs.append({"tool_call_id": call.id, "output": "57"})
        async with client.beta.threads.runs.submit_tool_outputs_stream(
            thread_id=thread.id, run_id=run.id, tool_outputs=outputs, event_handler=Handler()
        ) as stream:
            await stream.until_done()


async def main():
    global assistant, thread
    assistant = await client.beta.assistants.create(
        model="gpt-4o",
        tools=[
            {"type": "function", "function": {"name": "get_rain", "parameters": WEATHER}},
            {"type": "function", "function": {"name": "get_temperature", "parameters": WEATHER}},
        ],
    )
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": "The weather?"}])
    async with client.beta.threads.runs.stream(
        thread_id=thread.id, assistant_id=assistant.id, event_handler=Handler()
    ) as stream:
        await stream.until_done()
    print()


asyncio.run(main())
