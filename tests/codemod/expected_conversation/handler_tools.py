"""Tool outputs from an event handler of an async client."""

import asyncio

from openai import AsyncOpenAI

client = AsyncOpenAI()
WEATHER = {"type": "object", "properties": {"city": {"type": "string"}}}


class Handler:
    async def on_text_delta(self, event):
        print(event.delta, end="", flush=True)

    async def on_event(self, event):
        if event.type == "response.completed" and any(item.type == "function_call" for item in event.response.output):
            await self.answer_calls(event.response)
        if event.type == "response.output_text.delta":
            await self.on_text_delta(event)

    async def answer_calls(self, run):
        outputs = []
        for call in [item for item in run.output if item.type == "function_call"]:
            if call.name == "get_rain":
                outputs.append({"type": "function_call_output", "call_id": call.call_id, "output": "0.06"})
            else:
                outputs.append({"type": "function_call_output", "call_id": call.call_id, "output": "57"})
        handler = Handler()
        async with await client.responses.create(**assistant, conversation=thread.id, input=outputs, stream=True) as stream:
            async for event in stream:
                await handler.on_event(event)


async def main():
    global assistant, thread
    assistant = {
        "model": "gpt-4o",
        "tools": [
            {"type": "function", "name": "get_rain", "parameters": WEATHER, "strict": False},
            {"type": "function", "name": "get_temperature", "parameters": WEATHER, "strict": False},
        ],
        "store": True,
    }
    thread = await client.conversations.create(items=[{"role": "user", "content": "The weather?"}])
    handler = Handler()
    async with await client.responses.create(**assistant, conversation=thread.id, stream=True) as stream:
        async for event in stream:
            await handler.on_event(event)
    print()


asyncio.run(main())
