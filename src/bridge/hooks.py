"""What a program may tell of ids that the store does not know: threads and assistants that only it remembers.

    @bridge.on_missing_thread
    def remembered(thread_id):
        row = my_table.get(thread_id)
        return row and {"messages": [{"role": "user", "content": row.text}], "metadata": {"user": row.user}}

One hook a kind for the process; docs/missing-threads.md says when it is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal, TypeVar

Missing = Literal["thread", "assistant"]
Hook = Callable[[str], Any]
H = TypeVar("H", bound="Hook | None")

_hooks: Final[dict[Missing, Hook]] = {}


def on_missing_thread(hook: H) -> H:
    """Have `hook` asked for threads that are not in the store, by their id; None asks nobody more. A decorator, too.

    It is a function or a coroutine function, and answers None where it does not know the id either; or a list of
    messages; or a mapping with `messages`, `metadata`, `tool_resources`, `created_at` (Unix seconds), all optional. A
    message is what `messages.create` takes, without attachments, and may have an `id` and a `created_at`. What it
    raises is a 500 of the call that named the thread.
    """
    return _set("thread", hook)


def on_missing_assistant(hook: H) -> H:
    """The same for assistants: a mapping as `assistants.create` takes it, and `created_at`."""
    return _set("assistant", hook)


def hook_of(kind: Missing) -> Hook | None:
    return _hooks.get(kind)


def _set(kind: Missing, hook: H) -> H:
    if hook is None:
        _hooks.pop(kind, None)
    elif callable(hook):
        _hooks[kind] = hook
    else:
        raise TypeError(f"on_missing_{kind} takes a function of an id, not {hook!r}")
    return hook
