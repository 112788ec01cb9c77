"""The responses that are stored: those of the background, and those that were not asked for with `store: false`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attrs import frozen

from bridge.forks import Lock
from bridge.records import Object
from bridge.upstream.scripted.background import Background
from bridge.upstream.scripted.refusals import previous_not_found, refusal, response_not_found
from bridge.upstream.scripted.steps import FINAL, Step, type_of


@frozen
class Kept:
    """`input` are the items that the model read, those of previous responses among them."""

    input: tuple[Object, ...]
    response: Object
    background: Background | None = None

    @property
    def now(self) -> Object:
        return self.background.response if self.background is not None else self.response


class StoredResponses:
    """Any thread may call it."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._lock = Lock()

    def begin(self, request: Object, steps: Iterator[Step]) -> Background:
        background = Background(steps)
        self._keep(Kept(items_of(request["input"]), background.response, background))
        return background

    def kept(self, request: Object, steps: Iterator[Step]) -> Iterator[Step]:
        """The steps of an answer that is stored when it is over; one that is left before is not."""
        for step in steps:
            if isinstance(step, dict) and type_of(step) in FINAL and request.get("store") is not False:
                self._keep(Kept(items_of(request["input"]), step["response"]))
            yield step

    def continued(self, request: Object) -> Object:
        """The request with all that came before it, as `previous_response_id` asks for."""
        id = request.get("previous_response_id")
        if not isinstance(id, str) or not request.get("input"):
            return request
        if id not in self._kept:
            raise previous_not_found(id)
        before = self._kept[id]
        made = [item for item in before.now["output"] if item["type"] != "reasoning" or item.get("encrypted_content")]
        return {**request, "input": [*before.input, *made, *items_of(request["input"])]}

    def show(self, id: str) -> Object:
        return self._find(id).now

    def cancel(self, id: str) -> Object:
        background = self._find(id).background
        if background is None:
            raise refusal("Cannot cancel a synchronous response.")
        return background.cancel()

    def delete(self, id: str) -> Object:
        background = self._find(id).background
        if background is not None:
            background.cancel()
        del self._kept[id]
        return {"id": id, "object": "response", "deleted": True}

    def streamed(self, id: str) -> Background:
        """A response that can be streamed again."""
        background = self._find(id).background
        if background is None:
            raise refusal("Only a response that was created with background=true can be streamed again.", "stream")
        return background

    def close(self) -> None:
        """Ends what is still being made."""
        with self._lock:
            kept = list(self._kept.values())
        for each in kept:
            if each.background is not None:
                each.background.cancel()

    def _keep(self, kept: Kept) -> None:
        with self._lock:
            self._kept[kept.response["id"]] = kept

    def _find(self, id: str) -> Kept:
        if id not in self._kept:
            raise response_not_found(id)
        return self._kept[id]


def items_of(input: Any) -> tuple[Object, ...]:
    """A bare text is a message of the user's."""
    return ({"type": "message", "role": "user", "content": input},) if isinstance(input, str) else tuple(input)
