"""Programs whose upstream fails by chance: what they do, and what each of them must find in the end.

A program has one thread and runs on it one after another, so a thread that stays locked is found by the next message.
"""

from __future__ import annotations

from collections.abc import Generator
from random import Random
from typing import Any, Final

from attrs import field, frozen

from bridge import AsyncOpenAI, OpenAI
from judges.aimock import ANSWERS, CUTS
from simulation.grammar import TERMINAL, Grammar

KINDS: Final = ["hello", "story", "weather", "weather", "thought", "cut-text", "cut-call", "refused"]
OUTPUTS: Final = ["57", "0.06"]
NAMES: Final = ["get_temperature", "get_rain"]
TOOLS: Final[list[Any]] = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {}}}}
    for name in NAMES
]
FAULTS: Final = {"rateLimit": "rate_limit_exceeded", "refused": "invalid_prompt"}
"""What went wrong upstream → code of last_error. Everything else is server_error."""


@frozen
class Job:
    """One run. `text` is the message before it, which no other job has."""

    text: str
    is_streamed: bool

    @property
    def kind(self) -> str:
        return self.text.split()[0]


@frozen
class Ended:
    """How a job's run ended, and what its messages say."""

    job: Job
    run: Any
    texts: list[str]


@frozen
class Ask:
    """What a program asks of its driver: one call on runs, answered with the run as it stands when the call is over."""

    name: str
    given: dict[str, Any]


@frozen
class Ear:
    """Hears the events of one stream; raises Ungrammatical."""

    grammar: Grammar = field(factory=Grammar)
    runs: list[Any] = field(factory=list)

    def hear(self, event: Any) -> None:
        assert event.event.startswith("thread."), event
        self.grammar.tell(event.event, event.data.to_dict())
        if event.data.object == "thread.run":
            self.runs.append(event.data)

    def over(self) -> Any:
        """The last run that was told of."""
        self.grammar.over("done")
        return self.runs[-1]


def jobs(seed: str, count: int) -> list[Job]:
    dice = Random(seed)
    told = []
    for number in range(count):
        kind = dice.choice(KINDS)
        words = f"{kind} {dice.choice(CUTS)}" if kind.startswith("cut-") else kind
        told.append(Job(f"{words} of {seed} number {number}", dice.random() < 0.5))
    return told


def story(thread_id: str, assistant_id: str) -> Generator[Ask, Any, Any]:
    """A run to its end, tools included. Answer: the run."""
    run = yield Ask("create", {"thread_id": thread_id, "assistant_id": assistant_id})
    while run.status == "requires_action":
        calls = run.required_action.submit_tool_outputs.tool_calls
        assert [call.function.name for call in calls] == NAMES, calls
        outputs = [{"tool_call_id": call.id, "output": said} for call, said in zip(calls, OUTPUTS, strict=True)]
        given = {"thread_id": thread_id, "run_id": run.id, "tool_outputs": outputs}
        run = yield Ask("submit_tool_outputs", given)
    return run


def play(client: OpenAI, jobs: list[Job], ended: list[Ended]) -> None:
    """A program that uses the sync client."""
    beta = client.beta
    assistant = beta.assistants.create(model="gpt-4o", tools=TOOLS)
    thread = beta.threads.create()
    for job in jobs:
        beta.threads.messages.create(thread.id, role="user", content=job.text)
        asks = story(thread.id, assistant.id)
        run = None
        try:
            while True:
                run = answer(client, asks.send(run), job)
        except StopIteration as stop:
            run = stop.value
        messages = beta.threads.messages.list(thread.id, run_id=run.id, order="asc").data
        ended.append(Ended(job, beta.threads.runs.retrieve(run.id, thread_id=thread.id), texts(messages)))


def answer(client: OpenAI, ask: Ask, job: Job) -> Any:
    runs: Any = client.beta.threads.runs
    if not job.is_streamed:
        return getattr(runs, f"{ask.name}_and_poll")(**ask.given)
    ear = Ear()
    for event in getattr(runs, ask.name)(**ask.given, stream=True):
        ear.hear(event)
    return ear.over()


async def aplay(client: AsyncOpenAI, jobs: list[Job], ended: list[Ended]) -> None:
    """The same program, with the async client."""
    beta = client.beta
    assistant = await beta.assistants.create(model="gpt-4o", tools=TOOLS)
    thread = await beta.threads.create()
    for job in jobs:
        await beta.threads.messages.create(thread.id, role="user", content=job.text)
        asks = story(thread.id, assistant.id)
        run = None
        try:
            while True:
                run = await aanswer(client, asks.send(run), job)
        except StopIteration as stop:
            run = stop.value
        messages = (await beta.threads.messages.list(thread.id, run_id=run.id, order="asc")).data
        ended.append(Ended(job, await beta.threads.runs.retrieve(run.id, thread_id=thread.id), texts(messages)))


async def aanswer(client: AsyncOpenAI, ask: Ask, job: Job) -> Any:
    runs: Any = client.beta.threads.runs
    if not job.is_streamed:
        return await getattr(runs, f"{ask.name}_and_poll")(**ask.given)
    ear = Ear()
    async for event in await getattr(runs, ask.name)(**ask.given, stream=True):
        ear.hear(event)
    return ear.over()


def texts(messages: list[Any]) -> list[str]:
    return ["".join(part.text.value for part in message.content) for message in messages]


# --- what must have come of it


def complaint(ended: Ended, outcomes: list[str]) -> str | None:
    """What is wrong with the end of a run, given what became of its requests upstream."""
    run, kind = ended.run, ended.job.kind
    if run.status not in TERMINAL or not outcomes:
        return f"{ended.job}: {run.status} after {outcomes}"
    if outcomes[-1] == "whole":
        legs = 2 if kind == "weather" else 1
        is_right = (run.status, outcomes.count("whole"), ended.texts) == ("completed", legs, [ANSWERS.get(kind)])
        return None if is_right and run.last_error is None else f"{ended}: though {outcomes}"
    error = run.last_error
    is_honest = (
        run.status == "failed"
        and error is not None
        and error.code == FAULTS.get(outcomes[-1], "server_error")
        and error.message
    )
    return None if is_honest else f"{ended}: though {outcomes}"
