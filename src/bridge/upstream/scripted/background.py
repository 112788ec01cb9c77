"""Background responses: made whether anybody reads them or not, kept, and read again from any event on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Final

from bridge.records import Object
from bridge.upstream.scripted.steps import HangUp, Pause, Reset, Step

LOOK_SECONDS: Final = 0.005
"""How long a reader waits before it looks for the next event."""

ENDED: Final = ("completed", "incomplete", "failed", "cancelled")
LOST: Final = {"code": "server_error", "message": "The server had an error while processing your request."}


class Background:
    """One background response. Its steps are played in a thread of its own, in real time, waits included."""

    def __init__(self, steps: Iterator[Step]) -> None:
        self._kept = [next(steps)]
        self._latest: Object = self._kept[0]["response"]  # type: ignore[index]
        self._stopped = threading.Event()
        self._is_over = False
        self._lock = threading.Lock()
        threading.Thread(target=self._play, args=(steps,), name="scripted-background", daemon=True).start()

    @property
    def response(self) -> Object:
        """The response object as it is now."""
        return self._latest

    def steps(self, after: int | None = None, *, is_first: bool = False) -> Iterator[Step]:
        """The events behind number `after`, followed until the response is over.

        Only the reader who asked for the response (`is_first`) meets a `cut` of the script.
        """
        count, place = 0 if after is None else -after - 1, 0
        while True:
            is_over = self._is_over  # looked at first: what is over has all its events
            while place < len(self._kept):
                step, place = self._kept[place], place + 1
                if isinstance(step, HangUp) and is_first:
                    if step.how == "reset":
                        yield Reset()
                    return
                if isinstance(step, dict):
                    count += 1
                    if count > 0:
                        yield step
            if is_over:
                return
            yield Pause(LOOK_SECONDS)

    def cancel(self) -> Object:
        """The response as it ended, which is cancelled if it had not ended before."""
        with self._lock:
            self._stopped.set()
            if self._latest["status"] not in ENDED:
                self._latest = {**self._latest, "status": "cancelled"}
            return self._latest

    def _play(self, steps: Iterator[Step]) -> None:
        try:
            for step in steps:
                if isinstance(step, Pause):
                    self._stopped.wait(step.seconds)
                elif not self._keep(step):
                    return
        finally:
            self._end()

    def _keep(self, step: Step) -> bool:
        """Whether the response goes on."""
        with self._lock:
            if self._stopped.is_set():
                return False
            self._kept.append(step)
            if isinstance(step, dict) and "response" in step:
                self._latest = step["response"]
            return True

    def _end(self) -> None:
        """A response that just stops (the quirk error_event, say) has failed."""
        with self._lock:
            if self._latest["status"] not in ENDED:
                self._latest = {**self._latest, "status": "failed", "error": LOST}
            self._is_over = True
