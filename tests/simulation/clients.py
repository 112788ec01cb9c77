"""Programs written for the Assistants API, as the simulation runs them: they create, poll, stream, answer, cancel,
repeat themselves where an answer was lost, and sometimes walk away.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from random import Random
from typing import TYPE_CHECKING, Any, TypeVar

from attrs import evolve, frozen

from bridge.engine import tables
from bridge.engine.effects import Flow
from bridge.engine.flows import Context, Launch, messages, runs, steps, threads
from bridge.errors import APIError
from bridge.records import Object
from simulation.ledger import Submitted
from simulation.promises import need
from simulation.world import Feed, Process

if TYPE_CHECKING:
    from simulation.play import Play

T = TypeVar("T")
Make = Callable[[Context], Flow[Any]]


@frozen
class Lost:
    """No answer came: the process died, the connection broke, or the service had an error of its own."""

    why: str


@frozen
class Ask:
    """A call; answered by its result, APIError or Lost."""

    make: Make
    streams: bool = False


@frozen
class Listen:
    """The stream to its end, or as long as the listener stays."""

    feed: Any


@frozen
class Sleep:
    seconds: float


Program = Generator[Any, Any, T]


class Client:
    """Runs a program: between two of its requests anything may happen."""

    def __init__(self, play: Play, number: int) -> None:
        self.play = play
        self.number = number
        self.random = Random(play.random.random())
        self.threads: list[str] = []  # its own
        self.is_through = False
        self.until = 0.0
        self._feed: Feed | None = None
        self._answer: tuple[Any, Process | None] | None = (None, None)
        self._program = Script(self).live()

    def is_ready(self) -> bool:
        if self.is_through or self.play.now < self.until:
            return False
        return self._answer is not None or (self._feed is not None and self._feed.end is not None)

    def move(self) -> None:
        """Hand the answer over, unless it gets lost on its way, and take the next request."""
        answer, _ = self._answer or (None, None)
        is_call = isinstance(answer, (dict, Launch))
        if is_call and self.random.random() < self.play.lost / 10:
            answer = Lost("the connection broke")
        self._answer, self._feed = None, None
        try:
            request = self._program.send(answer)
        except StopIteration:
            self.is_through = True
        else:
            self._begin(request)

    def _begin(self, request: Any) -> None:
        if isinstance(request, Sleep):
            self.until = self.play.now + request.seconds
            self._answer = (None, None)
        elif isinstance(request, Listen):
            self._feed = request.feed
        else:
            self._call(request)

    def _call(self, request: Ask) -> None:
        process = self.random.choice(self.play.alive() or [self.play.launch()])
        flow = request.make(process.context())
        self.play.enter(process, "call", flow, lambda value: self._answered(process, request, value))

    def _answered(self, process: Process, request: Ask, value: Any) -> None:
        """What service.call does with a result: a leg is started before the answer goes out."""
        if isinstance(value, Launch):
            feed = Feed(self.play) if request.streams or self.random.random() < 0.5 else None
            if feed is not None:
                feed.publish(value.opening)
            process.start(value.run, feed)
            value = evolve(value, body={**value.body, "feed": feed if request.streams else None})
        self._answer = (value, process if process.is_alive else None)

    def died(self, process: Process) -> None:
        """An answer that was still on its way is lost with its process, as often as not."""
        if self._answer is not None and self._answer[1] is process and self.random.random() < 0.5:
            self._answer = (Lost("the process died"), None)


class Script:
    """What one client does with its thread, or with that of another."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.play = client.play
        self.random = client.random
        self._count = 0

    def live(self) -> Program[None]:
        if self.client.number == 0 or self.random.random() < 0.25:
            yield from self._converse()
            return
        for _ in range(20):
            others = [thread for client in self.play.clients for thread in client.threads]
            if others:
                yield from self._meddle(self.random.choice(others))
                return
            yield Sleep(0.2)

    # --- the usual program

    def _converse(self) -> Program[None]:
        random, run = self.random, None
        thread_id = None
        if random.random() < 0.2:
            run = yield from self._create_with_thread()
            thread_id = run["thread_id"] if run else None
        else:
            thread_id = yield from self._thread()
        if thread_id is None:
            return
        for _ in range(random.choice((1, 1, 1, 2))):
            if run is None:
                yield from self._say(thread_id)
                run = yield from self._run(thread_id)
            if run is None:
                run = yield from self._find_run(thread_id)
            if run is not None:
                yield from self._follow(thread_id, run)
            run = None
        if random.random() < 0.15:
            yield from self._delete(thread_id)

    def _follow(self, thread_id: str, run: Object) -> Program[None]:
        """Until the run ends, or the patience does."""
        for _ in range(self.random.randint(2, 8)):
            if run.get("feed") is not None and self.random.random() < 0.9:
                end = yield Listen(run["feed"])
                need(end is None, "a feed is no answer")
            if self.random.random() < 0.06:
                yield from self._cancel(thread_id, run["id"])
            found = yield from self._retrieve(thread_id, run["id"])
            if isinstance(found, APIError):
                self._check_refusal(found, 404)
                return
            if isinstance(found, Lost):
                continue
            if found["status"] in tables.TERMINAL:
                yield from self._read(thread_id, run["id"])
                return
            run = found
            if found["status"] == "requires_action" and self.random.random() < 0.9:
                run = (yield from self._submit(thread_id, found)) or {**found, "feed": None}
            if self.random.random() < 0.3:
                yield Sleep(self.random.choice((0.5, 2.0)))

    def _meddle(self, thread_id: str) -> Program[None]:
        """Another program on the same thread, at the wrong moment."""
        for _ in range(self.random.randint(2, 6)):
            run = yield from self._find_run(thread_id)
            act = self.random.choice(("say", "run", "cancel", "submit", "look", "sleep", "delete message"))
            if run is not None and run["status"] == "requires_action" and self.random.random() < 0.5:
                act = "submit"
            if act == "say":
                yield from self._say(thread_id)
            elif act == "run":
                run = yield from self._run(thread_id)
            elif act == "cancel" and run is not None and self.random.random() < 0.6:
                yield from self._cancel(thread_id, run["id"])
            elif act == "submit" and run is not None and run["status"] == "requires_action":
                yield from self._submit(thread_id, run)
            elif act == "look" and run is not None:
                yield from self._read(thread_id, run["id"])
            elif act == "delete message":
                yield from self._delete_message(thread_id)
            elif act == "sleep":
                yield Sleep(1.0)
        if self.random.random() < 0.1:
            yield from self._delete(thread_id)

    # --- single calls

    def _ask(self, make: Make, streams: bool = False) -> Program[Any]:
        answer = yield Ask(make, streams)
        return answer

    def _polling(self, context: Context) -> Context:
        return evolve(context, wait_until=self.play.now + 10.0) if self.random.random() < 0.7 else context

    def _text(self) -> str:
        self._count += 1
        return f"u{self.client.number}.{self._count}"

    def _thread(self) -> Program[str | None]:
        texts = tuple(self._text() for _ in range(self.random.choice((0, 0, 2))))
        given = {"messages": [{"role": "user", "content": text} for text in texts]} if texts else {}
        said = self.play.ledger.ask("", texts)
        answer = yield from self._ask(lambda c: threads.create(c, given))
        self._settle(said, answer)
        if not isinstance(answer, dict):
            self.play.ledger.said.remove(said)
            return None
        said.thread_id = answer["id"]
        self.client.threads.append(answer["id"])
        return said.thread_id

    def _say(self, thread_id: str) -> Program[None]:
        text = self._text()
        said = self.play.ledger.ask(thread_id, (text,))
        answer = yield from self._ask(lambda c: messages.create(c, thread_id, {"role": "user", "content": text}))
        self._settle(said, answer)
        if isinstance(answer, APIError):
            self._check_refusal(answer, 400 if "while a run" in answer.message else 404)
        if isinstance(answer, Lost) and self.random.random() < 0.5:
            yield from self._say(thread_id)

    def _run(self, thread_id: str) -> Program[Object | None]:
        texts = tuple(self._text() for _ in range(self.random.choice((0, 0, 0, 2))))
        tag, streams = self._text(), self.random.random() < 0.6
        given: Object = {"assistant_id": self.random.choice(self.play.assistants), "metadata": {"tag": tag}}
        if texts:
            given["additional_messages"] = [{"role": "user", "content": text} for text in texts]
        said = self.play.ledger.ask(thread_id, texts, tag)
        given["stream"] = streams
        answer = yield from self._ask(lambda c: runs.create(c, thread_id, given, {}), streams)
        self._settle(said, answer)
        if isinstance(answer, APIError):
            self._check_refusal(answer, 400 if "already has an active run" in answer.message else 404)
        return self._born(thread_id, answer)

    def _create_with_thread(self) -> Program[Object | None]:
        texts, tag = (self._text(),), self._text()
        streams = self.random.random() < 0.6
        thread = {"messages": [{"role": "user", "content": texts[0]}]}
        given = {"assistant_id": self.play.assistants[0], "metadata": {"tag": tag}, "thread": thread, "stream": streams}
        said = self.play.ledger.ask("", texts, tag)
        answer = yield from self._ask(lambda c: runs.create_with_thread(c, given, {}), streams)
        self._settle(said, answer)
        if not isinstance(answer, Launch):
            self.play.ledger.said.remove(said)
            return None
        said.thread_id = answer.body["thread_id"]
        self.client.threads.append(said.thread_id)
        return self._born(said.thread_id, answer)

    def _born(self, thread_id: str, answer: Any) -> Object | None:
        if not isinstance(answer, Launch):
            return None
        need(answer.body["status"] == "queued", "a run begins as {}", answer.body)
        self.play.ledger.runs[answer.run.id] = thread_id
        return answer.body

    def _submit(self, thread_id: str, run: Object) -> Program[Object | None]:
        ids = [call["id"] for call in run["required_action"]["submit_tool_outputs"]["tool_calls"]]
        self._check_not_again(run, ids)
        outputs = {id: self._text() for id in ids}
        given: Object = {"tool_outputs": [{"tool_call_id": id, "output": text} for id, text in outputs.items()]}
        if self.random.random() < 0.05 and len(ids) > 1:
            given["tool_outputs"].pop()
        given["stream"] = streams = self.random.random() < 0.6
        sent = {entry["tool_call_id"]: entry["output"] for entry in given["tool_outputs"]}
        submitted = Submitted(run["id"], thread_id, sent)
        self.play.ledger.submitted.append(submitted)
        answer = yield from self._ask(lambda c: runs.submit(c, thread_id, run["id"], given), streams)
        submitted.state = _state(answer)
        if isinstance(answer, APIError):
            self._check_refusal(answer, 404 if answer.status == 404 else 400)
        return answer.body if isinstance(answer, Launch) else None

    def _check_not_again(self, run: Object, ids: list[str]) -> None:
        """A run that waits now does not wait for what was acknowledged before."""
        now = self.play.watch.runs.get(run["id"])
        if now is not None and now.required_action == run["required_action"]:
            mine = [
                given for given in self.play.ledger.submitted if given.run_id == run["id"] and given.state == "acked"
            ]
            again = [id for given in mine for id in given.outputs if id in ids]
            need(not again, "{} of {} are asked for again", again, run["id"])

    def _cancel(self, thread_id: str, run_id: str) -> Program[None]:
        answer = yield from self._ask(lambda c: runs.cancel(c, thread_id, run_id))
        if isinstance(answer, APIError):
            self._check_refusal(answer, 404 if answer.status == 404 else 400)
        elif isinstance(answer, dict):
            need(answer["status"] == "cancelling", "a cancel is answered by {}", answer["status"])

    def _retrieve(self, thread_id: str, run_id: str) -> Program[Any]:
        answer = yield from self._ask(lambda c: runs.retrieve(self._polling(c), thread_id, run_id))
        return answer

    def _find_run(self, thread_id: str) -> Program[Object | None]:
        found = yield from self._ask(lambda c: runs.list_(c, thread_id, {"limit": 1}))
        if not isinstance(found, dict) or not found["data"]:
            return None
        run: Object = found["data"][0]
        return run

    def _read(self, thread_id: str, run_id: str) -> Program[None]:
        yield from self._ask(lambda c: messages.list_(c, thread_id, {"run_id": run_id}))
        yield from self._ask(lambda c: steps.list_(c, thread_id, run_id, {}))

    def _delete(self, thread_id: str) -> Program[None]:
        answer = yield from self._ask(lambda c: threads.delete(c, thread_id))
        if isinstance(answer, dict):
            need(thread_id in self.play.watch.erased, "{} was deleted and is there", thread_id)

    def _delete_message(self, thread_id: str) -> Program[None]:
        found = yield from self._ask(lambda c: messages.list_(c, thread_id, {"limit": 1}))
        if isinstance(found, dict) and found["data"] and found["data"][0]["role"] == "assistant":
            yield from self._ask(lambda c: messages.delete(c, thread_id, found["data"][0]["id"]))

    # --- what is noted

    def _settle(self, said: Any, answer: Any) -> None:
        self.play.ledger.answer(said, _state(answer))

    def _check_refusal(self, error: APIError, status: int) -> None:
        need(error.status == status, "unforeseen refusal: {} {}", error.status, error.message)


def _state(answer: Any) -> Any:
    return "refused" if isinstance(answer, APIError) else "lost" if isinstance(answer, Lost) else "acked"
