"""Objects of threads → the calls that would have led to them, each with the object that is known as its answer.

    assistant          => POST /assistants
    thread             => POST /threads
    message of a user  => POST /threads/{t}/messages
    run                => POST /threads/{t}/runs, with what differs from its assistant as overrides: the run queued
      round of calls   => GET the run: requires_action; POST …/submit_tool_outputs, with the outputs of its step
      cancelled        => POST …/cancel
      its end          => GET the run, GET …/steps, GET …/messages?run_id={r}

What a run looked like on its way is made of how it looked in the end. What an export cannot tell is in the notes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from attrs import define, field

from bridge.diff.readers import asked
from bridge.diff.readers.objects import Conversation, Found
from bridge.diff.tape import Answer, Exchange, Object, Request, Tape
from bridge.errors import ConfigurationError
from bridge.masking import masked

ALWAYS: Final = (
    "made of threads: that runs were streamed, how they were polled, calls that failed, and what was deleted or "
    "changed later are not in them; messages that a thread was created with are added to it one by one",
    "made of threads: a run on its way (queued, requires_action, cancelling) is shown as its end tells of it",
)
PAGE: Final = (("limit", "100"), ("order", "asc"))
LONGEST_PAGE: Final = 100


def tape(found: Found, source: str, name: str) -> Tape:
    """Raises ConfigurationError where there is no message and no run."""
    conversations = [each for each in found.threads.values() if each.messages or each.runs]
    if not conversations:
        why = f" ({found.notes[0]})" if found.notes else ""
        raise ConfigurationError(f"{name} ({source}) holds no message and no run of a thread{why}.")
    teller = _Teller(found)
    for conversation in sorted(conversations, key=_begin):
        teller.tell(conversation)
    notes = (*ALWAYS, *found.notes, *dict.fromkeys(teller.notes))
    return Tape(tuple(teller.exchanges), (), source, found.exported_at, notes)


def told_run(run: Object, steps: Sequence[Object], messages: Sequence[Object]) -> tuple[Exchange, ...]:
    """The exchanges of one run alone, asked for as its assistant was."""
    conversation = Conversation(run["thread_id"], messages={each["id"]: each for each in messages})
    conversation.steps[run["id"]] = {each["id"]: each for each in steps}
    teller = _Teller(Found(assistants={run["assistant_id"]: run}))
    teller.run(conversation, run)
    return tuple(teller.exchanges)


def _begin(conversation: Conversation) -> float:
    """When a thread began, as far as is known."""
    objects = [*conversation.messages.values(), *conversation.runs.values()]
    moments = [each["created_at"] for each in (conversation.thread, *objects) if each is not None]
    return float(min(moments))


@define
class _Teller:
    """Tells thread after thread; what is told becomes exchanges."""

    found: Found
    exchanges: list[Exchange] = field(factory=list)
    notes: list[str] = field(factory=list)
    _told: set[str] = field(factory=set)
    _began: float | None = None

    def tell(self, conversation: Conversation) -> None:
        self._complete(conversation)
        begin = _begin(conversation)
        for assistant_id in _assistants_of(conversation):
            self._assistant(assistant_id, conversation, begin)
        self._thread(conversation, begin)
        for kind, value in _in_order(conversation):
            if kind == "message":
                path = f"/threads/{conversation.id}/messages"
                self._say("POST", path, asked.message(value), value, value["created_at"])
            else:
                self.run(conversation, value)

    def _complete(self, conversation: Conversation) -> None:
        """Runs that only messages tell of, as where an export was made without runs."""
        for message in list(conversation.messages.values()):
            run_id = message.get("run_id")
            if isinstance(run_id, str) and run_id not in conversation.runs:
                assistant = self.found.assistants.get(str(message.get("assistant_id")), {})
                conversation.runs[run_id] = asked.run_of(message, assistant)
                self.notes.append(f"{run_id} itself is not there: it is made of its message and its assistant")

    def _assistant(self, id: str, conversation: Conversation, at: float) -> None:
        if id in self._told:
            return
        self._told.add(id)
        assistant = self.found.assistants.get(id)
        if assistant is None:
            run = next((run for run in conversation.runs.values() if run.get("assistant_id") == id), {})
            assistant = asked.assistant_of(id, run, at)
            self.notes.append(f"{id} itself is not there: it is made of what its first run had")
            self.found.assistants[id] = assistant
        self._say("POST", "/assistants", asked.assistant(assistant), assistant, at)

    def _thread(self, conversation: Conversation, at: float) -> None:
        thread = conversation.thread
        if thread is None:
            self.notes.append(f"{conversation.id} itself is not there: its metadata and tool_resources are unknown")
            thread = {"id": conversation.id, "object": "thread", "created_at": int(at), "metadata": {}}
            thread["tool_resources"] = {}
        self._say("POST", "/threads", asked.thread(thread), asked.created_thread(thread), at)

    # --- runs

    def run(self, conversation: Conversation, run: Object) -> None:
        path = f"/threads/{conversation.id}/runs"
        own = f"{path}/{run['id']}"
        steps = sorted(conversation.steps.get(run["id"], {}).values(), key=_created)
        body = asked.run(run, self.found.assistants.get(run.get("assistant_id") or "", {}))
        self._say("POST", path, body, asked.begun(run), run["created_at"])
        for step in filter(asked.is_round, steps):
            self._round(own, run, step)
        if run.get("status") in ("cancelled", "cancelling"):
            self._say("POST", own + "/cancel", None, asked.on_its_way(run, "cancelling"), run.get("cancelled_at"))
        end = _end(run, steps)
        self._say("GET", own, None, run, end)
        if run["id"] in conversation.steps:
            self._list(own + "/steps", (), steps, end)
        else:
            self.notes.append(f"{run['id']} has no steps: what tools it called, and with what outputs, is unknown")
        made = [each for each in conversation.messages.values() if each.get("run_id") == run["id"]]
        messages = sorted(made, key=_created)
        self._list(f"/threads/{conversation.id}/messages", (("run_id", run["id"]),), messages, end)

    def _round(self, own: str, run: Object, step: Object) -> None:
        """Function calls of a step, and their outputs where they were submitted."""
        calls = asked.calls(step)
        self._say("GET", own, None, asked.requiring(run, calls), step["created_at"])
        outputs = [asked.output(call) for call in calls if asked.has_output(call)]
        if len(outputs) < len(calls):
            self.notes.append(f"{step['id']}: {len(calls) - len(outputs)} of {len(calls)} outputs are not in the step")
        if outputs:
            at = step.get("completed_at") or step["created_at"]
            body = {"tool_outputs": outputs}
            self._say("POST", own + "/submit_tool_outputs", body, asked.on_its_way(run, "queued"), at)

    def _list(self, path: str, query: tuple[tuple[str, str], ...], data: Sequence[Object], at: Any) -> None:
        """Page after page, as a program would have asked for them."""
        for first in range(0, max(1, len(data)), LONGEST_PAGE):
            page, after = data[first : first + LONGEST_PAGE], data[first - 1]["id"] if first else None
            cursor = (("after", after),) if after else ()
            answer = asked.listing(page, has_more=first + LONGEST_PAGE < len(data))
            self._say("GET", path, None, answer, at, (*query, *PAGE, *cursor))

    # --- exchanges

    def _say(
        self, method: str, path: str, body: Any, answer: Object, at: Any, query: tuple[tuple[str, str], ...] = ()
    ) -> None:
        moment = float(at) if isinstance(at, (int, float)) else None
        if moment is not None and self._began is None:
            self._began = moment
        began = self._began or 0.0
        headers = {"openai-beta": "assistants=v2"}
        request = Request(method, path, query, headers, masked(body))
        number = len(self.exchanges) + 1
        when = None if moment is None else max(0.0, moment - began)
        self.exchanges.append(Exchange(number, request, Answer(200, body=masked(answer)), when))


def _assistants_of(conversation: Conversation) -> list[str]:
    runs = sorted(conversation.runs.values(), key=_created)
    named = (run.get("assistant_id") for run in runs)
    return list(dict.fromkeys(id for id in named if isinstance(id, str)))


def _end(run: Object, steps: Sequence[Object]) -> Any:
    names = ("completed_at", "failed_at", "cancelled_at", "expires_at")
    ends = [run[name] for name in names if isinstance(run.get(name), (int, float))]
    return ends[0] if ends else max((step["created_at"] for step in steps), default=run["created_at"])


# --- order


def _in_order(conversation: Conversation) -> Iterator[tuple[str, Object]]:
    """Messages and runs as they were asked for. Times are whole seconds: so a message of a run says that the run was
    there before what follows it in the list, and in the same second every run has a message before it, if it can."""
    waiting = sorted(conversation.runs.values(), key=_created)
    messages = sorted(conversation.messages.values(), key=_created)
    asking = Counter(_created(message) for message in messages if not _is_made(message))
    for message in messages:
        for _ in range(_before(message, waiting, asking)):
            yield "run", waiting.pop(0)
        if not _is_made(message):
            asking[_created(message)] -= 1
            yield "message", message
    for run in waiting:
        yield "run", run


def _before(message: Object, waiting: Sequence[Object], asking: Counter[float]) -> int:
    """How many of the waiting runs are older than the message."""
    if _is_made(message):
        places = (place for place, run in enumerate(waiting, 1) if run["id"] == message["run_id"])
        return next(places, 0)
    moment = _created(message)
    older = sum(_created(run) < moment for run in waiting)
    tied = sum(_created(run) == moment for run in waiting)
    return older + max(0, tied - asking[moment])


def _is_made(message: Object) -> bool:
    return isinstance(message.get("run_id"), str)


def _created(value: Object) -> float:
    return float(value["created_at"])
