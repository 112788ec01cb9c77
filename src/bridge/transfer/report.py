"""What an import came to: how many of each kind, and what was lost, as JSON and in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

import orjson
from attrs import define, field

from bridge.transfer.losses import FAILING, REASONS, Weight
from bridge.transfer.staging import Staging

Counts: TypeAlias = dict[str, dict[str, int]]
KINDS: Final = ("assistant", "thread", "message", "run", "step", "file")
COLUMNS: Final = ("new", "same", "updated", "differs", "lost")
"""new: stored now. same: there already. updated: replaced. differs: another is there, left alone. lost: not stored."""

FORMAT: Final = "bridge-import/v1"
REMEMBERED: Final = 100_000
EXAMPLES: Final = 3
"""Objects that are shown of each reason at the terminal."""

_ORDER: Final[tuple[Weight, ...]] = ("lost", "differs", "changed", "check")
_WEIGHTS: Final = {reason: _ORDER.index(known.weight) for reason, known in REASONS.items()}


@define
class Tally:
    """How many objects became what."""

    counted: Counter[tuple[str, str]] = field(factory=Counter)
    _names: set[str] = field(factory=set)

    def add(self, what: str, kind: str) -> None:
        self.counted[kind, what] += 1

    def is_new_name(self, name: str) -> bool:
        """Whether this is the first time the name is asked for; of very many names not all are remembered."""
        if name in self._names:
            return False
        if len(self._names) < REMEMBERED:
            self._names.add(name)
        return True

    def counts(self) -> Counts:
        return {kind: {what: self.counted[kind, what] for what in COLUMNS} for kind in KINDS}


def is_failed(staging: Staging) -> bool:
    """Whether something was not brought."""
    return any(REASONS[reason].weight in FAILING for reason in staging.loss_counts())


def as_json(staging: Staging, tally: Tally, *, dry: bool) -> Iterator[bytes]:
    """One object, written as it is made: there may be more losses than memory."""
    head = {"format": FORMAT, "dry_run": dry, "ok": not is_failed(staging), "counts": tally.counts()}
    summary = [{"reason": reason, **_described(reason), "count": n} for reason, n in staging.loss_counts().items()]
    yield orjson.dumps({**head, "reasons": summary})[:-1] + b',"losses":['
    for number, loss in enumerate(staging.losses()):
        shown: dict[str, Any] = {"reason": loss.reason, "kind": loss.kind, "id": loss.id}
        shown |= {name: value for name, value in (("thread_id", loss.thread_id), ("detail", loss.detail)) if value}
        yield (b",\n" if number else b"\n") + orjson.dumps(shown)
    yield b"\n]}\n"


def _described(reason: str) -> dict[str, str]:
    known = REASONS[reason]
    return {"weight": known.weight, "sentence": known.sentence, "way_out": known.way_out}


def as_text(staging: Staging, tally: Tally) -> Iterator[str]:
    """A table of counts, then each reason with its first objects and its way out."""
    counts = tally.counts()
    yield "".join(f"{name:>10}" for name in ("", *COLUMNS))
    for kind in KINDS:
        if any(counts[kind].values()):
            yield f"{kind:>10}" + "".join(f"{counts[kind][what]:>10}" for what in COLUMNS)
    if not any(any(each.values()) for each in counts.values()):
        yield "nothing was found"
    for reason, count in sorted(staging.loss_counts().items(), key=lambda pair: (_WEIGHTS[pair[0]], pair[0])):
        known = REASONS[reason]
        yield ""
        yield f"{known.weight}: {count} × {known.sentence}"
        for loss in staging.losses(reason, EXAMPLES):
            yield f"    {loss.kind} {loss.id}{': ' + loss.detail if loss.detail else ''}"
        if count > EXAMPLES:
            yield f"    … and {count - EXAMPLES} more (--report FILE has them all)"
        yield f"    way out: {known.way_out}"
