"""Several threads at once on one event loop."""

import asyncio

from openai import AsyncOpenAI

client = AsyncOpenAI()


async def ask(assistant, number):
    thread = await client.conversations.create(items=[{"role": "user", "content": f"I am number {number}"}])
    run = await client.responses.create(**assistant, conversation=thread.id)
    messages = await client.conversations.items.list(thread.id)
    return run.status, messages.data[0].content[0].text


async def main():
    assistant = {"model": "gpt-4o", "store": True}
    for answer in await asyncio.gather(*(ask(assistant, number) for number in range(5))):
        print(*answer)


asyncio.run(main())
