"""The answer a request gets, before it is written: the actions of a script filled in."""

from __future__ import annotations

from typing import Any, TypeAlias

import orjson
from attrs import frozen

from bridge.upstream.scripted.script import Action, Cite, Error, Link, Wait


@frozen
class Called:
    """One call as it goes out. `call_id` None: the upstream makes one."""

    name: str
    arguments: str
    call_id: str | None = None


@frozen
class Calling:
    calls: tuple[Called, ...]


@frozen
class Saying:
    """A Say filled in: of each text the pieces, and between them what it cites and links to."""

    texts: tuple[tuple[str | Cite | Link, ...], ...]


Chosen: TypeAlias = Action | Calling | Saying


@frozen
class Choice:
    """Filled in: no templates, no Call (each is a Calling), no Say (each is a Saying). `text` is the last user text."""

    actions: tuple[Chosen, ...]
    quirks: frozenset[str] = frozenset()
    text: str = ""

    @property
    def waits(self) -> list[float]:
        """The seconds before an HTTP error; any other answer begins at once."""
        if not isinstance(self.actions[-1], Error):
            return []
        return [action.seconds for action in self.actions if isinstance(action, Wait)]


def dump(value: Any) -> str:
    return orjson.dumps(value).decode()
