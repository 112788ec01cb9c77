"""What a server can do, held against what a run asks for (profiles.py, lessons.py).

A tool that the server does not have is refused when the run is created, not found missing when it runs. A field that it
does not know is left out, and what was the caller's own wish is told as lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from bridge import errors
from bridge.profiles import Profile
from bridge.records import Object, Run

ESSENTIAL: Final = ("model", "input", "stream")

WISHES: Final[dict[str, tuple[str, tuple[Any, ...]]]] = {
    "temperature": ("temperature", (None, 1, 1.0)),
    "top_p": ("top_p", (None, 1, 1.0)),
    "reasoning_effort": ("reasoning", (None,)),
    "response_format": ("text", ("auto", {"type": "text"}, "text", None)),
    "tool_choice": ("tool_choice", ("auto", None)),
    "parallel_tool_calls": ("parallel_tool_calls", (True, None)),
    "max_completion_tokens": ("max_output_tokens", (None,)),
}
"""Parameter of a run → the field of a request, and the values with which nothing is lost if it is left out."""


def refuse(run: Run, profile: Profile) -> None:
    """Raises APIError for a tool that this kind of server is known not to have. A search without a store is no tool."""
    stores = (run.tool_resources.get("file_search") or {}).get("vector_store_ids")
    for index, tool in enumerate(run.tools):
        kind = tool["type"]
        is_missing = getattr(profile, kind, None) is False if kind != "function" else False
        if is_missing and (kind != "file_search" or stores):
            raise errors.tool_not_there(f"tools[{index}].type", kind, profile.name)


def lost(run: Run, profile: Profile, lessons: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The parameters of a run that the server or the model does not take, each with what becomes of it."""
    for name, (field, neutral) in WISHES.items():
        if getattr(run, name) in neutral:
            continue
        if not profile.takes(field):
            yield name, f"left out: servers of the profile {profile.name} do not take {field}"
        elif field in lessons:
            yield name, f"left out: {run.model} refuses {field}"


def fit(request: Object, profile: Profile) -> Object:
    """The request as this kind of server takes it. `stream` is always in it: some stream when nobody says so."""
    kept = {name: value for name, value in request.items() if name in ESSENTIAL or profile.takes(name)}
    if profile.file_search_items is False:
        kept["input"] = [item for item in kept["input"] if item.get("type") != "file_search_call"]
    return kept
