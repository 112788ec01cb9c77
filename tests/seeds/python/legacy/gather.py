"""Thirty threads at once on one event loop."""

import asyncio

from openai import AsyncOpenAI

client = AsyncOpenAI()


async def ask(assistant_id, number):
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": f"I am number {number}"}])
    run = await client.beta.threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant_id)
    messages = await client.beta.threads.messages.list(thread_id=thread.id)
    return run.status, messages.data[0].content[0].text.value, len(messages.data)


async def main():
    assistant = await client.beta.assistants.create(model="gpt-4o")
    answers = await asyncio.gather(*(ask(assistant.id, number) for number in range(30)))
    right = [answer == ("completed", f'You said "I am number {number}".', 2) for number, answer in enumerate(answers)]
    print("right", sum(right), "of", len(answers))
    if not all(right):
        print(answers)
    listed = [run async for run in client.beta.assistants.list(limit=100)]
    print("assistant listed", assistant.id in [one.id for one in listed])
    await client.close()


asyncio.run(main())
