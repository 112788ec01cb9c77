"""What is declared, beside what is stored: what would change, in words, and the change itself."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, Literal

from attrs import evolve, fields, frozen

from bridge.engine import normalise
from bridge.engine.effects import Commit, Committed, Key, Page
from bridge.errors import StoreError
from bridge.records import Amend, Assistant, Change, Exists, Put
from bridge.store import Store
from bridge.transfer.declarations import Declared, written
from bridge.transfer.documents import as_yaml

KEPT: Final = ("id", "created_at")
"""What is never changed of an assistant that is there."""


@frozen
class Planned:
    """`before` is what is stored, if anything is."""

    declared: Declared
    before: Assistant | None

    @property
    def word(self) -> Literal["new", "same", "changed"]:
        if self.before is None:
            return "new"
        return "same" if _normal(self.declared.assistant) == _normal(self.before) else "changed"

    def lines(self) -> Iterator[str]:
        """The difference of the two in our own form, as `diff -u` shows it."""
        after = self.declared.assistant
        before = [] if self.before is None else _yaml(self.before)
        same_time = after if self.before is None else evolve(after, created_at=self.before.created_at)
        for line in difflib.unified_diff(before, _yaml(same_time), lineterm="", n=1):
            if not line.startswith(("---", "+++", "@@")):
                yield line


def plan(declared: Iterable[Declared], store: Store) -> list[Planned]:
    """In the order of the files."""
    every = list(declared)
    stored = store.load([Key(Assistant, each.assistant.id) for each in every]) if every else ()
    return [Planned(each, before) for each, before in zip(every, stored, strict=True)]


def apply(planned: Sequence[Planned], store: Store, now: float) -> None:
    """All of it in one commit. Raises StoreError where somebody changed one of them meanwhile in such a way that it
    cannot be: made one that was new, or deleted one that was there."""
    changes = [_change(each, now) for each in planned if each.word != "same"]
    guards = [Exists(Assistant, each.before.id) for each in planned if each.before is not None]
    if changes and not isinstance(store.commit(Commit(tuple(changes), tuple(guards))).result(), Committed):
        raise StoreError("an assistant was made or deleted at the same moment: nothing was applied, try again")


def every(store: Store) -> Iterator[Assistant]:
    """All assistants of a store, the oldest first."""
    after: str | None = None
    while True:
        found = store.page(Page(Assistant, limit=100, order="asc", after=after))
        yield from found.records
        if not found.has_more:
            return
        after = found.records[-1].id


def _change(one: Planned, now: float) -> Change:
    after = one.declared.assistant
    if one.before is None:
        return Put(evolve(after, created_at=after.created_at or int(now)), is_new=True)
    values: dict[str, Any] = {each.name: getattr(after, each.name) for each in fields(Assistant)}
    return Amend(Assistant, after.id, {name: value for name, value in values.items() if name not in KEPT})


def _normal(one: Assistant) -> Assistant:
    """As the API would keep it, whenever it was made: those that an import brought are kept as they were shown."""
    tools = normalise.tools(one.tools)
    return evolve(
        one,
        created_at=0,
        tools=tools,
        tool_resources=normalise.tool_resources(tools, one.tool_resources),
        top_p=1.0 if one.top_p is None else one.top_p,
        temperature=1.0 if one.temperature is None else one.temperature,
    )


def _yaml(assistant: Assistant) -> list[str]:
    shown = {name: value for name, value in written(assistant).items() if name != "created_at" or value}
    return as_yaml(shown).splitlines()
