"""Several threads at once on one event loop."""

import asyncio

from openai import AsyncOpenAI

client = AsyncOpenAI()


async def ask(assistant, number):
    thread = [{"role": "user", "content": f"I am number {number}"}]
    run = await client.responses.create(**assistant, input=thread)
    thread.extend(run.output)
    return run.status, run.output_text


async def main():
    assistant = {"model": "gpt-4o", "store": False}
    for answer in await asyncio.gather(*(ask(assistant, number) for number in range(5))):
        print(*answer)


asyncio.run(main())
