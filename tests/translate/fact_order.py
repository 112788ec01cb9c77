"""The order in which facts may be told (translate/facts.py): `check` fails where one is broken."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from bridge.translate import facts
from bridge.translate.facts import Fact

BLOCKS: dict[type, tuple[tuple[type, ...], type]] = {
    facts.MessageStarted: ((facts.TextDelta, facts.RefusalDelta, facts.Annotated), facts.MessageDone),
    facts.CallStarted: ((facts.CallArguments,), facts.CallDone),
    facts.HostedStarted: ((facts.HostedInput,), facts.HostedDone),
}
"""First fact of an item → what may follow, and the last."""


def check(told: Sequence[Fact]) -> None:
    """One whole leg: Began, then item by item, then Finished."""
    *before, last = told
    assert isinstance(last, facts.Finished), f"the last fact is {last}"
    if before and isinstance(before[0], facts.Began):
        before = before[1:]
    assert not any(isinstance(fact, (facts.Began, facts.Finished)) for fact in before)
    blocks = [list(block) for _, block in groupby(before, key=lambda fact: fact.key)]  # type: ignore[union-attr]
    keys = [block[0].key for block in blocks]  # type: ignore[union-attr]
    assert len(keys) == len(set(keys)), f"facts of different items interleave: {keys}"
    finished = [_check_item(block) for block in blocks]
    assert all(finished[:-1]), "an item was left open, and another followed"
    assert last.status != "completed" or all(finished), "a completed response left an item open"
    call_ids = [fact.call_id for fact in before if isinstance(fact, facts.CallStarted)]
    assert len(call_ids) == len(set(call_ids)), f"call ids repeat: {call_ids}"


def _check_item(block: list[Fact]) -> bool:
    """The facts of one item; whether it is done."""
    first, *rest = block
    if isinstance(first, facts.Kept):
        assert not rest
        return True
    assert type(first) in BLOCKS, f"an item begins with {first}"
    pieces, done = BLOCKS[type(first)]
    is_done = bool(rest) and isinstance(rest[-1], done)
    middle = rest[:-1] if is_done else rest
    assert all(isinstance(fact, pieces) for fact in middle), f"unexpected in {block}"
    assert all(fact.text for fact in middle if not isinstance(fact, facts.Annotated))  # type: ignore[union-attr]
    assert middle or not isinstance(first, facts.MessageStarted), "a message without content was started"
    return is_done
