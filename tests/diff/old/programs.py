"""Programs of the old API as people wrote them, each for a client of the openai package and the id of an assistant with
the functions `get_weather` and `get_rain`."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import openai

Program = Callable[[Any, str], None]
QUICK: Any = {"poll_interval_ms": 1}
PLACE = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS: Any = [
    {"type": "function", "function": {"name": "get_weather", "description": "Of a city.", "parameters": PLACE}},
    {"type": "function", "function": {"name": "get_rain"}},
]
OUTPUTS = {"get_weather": "14 degrees", "get_rain": "0.06"}


def assistant(client: Any) -> str:
    made = client.beta.assistants.create(model="gpt-4o", instructions="Be brief.", tools=TOOLS, name="Weather")
    return str(made.id)


def asked(client: Any, text: str = "How is the weather in Oslo?") -> str:
    thread = client.beta.threads.create(metadata={"user": "u1"})
    client.beta.threads.messages.create(thread.id, role="user", content=text)
    return str(thread.id)


def outputs(run: Any) -> Any:
    calls = run.required_action.submit_tool_outputs.tool_calls
    return [{"tool_call_id": call.id, "output": OUTPUTS[call.function.name]} for call in reversed(calls)]


def read(client: Any, thread_id: str, run_id: str) -> None:
    """What programs look at in the end."""
    client.beta.threads.messages.list(thread_id)
    client.beta.threads.messages.list(thread_id, order="asc", limit=1, extra_query={"run_id": run_id})
    client.beta.threads.runs.steps.list(run_id, thread_id=thread_id)


def poll(client: Any, assistant_id: str) -> None:
    """Two turns on one thread."""
    thread_id = asked(client)
    turn(client, thread_id, assistant_id)
    client.beta.threads.messages.create(thread_id, role="user", content="And in Bergen?")
    turn(client, thread_id, assistant_id)


def turn(client: Any, thread_id: str, assistant_id: str, **more: Any) -> None:
    """Tools as often as they are asked for. Polled by hand: the oldest SDK's helpers wait for ever on `incomplete`."""
    runs = client.beta.threads.runs
    run = runs.create(thread_id=thread_id, assistant_id=assistant_id, **more)
    while run.status in ("queued", "in_progress", "requires_action"):
        if run.status == "requires_action":
            run = runs.submit_tool_outputs(run.id, thread_id=thread_id, tool_outputs=outputs(run))
        run = runs.retrieve(run.id, thread_id=thread_id)
    read(client, thread_id, run.id)


def talk(client: Any, assistant_id: str) -> None:
    """Ten turns on one thread, one of them with instructions of its own."""
    thread_id = asked(client, "Turn 1")
    turn(client, thread_id, assistant_id)
    for number in range(2, 11):
        client.beta.threads.messages.create(thread_id, role="user", content=f"Turn {number}")
        more = {"instructions": "Be kind.", "metadata": {"turn": "4"}} if number == 4 else {}
        turn(client, thread_id, assistant_id, **more)


class Handler(openai.AssistantEventHandler):
    """As the guide has it: outputs are submitted within the event that asks for them."""

    def __init__(self, client: Any) -> None:
        super().__init__()
        self.client = client

    def on_event(self, event: Any) -> None:
        if event.event == "thread.run.requires_action":
            submit = self.client.beta.threads.runs.submit_tool_outputs_stream
            ids = {"thread_id": event.data.thread_id, "run_id": event.data.id}
            with submit(**ids, tool_outputs=outputs(event.data), event_handler=Handler(self.client)) as stream:
                stream.until_done()


def stream(client: Any, assistant_id: str) -> None:
    thread_id = asked(client)
    with client.beta.threads.runs.stream(
        thread_id=thread_id, assistant_id=assistant_id, event_handler=Handler(client)
    ) as stream:
        stream.until_done()
        run = stream.current_run
    client.beta.threads.runs.retrieve(run.id, thread_id=thread_id)
    read(client, thread_id, run.id)


def stream_at_once(client: Any, assistant_id: str) -> None:
    thread = {"messages": [{"role": "user", "content": "How is the weather in Oslo?"}]}
    with client.beta.threads.create_and_run_stream(assistant_id=assistant_id, thread=thread) as stream:
        stream.until_done()


# --- cancel


def cancel_at_work(client: Any, assistant_id: str) -> None:
    thread_id = asked(client)
    runs = client.beta.threads.runs
    run = runs.create(thread_id=thread_id, assistant_id=assistant_id)
    while runs.retrieve(run.id, thread_id=thread_id).status == "queued":
        pass
    runs.cancel(run.id, thread_id=thread_id)
    runs.poll(run.id, thread_id=thread_id, **QUICK)
    client.beta.threads.messages.create(thread_id, role="user", content="Never mind.")
    read(client, thread_id, run.id)


def cancel_instead(client: Any, assistant_id: str) -> None:
    """The program cannot do what it is asked for."""
    thread_id = asked(client)
    runs = client.beta.threads.runs
    run = runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id, **QUICK)
    assert run.status == "requires_action"
    runs.cancel(run.id, thread_id=thread_id)
    runs.poll(run.id, thread_id=thread_id, **QUICK)
    read(client, thread_id, run.id)


def cancel_while_streaming(client: Any, assistant_id: str) -> None:
    thread_id, heard = asked(client), threading.Event()

    def cancel() -> None:
        heard.wait(20)
        client.beta.threads.runs.cancel(stream.current_run.id, thread_id=thread_id)

    with client.beta.threads.runs.stream(thread_id=thread_id, assistant_id=assistant_id) as stream:
        other = threading.Thread(target=cancel)
        other.start()
        for event in stream:
            if event.event == "thread.message.delta":
                heard.set()
        other.join()
    client.beta.threads.runs.retrieve(stream.current_run.id, thread_id=thread_id)
    client.beta.threads.messages.list(thread_id)


# --- what is refused


def refused(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    try:
        call(*args, **options)
    except openai.APIStatusError as error:
        return error
    raise AssertionError("it was not refused")


def mistakes(client: Any, assistant_id: str) -> None:
    threads = client.beta.threads
    thread_id, runs = asked(client), threads.runs
    nobody = "asst_" + "x" * 24
    refused(runs.create, thread_id=thread_id, assistant_id=nobody)
    refused(threads.retrieve, "thread_" + "x" * 24)
    refused(threads.messages.create, thread_id, role="user", content=openai.NOT_GIVEN)
    refused(runs.create, thread_id=thread_id, assistant_id=assistant_id, extra_body={"nonsense": 1})
    run = runs.create_and_poll(thread_id=thread_id, assistant_id=assistant_id, **QUICK)
    refused(threads.messages.create, thread_id, role="user", content="Are you there?")
    refused(runs.create, thread_id=thread_id, assistant_id=assistant_id)
    refused(runs.submit_tool_outputs, run.id, thread_id=thread_id, tool_outputs=outputs(run)[:1])
    unknown = [{"tool_call_id": "call_" + "x" * 24, "output": "?"}]
    refused(runs.submit_tool_outputs, run.id, thread_id=thread_id, tool_outputs=unknown)
    run = runs.submit_tool_outputs_and_poll(run_id=run.id, thread_id=thread_id, tool_outputs=outputs(run), **QUICK)
    refused(runs.submit_tool_outputs, run.id, thread_id=thread_id, tool_outputs=unknown)
    refused(runs.cancel, run.id, thread_id=thread_id)
    read(client, thread_id, run.id)
