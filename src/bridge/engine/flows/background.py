"""Legs that are background responses: they outlive their reader, and are gone on with (responses-mapping §15).

An option, since the upstream then stores what it answers. A stream that breaks is opened again behind the last event
that came; a process that takes a run over opens it behind the last one that was stored (Run.cursor).
"""

from __future__ import annotations

from typing import Any, Final

from bridge.engine.effects import End, Flow, Refused, Resume, Send, now, send, warn
from bridge.engine.flows import Context
from bridge.records import Object, Run
from bridge.translate import loose
from bridge.wire import paths

LESSON: Final = "background"
"""What a model or server that answers in the foreground only is known by (engine/lessons.py)."""

RETRIES: Final = 5
"""How often a stream is opened again in a row without an event between."""

CANCEL_SECONDS: Final = 5.0


def is_wanted(context: Context, lessons: frozenset[str]) -> bool:
    return context.options.background and context.profile.background is not False and LESSON not in lessons


def request(given: Object) -> Object:
    """The same request as a background response; it must be stored upstream, or it could not be gone on with."""
    return {**given, "background": True, "store": True}


class Line:
    """How far the background response of a leg was read; off for a leg that is none.

    `after` is the sequence_number of the last event, `was_heard` whether any came to this very leg.
    """

    def __init__(self, run: Run) -> None:
        cursor: Any = run.cursor or {}
        self.is_on = bool(cursor)
        self.is_resuming = self.is_on
        self.was_heard = False
        self.response_id: str | None = cursor.get("response_id")
        self.after: int | None = cursor.get("after")
        self._retries = 0

    def asked(self, request: Object) -> None:
        """A new response is asked for; of one asked for before nothing is to be gone on with."""
        self.is_on = bool(request.get("background"))
        self.is_resuming = self.was_heard = False
        self.response_id, self.after, self._retries = None, None, 0

    def heard(self, event: Object) -> None:
        self.was_heard, self._retries = True, 0
        self.after = loose.number(event, "sequence_number")
        self.response_id = self.response_id or loose.text(loose.object(event, "response"), "id")

    def may_go_on(self, signal: End | Refused) -> bool:
        """Whether the stream is worth opening again after this."""
        is_known = self.response_id is not None and (self.after is not None or not self.was_heard)
        if not self.is_on or not is_known or self._retries >= RETRIES:
            return False
        return isinstance(signal, End) or (self.is_resuming and not is_gone(signal))

    def pause(self) -> float:
        """Seconds to wait before that; each time longer."""
        self._retries += 1
        return min(0.25 * 2.0**self._retries, 4.0)

    def resume(self) -> Resume:
        assert self.response_id is not None
        self.is_resuming = True
        return Resume(self.response_id, self.after)


def taken_up(run: Run) -> Resume | None:
    """Where a run that was taken over goes on."""
    cursor: Any = run.cursor
    return None if cursor is None else Resume(cursor["response_id"], cursor["after"])


def is_gone(refused: Refused) -> bool:
    """Whether there is no such response, and never will be; anything else may pass."""
    return 400 <= refused.status < 500 and refused.status not in (408, 409, 429)


def cancel(response_id: str) -> Flow[None]:
    """The response stopped upstream too: nobody reads it any more."""
    until = (yield from now()) + CANCEL_SECONDS
    answer = yield from send(Send("POST", paths.of("responses", response_id, "cancel"), until=until, is_urgent=True))
    if isinstance(answer, Refused) or not answer.is_ok:
        yield from warn("background", f"response {response_id} could not be cancelled upstream, and goes on there")
