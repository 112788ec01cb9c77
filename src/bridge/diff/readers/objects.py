"""Objects of the old API, wherever they lie: an export of threads (``assistants-thread-export/v1``: a folder, or one
thread of it), pages of lists, single objects, and arrays and folders of all these.

Whatever holds them, they say themselves what they are (`object`) and which thread they belong to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from attrs import define, field

from bridge.diff.tape import Object

HOLDERS: Final = ("thread", "assistant", "message", "run", "data", "assistants", "threads", "messages", "runs", "steps")
"""Keys below which objects lie, in values that are none themselves."""

DEEPEST: Final = 12
"""Values within values; no export is half as deep."""


@define
class Conversation:
    """What is known of one thread. Lists are by id, as they were met."""

    id: str
    thread: Object | None = None
    messages: dict[str, Object] = field(factory=dict)
    runs: dict[str, Object] = field(factory=dict)
    steps: dict[str, dict[str, Object]] = field(factory=dict)


@define
class Found:
    assistants: dict[str, Object] = field(factory=dict)
    threads: dict[str, Conversation] = field(factory=dict)
    notes: list[str] = field(factory=list)
    exported_at: str | None = None

    @property
    def count(self) -> int:
        known = (len(each.messages) + len(each.runs) + (each.thread is not None) for each in self.threads.values())
        return len(self.assistants) + sum(known)

    def conversation(self, thread_id: str) -> Conversation:
        return self.threads.setdefault(thread_id, Conversation(thread_id))


def collect(files: Mapping[str, Any]) -> Found:
    """The objects of parsed JSON files, by file name."""
    found = Found()
    for name, value in files.items():
        for one in _values(value):
            _take(found, one, name)
    return found


def _values(value: Any, depth: int = 0) -> Iterator[Object]:
    """Each mapping that says something: objects, and what holds them."""
    if depth > DEEPEST:
        return
    if isinstance(value, list):
        for each in _oldest_first(value):
            yield from _values(each, depth + 1)
    elif isinstance(value, dict):
        yield value
        for name in HOLDERS:
            if isinstance(value.get(name), (list, dict)):
                yield from _values(value[name], depth + 1)


def _oldest_first(values: list[Any]) -> list[Any]:
    """Lists came newest first, unless somebody asked for the other order."""
    ends = [values[place].get("created_at") for place in (0, -1) if values and isinstance(values[place], dict)]
    is_descending = len(ends) == 2 and all(isinstance(end, (int, float)) for end in ends) and ends[0] > ends[1]
    return values[::-1] if is_descending else values


def _take(found: Found, value: Object, name: str) -> None:
    take = TAKERS.get(value.get("object")) if isinstance(value.get("object"), str) else None
    if take is not None:
        if isinstance(value.get("id"), str) and _is_dated(value):
            take(found, value)
        else:
            found.notes.append(f"{name}: a {value['object']} without an id or a date was left out")
        return
    if isinstance(value.get("exported_at"), str):
        found.exported_at = value["exported_at"]
    found.notes += [f"{name}: the export says of {_told(each)}" for each in _listed(value, "errors")]
    found.notes += [f"{name}: not exported: {_told(each)}" for each in _listed(value, "threads_failed")]


def _is_dated(value: Object) -> bool:
    moment = value.get("created_at")
    return isinstance(moment, (int, float)) and not isinstance(moment, bool) and 0 <= moment < 2**53


def _listed(value: Object, name: str) -> list[Any]:
    return value[name] if isinstance(value.get(name), list) else []


def _told(error: Any) -> str:
    return ", ".join(str(each) for each in error.values()) if isinstance(error, dict) else str(error)


def _assistant(found: Found, value: Object) -> None:
    found.assistants[value["id"]] = value


def _thread(found: Found, value: Object) -> None:
    found.conversation(value["id"]).thread = value


def _message(found: Found, value: Object) -> None:
    if isinstance(value.get("thread_id"), str):
        found.conversation(value["thread_id"]).messages[value["id"]] = value
    else:
        _nowhere(found, value)


def _run(found: Found, value: Object) -> None:
    """An export puts the steps of a run into it: an empty list says that there were none."""
    if isinstance(value.get("thread_id"), str):
        if isinstance(value.get("steps"), list):
            found.conversation(value["thread_id"]).steps.setdefault(value["id"], {})
        run = {name: each for name, each in value.items() if name != "steps"}
        found.conversation(value["thread_id"]).runs[value["id"]] = run
    else:
        _nowhere(found, value)


def _step(found: Found, value: Object) -> None:
    if isinstance(value.get("thread_id"), str) and isinstance(value.get("run_id"), str):
        found.conversation(value["thread_id"]).steps.setdefault(value["run_id"], {})[value["id"]] = value
    else:
        _nowhere(found, value)


def _nowhere(found: Found, value: Object) -> None:
    found.notes.append(f"{value['object']} {value['id']} names no thread, and was left out")


TAKERS: Final[dict[Any, Callable[[Found, Object], None]]] = {
    "assistant": _assistant,
    "thread": _thread,
    "thread.message": _message,
    "thread.run": _run,
    "thread.run.step": _step,
}
