"""Background responses: made whether anybody reads them or not, kept, and read again from any event on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Final

from bridge.records import Object
from bridge.upstream.scripted.answering import Pause, Step
from bridge.upstream.scripted.refusals import refusal

LOOK_SECONDS: Final = 0.01
"""How long a reader waits before it looks for the next event."""


class Recording:
    """One background response. Its steps are played in a thread of its own, waits included."""

    def __init__(self, steps: Iterator[Step], stopped: threading.Event) -> None:
        self.events: list[Object] = []
        self.is_over = False
        self._cancelled = threading.Event()
        self._stopped = stopped
        threading.Thread(target=self._play, args=(steps,), name="scripted-background", daemon=True).start()

    @property
    def response(self) -> Object:
        """The response object as it is now."""
        latest = next(event["response"] for event in reversed(self.events) if "response" in event)
        if self._cancelled.is_set() and latest["status"] == "in_progress":
            return {**latest, "status": "cancelled"}
        response: Object = latest
        return response

    def steps(self, after: int | None) -> Iterator[Step]:
        """The events behind number `after`, followed until the response is over."""
        place = 0 if after is None else after + 1
        while True:
            while place < len(self.events):
                yield self.events[place]
                place += 1
            if self.is_over and place >= len(self.events):
                return
            yield Pause(LOOK_SECONDS)

    def cancel(self) -> Object:
        self._cancelled.set()
        return self.response

    def _play(self, steps: Iterator[Step]) -> None:
        for step in steps:
            if isinstance(step, Pause):
                self._cancelled.wait(step.seconds)
            if self._cancelled.is_set() or self._stopped.is_set():
                break
            if isinstance(step, dict):
                self.events.append(step)
        self.is_over = True


class Recordings:
    """The background responses of one upstream."""

    def __init__(self, stopped: threading.Event) -> None:
        self._stopped = stopped
        self._kept: dict[str, Recording] = {}

    def begin(self, id: str, steps: Iterator[Step]) -> Recording:
        self._kept[id] = Recording(steps, self._stopped)
        return self._kept[id]

    def get(self, id: str) -> Recording:
        if id not in self._kept:
            raise refusal(f"Response with id '{id}' not found.", status=404)
        return self._kept[id]

    def answer(self, method: str, id: str) -> Object:
        """GET, DELETE /responses/{id} and POST /responses/{id}/cancel."""
        table: dict[str, Callable[[], Object]] = {
            "GET": lambda: self.get(id).response,
            "POST": lambda: self.get(id.removesuffix("/cancel")).cancel(),
            "DELETE": lambda: self._delete(id),
        }
        return table[method]()

    def _delete(self, id: str) -> Object:
        self.get(id).cancel()
        del self._kept[id]
        return {"id": id, "object": "response", "deleted": True}
