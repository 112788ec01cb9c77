"""Assistants as files declare them → records (docs/assistants-apply.md).

    our own form           the body of POST /assistants, with `id`, and perhaps `created_at` and `instructions_file`
    an object of the API   as a GET answered it; a page of them
    a prompt object        see prompts.py; its assistant's id is given beside it

One of these, a list of them, or a list below `assistants`. What a file says is the whole of an assistant: what it
leaves out has its default.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from attrs import field, frozen

from bridge import errors, ids
from bridge.engine import reviving
from bridge.errors import ConfigurationError
from bridge.records import Assistant, Object
from bridge.transfer import documents, prompts
from bridge.transfer.making import Maker
from bridge.wire.render import rest

FILE: Final = "instructions_file"
UNSAID: Final[Object] = {
    "name": None,
    "description": None,
    "instructions": None,
    "tools": [],
    "top_p": 1.0,
    "temperature": 1.0,
    "reasoning_effort": None,
    "tool_resources": {},
    "metadata": {},
    "response_format": "auto",
}
"""What need not be written."""


@frozen
class Declared:
    """`created_at` of the record is 0 where the file does not say it. `notes` are what was left out, for people."""

    assistant: Assistant
    place: str
    notes: tuple[str, ...] = ()


@frozen
class Reader:
    """`id` is that of the one assistant that has none of its own; `stores` as in making.Maker."""

    id: str | None = None
    stores: Mapping[str, str | None] = field(factory=dict)

    def file(self, path: Path) -> list[Declared]:
        """Raises ConfigurationError, which says what is wrong, in the API's words where it is the API's rule."""
        return self.values(documents.read(path), path)

    def values(self, value: Any, path: Path) -> list[Declared]:
        found = list(_objects(value))
        if not found:
            raise ConfigurationError(f"{path} declares no assistant")
        declared = []
        for number, each in enumerate(found, 1):
            place = f"{path}{f', assistant {number}' if len(found) > 1 else ''}"
            try:
                declared.append(self._declared(each, place, path.parent))
            except errors.APIError as error:
                raise ConfigurationError(f"{place}: {error.message}") from error
            except ValueError as error:
                raise ConfigurationError(f"{place}: {error}") from error
        return _once(declared)

    def _declared(self, value: Any, place: str, folder: Path) -> Declared:
        if not isinstance(value, dict):
            raise ValueError(f"an assistant is a mapping, not {type(value).__name__}")
        if value.get("object") == "assistant":
            return self._answered(value, place)
        if prompts.is_prompt(value):
            return self._given({**prompts.to_assistant(value), "id": self._id(None)}, place)
        return self._given({**_with_instructions(value, folder), "id": self._id(value.get("id"))}, place)

    def _answered(self, value: Object, place: str) -> Declared:
        """An object of the API is taken with patience: nobody wrote it by hand."""
        made = Maker(self.stores).make("assistant", value)
        (assistant,) = made.records
        assert isinstance(assistant, Assistant)
        return Declared(assistant, place, tuple(f"{loss.reason}: {loss.detail}" for loss in made.losses))

    def _given(self, given: Object, place: str) -> Declared:
        id, at = given.pop("id"), given.pop("created_at", 0)
        if isinstance(at, bool) or not isinstance(at, int) or not 0 <= at < 2**53:
            raise ValueError("created_at is a number of Unix seconds")
        return Declared(Maker(self.stores).with_stores(reviving.assistant(id, given, at)), place)

    def _id(self, own: Any) -> str:
        id = own if own is not None else self.id
        if id is None:
            raise ValueError("it has no `id` (asst_…); give it one, or say --id")
        if not isinstance(id, str) or not ids.has_prefix("assistant", id):
            raise ValueError(f"{id!r} is no id of an assistant: it begins with {ids.PREFIXES['assistant']}_")
        return id


def written(assistant: Assistant) -> Object:
    """The assistant in our own form, without what need not be said."""
    shown = rest(assistant)
    first = {name: shown[name] for name in ("id", "created_at", "name", "model")}
    said = {name: value for name, value in {**first, **shown}.items() if name != "object"}
    return {name: value for name, value in said.items() if name not in UNSAID or value != UNSAID[name]}


def _objects(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for each in value:
            yield from _objects(each) if isinstance(each, list) else (each,)
    elif isinstance(value, dict) and isinstance(value.get("assistants"), list):
        yield from value["assistants"]
    elif isinstance(value, dict) and value.get("object") == "list":
        yield from value.get("data") or ()
    elif value is not None:
        yield value


def _with_instructions(value: Object, folder: Path) -> Object:
    """`instructions_file` is relative to the file that names it."""
    if FILE not in value:
        return value
    if "instructions" in value:
        raise ValueError(f"`instructions` and `{FILE}` exclude each other")
    path = folder / str(value[FILE])
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise ValueError(f"{FILE}: {path} cannot be read: {error}") from error
    return {**{name: each for name, each in value.items() if name != FILE}, "instructions": text.rstrip("\n")}


def _once(declared: list[Declared]) -> list[Declared]:
    places: dict[str, str] = {}
    for each in declared:
        if each.assistant.id in places:
            raise ConfigurationError(f"{each.place}: {each.assistant.id} is declared twice")
        places[each.assistant.id] = each.place
    return declared
