"""What the programs say to an assistant, in every way there is, and that the thread holds exactly what was said."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

TOOL: dict[str, Any] = {"type": "function", "function": {"name": "get_temperature"}}
SECONDS = 60.0


def say(*words: object) -> None:
    print(*words, flush=True)


def assistant_of(client: Any) -> str:
    made = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", tools=[TOOL])
    return str(made.id)


def begun(client: Any, text: str) -> Any:
    """A run under way; its ids are said."""
    thread = client.beta.threads.create(messages=[{"role": "user", "content": text}])
    run = client.beta.threads.runs.create(thread.id, assistant_id=assistant_of(client))
    say("run", run.id, thread.id)
    return run


# --- the ways to an answer


def looked_for(client: Any, thread_id: str, assistant_id: str, output: str) -> Any:
    """As programs did before there were helpers."""
    runs, end = client.beta.threads.runs, time.monotonic() + SECONDS
    run = runs.create(thread_id, assistant_id=assistant_id)
    while run.status in ("queued", "in_progress") and time.monotonic() < end:
        time.sleep(0.02)
        run = runs.retrieve(run.id, thread_id=thread_id)
    return run


def polled(client: Any, thread_id: str, assistant_id: str, output: str) -> Any:
    runs = client.beta.threads.runs
    run = runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id)
    if run.status == "requires_action":
        run = runs.submit_tool_outputs_and_poll(
            run_id=run.id, thread_id=thread_id, tool_outputs=outputs_for(run, output)
        )
    return run


def streamed(client: Any, thread_id: str, assistant_id: str, output: str) -> Any:
    runs = client.beta.threads.runs
    with runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        stream.until_done()
        run = stream.get_final_run()
    if run.status == "requires_action":
        outputs = outputs_for(run, output)
        with runs.submit_tool_outputs_stream(run_id=run.id, thread_id=thread_id, tool_outputs=outputs) as stream:
            stream.until_done()
            run = stream.get_final_run()
    return run


WAYS: tuple[Callable[..., Any], ...] = (polled, streamed, looked_for)


def outputs_for(run: Any, output: str) -> list[Any]:
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": output} for call in calls]


# --- conversations


def texts(client: Any, thread_id: str) -> list[str]:
    messages = client.beta.threads.messages.list(thread_id, order="asc")
    return [message.content[0].text.value for message in messages if message.content]


def turns(name: str) -> list[tuple[str, str]]:
    """What is said in a conversation of that name, and what must be answered."""
    return [(f"Number {name}", f"You said: Number {name}"), (f"What temperature has {name}?", f"It is {name}.")]


def converse(client: Any, assistant_id: str, name: str, way: int = 0) -> str:
    """A conversation of two turns; the thread's id. AssertionError where it is not exactly as it should be."""
    beta = client.beta.threads
    thread, expected = beta.create(), []
    for number, (said, answered) in enumerate(turns(name)):
        beta.messages.create(thread.id, role="user", content=said)
        ways = WAYS if number == 0 else WAYS[:2]
        run = ways[way % len(ways)](client, thread.id, assistant_id, name)
        assert run.status == "completed", run
        expected += [said, answered]
    found = texts(client, thread.id)
    assert found == expected, (found, expected)
    return str(thread.id)


def at_once(work: Callable[[int], Any], count: int) -> list[Any]:
    """The work in so many threads that all begin at the same moment; whatever one raises is raised."""
    start = threading.Barrier(count)

    def begin(number: int) -> Any:
        start.wait(SECONDS)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))


# --- the same on an event loop


async def aassistant_of(client: Any) -> str:
    made = await client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", tools=[TOOL])
    return str(made.id)


async def abegun(client: Any, text: str) -> Any:
    thread = await client.beta.threads.create(messages=[{"role": "user", "content": text}])
    run = await client.beta.threads.runs.create(thread.id, assistant_id=await aassistant_of(client))
    say("run", run.id, thread.id)
    return run


async def apolled(client: Any, thread_id: str, assistant_id: str, output: str) -> Any:
    runs = client.beta.threads.runs
    run = await runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id)
    if run.status == "requires_action":
        outputs = outputs_for(run, output)
        run = await runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread_id, tool_outputs=outputs)
    return run


async def astreamed(client: Any, thread_id: str, assistant_id: str, output: str) -> Any:
    runs = client.beta.threads.runs
    async with runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        await stream.until_done()
        run = await stream.get_final_run()
    if run.status == "requires_action":
        outputs = outputs_for(run, output)
        async with runs.submit_tool_outputs_stream(run_id=run.id, thread_id=thread_id, tool_outputs=outputs) as stream:
            await stream.until_done()
            run = await stream.get_final_run()
    return run


async def atexts(client: Any, thread_id: str) -> list[str]:
    messages = client.beta.threads.messages.list(thread_id, order="asc")
    return [message.content[0].text.value async for message in messages if message.content]


async def aconverse(client: Any, assistant_id: str, name: str, way: int = 0) -> str:
    beta = client.beta.threads
    thread, expected = await beta.create(), []
    for said, answered in turns(name):
        await beta.messages.create(thread.id, role="user", content=said)
        run = await (apolled, astreamed)[way % 2](client, thread.id, assistant_id, name)
        assert run.status == "completed", run
        expected += [said, answered]
    found = await atexts(client, thread.id)
    assert found == expected, (found, expected)
    return str(thread.id)
