"""Objects of the old API → records, and what of them is lost on the way. Pure.

    assistant, thread, message, run, step  => the record of the same id
    step of function calls                 => its record, and the items that the model is sent again (translate/steps)
    run, step or message still at work     => ended as the service would have ended it, at the end of the run's time
    tool_resources                         => vector stores under their new ids, where a map has one

What an object shows is what is stored, so that it is answered again as it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import evolve, field, frozen

from bridge.engine import normalise
from bridge.engine.closing import close_message, close_run, close_step
from bridge.records import Assistant, Message, Object, Put, Record, Run, Step, Thread
from bridge.transfer import pieces, shapes
from bridge.transfer.losses import Loss
from bridge.translate import formats
from bridge.translate import steps as step_items
from bridge.translate.loose import Untranslatable
from bridge.wire.render import NO_FILES

LIFETIME: Final = normalise.RUN_SECONDS
ENDS: Final = {"cancelling": "stop"}
"""By which word a run that was still at work is ended; all others have expired."""


@frozen
class Made:
    records: tuple[Record, ...]
    losses: tuple[Loss, ...] = ()


@frozen
class Maker:
    """`stores`: vector stores by their old id; None is one to be left out."""

    stores: Mapping[str, str | None] = field(factory=dict)

    def make(self, kind: str, value: Object) -> Made:
        """The records of an object of this kind. Raises ValueError where it is none."""
        shape, make = KINDS[kind]
        shown = shapes.parsed(shape, value)
        told = _Told(kind, shown)
        record, *items = make(self, shown, told)
        told.of_extra(shown.model_extra or {})
        return Made((record, *items), tuple(told.losses))

    def with_stores(self, assistant: Assistant) -> Assistant:
        """The assistant with its vector stores under their new ids."""
        unheard = _Told("assistant", assistant)
        return evolve(assistant, tool_resources=self._resources(assistant.tool_resources, unheard))

    # --- one kind each

    def assistant(self, shown: shapes.AssistantObject, told: _Told) -> list[Record]:
        tools = pieces.tools(shown.tools, told)
        return [
            Assistant(
                **_same(shown, Assistant, "tools", "tool_resources", "response_format"),
                tools=tools,
                tool_resources=self._resources(shown.tool_resources, told),
                response_format=_format(shown.response_format or "auto"),
            )
        ]

    def thread(self, shown: shapes.ThreadObject, told: _Told) -> list[Record]:
        """Files that nobody put there are shown by every GET (assistants-wire §3.1)."""
        given = {} if shown.tool_resources == NO_FILES else shown.tool_resources
        resources = self._resources(given, told)
        return [Thread(shown.id, shown.created_at, metadata=shown.metadata, tool_resources=resources)]

    def message(self, shown: shapes.MessageObject, told: _Told) -> list[Record]:
        message = Message(
            **_same(shown, Message, "content", "status"),
            content=pieces.content(shown.content, told),
            status=shown.status or "completed",
        )
        if message.status != "in_progress":
            return [message]
        told("living", "ended as incomplete: run_expired")
        return [_record(close_message(message, "expire", message.created_at + LIFETIME))]

    def run(self, shown: shapes.RunObject, told: _Told) -> list[Record]:
        run = Run(
            **_same(shown, Run, "expires_at", "tools", "tool_resources", *UNSAID),
            expires_at=shown.expires_at or shown.created_at + LIFETIME,
            tools=pieces.tools(shown.tools, told),
            include=[],
            **{name: default if (said := getattr(shown, name)) is None else said for name, default in UNSAID.items()},
        )
        if run.status in ("completed", "failed", "cancelled", "expired", "incomplete"):
            return [run]
        word = ENDS.get(run.status, "expire")
        ended = _ended(run, word)
        told("living", f"it was {run.status}, and is {ended.status}")
        return [ended]

    def step(self, shown: shapes.StepObject, told: _Told) -> list[Record]:
        if shown.metadata:
            told("unknown_field", "metadata")
        step = Step(
            **_same(shown, Step, "assistant_id", "expires_at", "step_details"),
            assistant_id=shown.assistant_id or "",
            expires_at=shown.expires_at or shown.created_at + LIFETIME,
            step_details=pieces.details(shown.step_details),
        )
        if step.status == "in_progress":
            told("living", "ended as expired")
            step = _record(close_step(step, "expire", step.expires_at, step.usage))
        return [step, *step_items.items(step)]

    def _resources(self, given: Object, told: _Told) -> Object:
        searched = given.get("file_search") or {}
        stores = searched.get("vector_store_ids")
        if stores is None:
            return given
        for store in stores:
            if store not in self.stores:
                told("vector_store", str(store))
        known = [self.stores.get(store, store) for store in stores]
        kept = [store for store in known if store is not None]
        return {**given, "file_search": {**searched, "vector_store_ids": kept}}


UNSAID: Final[dict[str, Any]] = {
    "truncation_strategy": normalise.AUTO,
    "response_format": "auto",
    "tool_choice": "auto",
    "parallel_tool_calls": True,
}
"""What a run has where it shows null."""

KINDS: Final[dict[str, tuple[Any, Any]]] = {
    "assistant": (shapes.AssistantObject, Maker.assistant),
    "thread": (shapes.ThreadObject, Maker.thread),
    "message": (shapes.MessageObject, Maker.message),
    "run": (shapes.RunObject, Maker.run),
    "step": (shapes.StepObject, Maker.step),
}


class _Told:
    """Collects what is lost of one object."""

    def __init__(self, kind: str, shown: Any) -> None:
        self.losses: list[Loss] = []
        self._kind, self._id = kind, shown.id
        self._thread_id = shown.id if kind == "thread" else getattr(shown, "thread_id", None)

    def __call__(self, reason: str, detail: str) -> None:
        self.losses.append(Loss(reason, self._kind, self._id, detail, self._thread_id))

    def of_extra(self, extra: Mapping[str, Any]) -> None:
        for name, value in extra.items():
            if value not in (None, [], {}):
                self("first_beta" if name == "file_ids" else "unknown_field", name)


def thread_of(thread_id: str, created_at: int) -> Made:
    """A thread that only its messages tell of."""
    return Made((Thread(thread_id, created_at),), (Loss("thread_made", "thread", thread_id, "", thread_id),))


# --- pieces


def _format(given: str | Object) -> str | Object:
    """Raises ValueError for one that no run could ask for."""
    try:
        formats.to_responses(given)
    except (Untranslatable, KeyError) as error:
        raise ValueError(f"response_format: {given!r} is none") from error
    return given


def _same(shown: Any, kind: type[Any], *but: str) -> dict[str, Any]:
    """The fields that shape and record have alike."""
    names = (each.name for each in kind.__attrs_attrs__)
    return {name: getattr(shown, name) for name in names if name in type(shown).model_fields and name not in but}


def _record(put: Put) -> Any:
    return put.record


def _ended(run: Run, word: str) -> Run:
    """As the service would have ended it, at the end of its time."""
    ended = close_run(run, word, run.expires_at)[0]
    assert isinstance(ended, Put) and isinstance(ended.record, Run)
    return evolve(ended.record, version=run.version)
