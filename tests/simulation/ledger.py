"""What clients asked for and what they were told: acknowledged is stored once, in order; refused is not stored at all;
a call whose answer was lost is stored at most once, as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from attrs import field, mutable

from bridge.engine.effects import Page, RunState
from bridge.records import Message, Object, Run
from simulation.promises import need, text_of

if TYPE_CHECKING:
    from simulation.play import Play

State = Literal["asked", "acked", "refused", "lost"]


@mutable
class Said:
    """A call that brings user messages, with the moments (of one counter) of its asking and its answer."""

    texts: tuple[str, ...]
    thread_id: str
    asked_at: int
    tag: str | None = None  # of the run the call creates
    state: State = "asked"
    answered_at: int = 0


@mutable
class Submitted:
    run_id: str
    thread_id: str
    outputs: dict[str, str]
    state: State = "asked"


@mutable
class Ledger:
    play: Play
    said: list[Said] = field(factory=list)
    submitted: list[Submitted] = field(factory=list)
    runs: dict[str, str] = field(factory=dict)  # acknowledged: run → thread
    _moment: int = 0

    def moment(self) -> int:
        self._moment += 1
        return self._moment

    def ask(self, thread_id: str, texts: tuple[str, ...], tag: str | None = None) -> Said:
        self.said.append(Said(texts, thread_id, self.moment(), tag))
        return self.said[-1]

    def answer(self, said: Said, state: State) -> None:
        said.state, said.answered_at = state, self.moment()

    # --- checked when the upstream is asked

    def check_sent(self, run: Run, sent: str) -> None:
        """The upstream reads every message acknowledged before the run was asked for, and the run's own outputs."""
        asked_at = next((s.asked_at for s in self.said if s.tag and s.tag == run.metadata.get("tag")), 0)
        for said in self.said:
            early = said.state == "acked" and said.thread_id == run.thread_id and said.answered_at < asked_at
            for text in said.texts if early else ():
                need(f"{text}'" in sent, "{} was acknowledged before {} and is not sent", text, run.id)
        for given in self.submitted:
            if given.run_id == run.id and given.state == "acked":
                missing = [output for output in given.outputs.values() if f"'{output}'" not in sent]
                need(not missing, "outputs {} of {} were acknowledged and are not sent", missing, run.id)

    # --- checked in the end

    def check(self) -> None:
        for thread_id in {said.thread_id for said in self.said} - self.play.watch.erased:
            self._check_thread(thread_id)
        for given in self.submitted:
            if given.thread_id not in self.play.watch.erased:
                self._check_submitted(given)
        for run_id, thread_id in self.runs.items():
            if thread_id not in self.play.watch.erased:
                need(
                    self.play.store.run_state(RunState(thread_id, run_id)), f"run {run_id} was acknowledged and is gone"
                )

    def _check_thread(self, thread_id: str) -> None:
        messages: list[Message] = _all(self.play.store, Page(Message, thread_id=thread_id, order="asc", limit=100))
        texts = [text_of(message) for message in messages if message.run_id is None]
        places = [(message.created_at, message.seq) for message in messages]
        need(places == sorted(set(places)), "{} is out of order: {}", thread_id, places)
        runs = _all(self.play.store, Page(Run, thread_id=thread_id, limit=100))
        tags = {run.metadata.get("tag") for run in runs}
        mine = [said for said in self.said if said.thread_id == thread_id]
        for said in mine:
            self._check_said(said, texts, tags)
        acked = [said for said in mine if said.state == "acked" and said.texts]
        for one in acked:
            for other in acked:
                if one.answered_at < other.asked_at:
                    in_order = texts.index(one.texts[-1]) < texts.index(other.texts[0])
                    need(in_order, "{} was acknowledged before {} was asked", one.texts, other.texts)

    def _check_said(self, said: Said, texts: list[str], tags: set[Any]) -> None:
        counts = {text: texts.count(text) for text in said.texts}
        if said.state == "acked":
            need(all(count == 1 for count in counts.values()), "acknowledged, stored {}", counts)
        elif said.state == "refused":
            need(not any(counts.values()), "refused, stored {}", counts)
        else:
            need(len(set(counts.values())) <= 1 and max(counts.values(), default=0) <= 1, "stored in part: {}", counts)
        if said.tag is not None:
            whole = 1 if said.tag in tags else 0
            need(said.state != "acked" or whole, "run {} was acknowledged and is gone", said.tag)
            need(all(count == whole for count in counts.values()), "run {}: {}, messages {}", said.tag, whole, counts)

    def _check_submitted(self, given: Submitted) -> None:
        found = self.play.store.run_state(RunState(given.thread_id, given.run_id))
        need(found is not None, "run {} is gone", given.run_id)
        items = [item for item in found.items if item.type == "function_call_output"]
        stored = [(item.call_id, item.body["output"]) for item in items if item.call_id in given.outputs]
        mine = [entry for entry in stored if entry in list(given.outputs.items())]
        if given.state == "acked":
            need(sorted(stored) == sorted(given.outputs.items()), "acknowledged {}, stored {}", given.outputs, stored)
            shown = {call["id"]: call["function"]["output"] for step in found.steps for call in _functions(step)}
            wrong = {id: shown.get(id) for id, output in given.outputs.items() if shown.get(id) != output}
            need(not wrong, "acknowledged {}, steps show {}", given.outputs, wrong)
        elif given.state == "refused":
            need(not mine, "refused outputs {} were stored", mine)
        else:
            need(len(mine) in (0, len(given.outputs)), "outputs {} were stored in part: {}", given.outputs, mine)


def _functions(step: Any) -> list[Object]:
    return [call for call in step.step_details.get("tool_calls", ()) if call["type"] == "function"]


def _all(store: Any, query: Page) -> list[Any]:
    found = store.page(query)
    need(not found.has_more, "a longer list than the simulation ever makes")
    return list(found.records)
