"""Messages, runs and steps of another server → the order in which a thread tells them.

messages                     in the order of their list
a run                        before the first thing that it made
a step with function calls   before the message that the run made next, followed by their items
a run without a message      before the first message that is younger
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from attrs import define, field

from bridge.records import Message, Record, Run, Step
from bridge.translate import loose
from bridge.translate import steps as step_items


def told(messages: Sequence[Message], runs: Iterable[tuple[Run, Sequence[Step]]]) -> list[Record]:
    """All of it in one order. Of `runs`, each comes with its steps, in their order."""
    order = _Order(messages)
    for run, steps in runs:
        order.place(run, steps)
    return order.whole()


@define
class _Order:
    messages: Sequence[Message]
    before: dict[str, list[Record]] = field(factory=lambda: defaultdict(list))
    after: dict[str, list[Record]] = field(factory=lambda: defaultdict(list))
    alone: list[tuple[int, list[Record]]] = field(factory=list)

    def place(self, run: Run, steps: Sequence[Step]) -> None:
        """Find what the run made its place."""
        own = [message.id for message in self.messages if message.run_id == run.id]
        waiting: list[Record] = [run]
        for step in steps:
            made = loose.text(loose.object(step.step_details, "message_creation"), "message_id")
            waiting += [step, *step_items.items(step)]
            if made is not None and made in own:
                self.before[made] += waiting
                waiting = []
        if waiting and own and waiting[0] is run:  # its steps name no message: they came before what it said
            self.before[own[0]] += waiting
        elif waiting and own:
            self.after[own[-1]] += waiting
        elif waiting:
            self.alone.append((run.created_at, waiting))

    def whole(self) -> list[Record]:
        alone, found = sorted(self.alone, key=lambda one: one[0]), list[Record]()
        for message in self.messages:
            while alone and alone[0][0] < message.created_at:
                found += alone.pop(0)[1]
            found += [*self.before[message.id], message, *self.after[message.id]]
        return [*found, *(record for _, records in alone for record in records)]
