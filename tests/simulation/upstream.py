"""The simulated Responses server: answers calls with random conversations and looks closely at what it is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING, Any

from bridge.engine.effects import Refused, Send, Sent
from bridge.records import Object
from bridge.upstream import StreamBroken, UpstreamRefused
from simulation.conversations import Conversation, converse
from simulation.promises import need

if TYPE_CHECKING:
    from simulation.play import Play
    from simulation.world import Actor


class Upstream:
    """`always` is how every conversation ends; None lets chance decide. `calls_at` is how likely tools are called."""

    def __init__(self, play: Play, random: Random) -> None:
        self._play = play
        self._random = random
        self._count = 0
        self._sent: dict[tuple[str, int, int], Conversation] = {}
        self.always: str | None = None
        self.calls_at = 0.6

    def opened(self, actor: Actor, request: Object) -> Conversation:
        self._count += 1
        self._check_sent_once(actor)
        check_input(request["input"])
        run = self._play.watch.runs.get(actor.run_id or "")
        if run is not None:
            need(request["model"] == run.model and request["stream"], "asked for {}", request)
            need(run.lapses <= 1, "{} is sent again after {} lapses", run.id, run.lapses)
            self._play.ledger.check_sent(run, repr(request["input"]))
        rounds = run.leg if run is not None else 0
        calls_at = self.calls_at / (1 + rounds) if rounds < 3 else 0.0
        conversation = converse(self._random, self._count, request, calls_at, self.always)
        assert (actor.run_id is not None and run is None) or actor.number is not None
        if run is not None and actor.number is not None:
            self._sent[run.id, run.leg, actor.number] = conversation
        return conversation

    def _check_sent_once(self, actor: Actor) -> None:
        """A holder of the lease sends its leg once, and once more where a refusal taught it something."""
        run = self._play.watch.runs.get(actor.run_id or "")
        before = self._sent.get((run.id, run.leg, actor.number or 0)) if run is not None else None
        if before is not None:
            refused: Any = before.signals[0]
            need(before.ending == "refused" and refused.param == "temperature", "{} sends its leg again", actor)

    # --- containers: each holds a picture and a table, some of which cannot be had

    def send(self, effect: Send, credential: Any) -> Sent:
        """The files of a container; nothing else is asked for in these plays."""
        container = effect.path.split("/")[2]
        need(effect.path == f"/containers/{container}/files", "asked for {}", effect.path)
        if self._random.random() < 0.1:
            return Sent(500, {"error": {"message": "no list today"}})
        files = [(1, "plot.png", "assistant"), (2, "table.csv", "assistant"), (3, "in.csv", "user")]
        data = [
            {"id": f"cfile_{container}x{number}", "path": f"/mnt/data/{name}", "source": source}
            for number, name, source in files
        ]
        return Sent(200, {"object": "list", "data": data, "has_more": False})

    def fetch(self, path: str, credential: Any) -> Bytes:
        if self._random.random() < 0.1:
            raise UpstreamRefused(Refused(404, "no such file"))
        return Bytes(path.encode(), self._random.random() < 0.1)


class Bytes:
    """The body of a download, which may break off."""

    media_type = "text/plain"

    def __init__(self, content: bytes, is_broken: bool) -> None:
        self._content, self._is_broken = content, is_broken

    def __iter__(self) -> Iterator[bytes]:
        yield self._content
        if self._is_broken:
            raise StreamBroken("reset")

    def close(self) -> None:
        """Nothing is open."""


def check_input(items: list[Object]) -> None:
    """What the real server refuses: calls without outputs and outputs without calls, repeated ids, nothing at all."""
    need(items, "an empty input")
    calls = [item["call_id"] for item in items if item.get("type") == "function_call"]
    outputs = [item["call_id"] for item in items if item.get("type") == "function_call_output"]
    need(len(set(calls)) == len(calls), "calls repeat: {}", calls)
    need(len(set(outputs)) == len(outputs), "outputs repeat: {}", outputs)
    need(Counter(calls) == Counter(outputs), "calls {} and outputs {} do not pair", calls, outputs)
    ids = [item["id"] for item in items if "id" in item]
    need(len(set(ids)) == len(ids), "item ids repeat: {}", ids)
    position = {item["call_id"]: n for n, item in enumerate(items) if item.get("type") == "function_call"}
    late = [i["call_id"] for n, i in enumerate(items) if _is_output(i) and position[i["call_id"]] > n]
    need(not late, "outputs before their calls: {}", late)
    need(items[-1].get("type") != "reasoning", "reasoning comes last")


def _is_output(item: Object) -> bool:
    return item.get("type") == "function_call_output"
