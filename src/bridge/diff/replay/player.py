"""The replay: each step of the plan asked of the target, its ids put in, its answers taken down.

A tool is never executed: outputs are those of the tape, given to the calls they were given to before.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from bridge.diff.replay import assumed, outputs, paths, plan
from bridge.diff.replay import conversation as conversations
from bridge.diff.replay.ids import Ids
from bridge.diff.replay.pieces import BEFORE, ENDED
from bridge.diff.replay.plan import Step
from bridge.diff.replay.targets import Target
from bridge.diff.replay.upstream import TapeUpstream
from bridge.diff.tape import Answer, Exchange, Object, Request, Tape
from bridge.errors import BridgeError
from bridge.upstream import family

PATIENCE: Final = 60.0
"""Seconds that a run of the candidate gets to settle."""

LISTENING: Final = 2.0
"""Seconds in which a stream should have told what it told before others were asked beside it."""

PAUSE: Final = 0.02
POLL: Final = {"x-stainless-poll-helper": "true"}


def replay(
    tape: Tape,
    target: Target,
    upstream: TapeUpstream | None = None,
    *,
    patience: float = PATIENCE,
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> Tape:
    """The candidate's tape: its exchanges have the numbers of those they answer to. `upstream` is the one behind the
    target, if it plays this tape. Notes say what of the tape could not be asked again, and what was assumed."""
    return _Replay(tape, target, upstream, patience, progress).run()


class _Replay:
    def __init__(
        self,
        tape: Tape,
        target: Target,
        upstream: TapeUpstream | None,
        patience: float,
        progress: Callable[[int, int], None],
    ) -> None:
        self._tape, self._target, self._upstream = tape, target, upstream
        self._patience, self._progress = patience, progress
        self._talk = conversations.read(tape)
        self._ids = Ids()
        self._made: dict[int, Exchange] = {}
        self._heard = 0  # events of the stream that is read at present
        self._notes = list(self._talk.notes)
        self._began = time.monotonic()

    def run(self) -> Tape:
        steps = plan.steps(self._tape, self._talk)
        self._prepare()
        place = 0
        while place < len(steps):
            place = self._take(steps, place)
            self._progress(place, len(steps))
        if self._upstream is not None:
            self._upstream.close()
        legs = tuple(self._upstream.asked) if self._upstream is not None else ()
        made = tuple(self._made[number] for number in sorted(self._made))
        source = f"replay of {self._tape.source or 'a tape'}"
        return Tape(made, legs, source, notes=tuple(dict.fromkeys(self._notes)))

    # --- what the tape takes for granted

    def _prepare(self) -> None:
        for id, request, why in assumed.makings(self._tape, self._talk):
            answer = self._target.ask(request)
            if answer.status < 400 and isinstance(answer.body, dict):
                self._ids.pair(id, answer.body["id"])
                self._notes.append(f"{id} {why}")
            else:
                self._notes.append(f"{id} could not be made for the candidate: {_message(answer)}")

    # --- steps

    def _take(self, steps: tuple[Step, ...], place: int) -> int:
        """One step, and those beside it; the place of the next."""
        step = steps[place]
        why = assumed.left_out(step.exchange, self._ids.knows)
        if why is not None:
            self._notes.append(why)
            return place + 1
        if not step.beside:
            self._let_end(step)
            self._ask(step)
            return place + 1
        reading = threading.Thread(target=self._ask, args=(step,), name="bridge-replay", daemon=True)
        reading.start()
        self._wait_for_run(step, reading)
        after = place + 1 + step.beside
        for beside in steps[place + 1 : after]:
            self._let_end(beside)
            self._ask(beside)
        reading.join(self._patience)
        return after

    def _let_end(self, step: Step) -> None:
        if self._upstream is not None:
            for run_id, leg in step.ends:
                self._upstream.let_end(run_id, leg)

    def _wait_for_run(self, step: Step, reading: threading.Thread) -> None:
        """Until the candidate's run can be named: what is asked beside the stream is about it."""
        run_id = self._run_of(step.exchange)
        until = time.monotonic() + self._patience
        while run_id is not None and not self._ids.knows(run_id) and reading.is_alive() and time.monotonic() < until:
            time.sleep(PAUSE)
        heard, until = plan.before_the_end(step.exchange), time.monotonic() + LISTENING
        while self._heard < heard and reading.is_alive() and time.monotonic() < until:
            time.sleep(PAUSE)

    def _ask(self, step: Step) -> None:
        control = step.exchange
        request = self._translated(control)
        at = time.monotonic() - self._began
        try:
            if step.polls is not None:
                answer = self._ask_until_settled(request, control)
            else:
                answer = self._target.ask(request, self._run_of(control), self._seen(control))
        except family.network_errors(BridgeError) as error:
            self._notes.append(f"exchange {control.number} was not answered: {error or type(error).__name__}")
            self._made[control.number] = Exchange(control.number, request, None, at)
            return
        self._learn(control, answer)
        self._made[control.number] = Exchange(control.number, request, answer, at)
        if step.polls is not None:
            self._unlock(control, answer, request)

    def _ask_until_settled(self, request: Request, control: Exchange) -> Answer:
        """As the program polled: until the run is as far as it was then. Where it was still at work, a poll that waits
        for news would wait in vain."""
        before = BEFORE.get(_status(control.answer) or "", ())
        others = {name: value for name, value in request.headers.items() if name not in POLL}
        request = evolve(request, headers={**others, **(POLL if "in_progress" in before else {})})
        until = time.monotonic() + self._patience
        answer = self._target.ask(request)
        while _status(answer) in before and time.monotonic() < until:
            time.sleep(PAUSE)
            answer = self._target.ask(request)
        return answer

    def _unlock(self, control: Exchange, answer: Answer, request: Request) -> None:
        """A candidate that asks for tools where the control was done would keep its thread locked."""
        if _status(answer) == "requires_action" and _status(control.answer) in ENDED:
            self._target.ask(Request("POST", f"{request.path}/cancel"))
            self._notes.append(f"exchange {control.number}: the candidate asks for outputs that the tape has none for")

    # --- into the candidate's words, and back

    def _translated(self, control: Exchange) -> Request:
        request = control.request
        body = self._ids.body(request.body)
        run_id = None if _is_refused(control) else paths.submitted_run(request)  # a refusal is of these very outputs
        if run_id is not None and isinstance(body, dict):
            body, notes = outputs.matched(request.body, self._calls(run_id, None), self._calls(run_id, self._made))
            self._notes += notes
        query = tuple((name, self._ids.text(value)) for name, value in request.query)
        return evolve(request, path=self._ids.text(request.path), query=query, body=body)

    def _calls(self, run_id: str, made: dict[int, Exchange] | None) -> list[Object]:
        """The calls that a run asked for last: of the control, or, with what was `made`, of the candidate."""
        exchanges = self._tape.exchanges if made is None else tuple(made[number] for number in sorted(made))
        wanted = run_id if made is None else self._ids.of(run_id)
        done = len(made) if made is not None else self._progress_in_control()
        found: list[Object] = []
        for exchange in exchanges[:done] if made is None else exchanges:
            for body in assumed.bodies(exchange.answer):
                if body.get("object") == "thread.run" and body.get("id") == wanted and body.get("required_action"):
                    found = body["required_action"]["submit_tool_outputs"]["tool_calls"]
        return found

    def _progress_in_control(self) -> int:
        """How many exchanges of the tape have been asked so far."""
        last = max(self._made, default=0)
        return sum(exchange.number <= last for exchange in self._tape.exchanges)

    def _seen(self, control: Exchange) -> Callable[[Any], None]:
        """Learns ids while a stream is still read, event by event."""
        events = iter((control.answer.events if control.answer else None) or ())
        begun = [event.data for event in events if isinstance(event.data, dict)]

        self._heard = 0

        def seen(data: Any) -> None:
            self._heard += 1
            kind = data.get("object") if isinstance(data, dict) else None
            if kind in ("thread", "thread.run"):
                same = (each for each in begun if each.get("object") == kind and not self._ids.knows(each["id"]))
                self._ids.learn(next(same, None), data)

        return seen

    def _learn(self, control: Exchange, answer: Answer) -> None:
        if control.answer is None:
            return
        if control.answer.events is None or answer.events is None:
            self._ids.learn(control.answer.body, answer.body)
            return
        candidates = [event for event in answer.events if not (event.event or "").endswith(".delta")]
        controls = [event for event in control.answer.events if not (event.event or "").endswith(".delta")]
        for one, other in zip(controls, candidates, strict=False):
            if one.event == other.event:
                self._ids.learn(one.data, other.data)

    def _run_of(self, control: Exchange) -> str | None:
        """The recorded run of which this exchange begins a leg."""
        if not paths.begins_leg(control.request):
            return None
        found = (body["id"] for body in assumed.bodies(control.answer) if body.get("object") == "thread.run")
        return paths.submitted_run(control.request) or next(found, None)


def _is_refused(exchange: Exchange) -> bool:
    return exchange.answer is not None and exchange.answer.status >= 400


def _status(answer: Answer | None) -> str | None:
    body = answer.body if answer else None
    return body.get("status") if isinstance(body, dict) else None


def _message(answer: Answer) -> str:
    error = (answer.body or {}).get("error") if isinstance(answer.body, dict) else None
    return (error or {}).get("message") or f"HTTP {answer.status}"
