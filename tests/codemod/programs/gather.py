"""Several threads at once on one event loop."""

import asyncio

from openai import AsyncOpenAI

client = AsyncOpenAI()


async def ask(assistant_id, number):
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": f"I am number {number}"}])
    run = await client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant_id)
    messages = await client.beta.threads.messages.list(thread_id=thread.id)
    return run.status, messages.data[0].content[0].text.value


async def main():
    assistant = await client.beta.assistants.create(model="gpt-4o")
    for answer in await asyncio.gather(*(ask(assistant.id, number) for number in range(5))):
        print(*answer)


asyncio.run(main())
