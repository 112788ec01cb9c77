"""What a server can do, held against what a run asks for (profiles.py, lessons.py).

A tool that the server does not have is refused when the run is created, not found missing when it runs. A field that it
does not know (a 422 at some, ignored at others) is left out, and what was the caller's own wish is told as lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from bridge import errors
from bridge.engine import lessons
from bridge.profiles import Profile
from bridge.records import Object, Run
from bridge.translate import formats, history

ESSENTIAL: Final = ("model", "input", "stream")

WISHES: Final[dict[str, tuple[str, Callable[[Run], Any]]]] = {
    "temperature": ("temperature", lambda run: run.temperature not in (None, 1)),
    "top_p": ("top_p", lambda run: run.top_p not in (None, 1)),
    "reasoning_effort": ("reasoning", lambda run: run.reasoning_effort),
    "response_format": ("text", lambda run: formats.to_responses(run.response_format)),
    "tool_choice": ("tool_choice", lambda run: run.tools and run.tool_choice not in (None, "auto")),
    "parallel_tool_calls": ("parallel_tool_calls", lambda run: run.tools and not run.parallel_tool_calls),
    "max_completion_tokens": ("max_output_tokens", lambda run: run.max_completion_tokens),
    "metadata": ("metadata", lambda run: run.metadata),
    "include": ("include", lambda run: run.include),
}
"""Parameter of a run → the field of a request, and whether something is lost where that is left out."""


def refuse(run: Run, profile: Profile, messages: Iterable[Object] = ()) -> None:
    """Raises APIError for a tool that this kind of server is known not to have. A search without a store is no tool.
    `messages` are those that come with the run: their attachments would make a store."""
    for index, tool in enumerate(run.tools):
        kind = tool["type"]
        is_missing = kind != "function" and getattr(profile, kind) is False
        if is_missing and (kind != "file_search" or _has_store(run, messages)):
            raise errors.tool_not_there(f"tools[{index}].type", kind, profile.name)


def refused_images(profile: Profile) -> tuple[str, ...]:
    """The content blocks that this kind of server is known not to take."""
    if profile.images is False:
        return ("image_url", "image_file")
    return ("image_file",) if profile.files is False else ()


def lost(run: Run, profile: Profile, known: frozenset[str]) -> Iterator[tuple[str, str]]:
    """The parameters of a run that the server or the model does not take, each with what becomes of it. `known` are the
    lessons learnt."""
    for name, (field, is_wished) in WISHES.items():
        if not is_wished(run):
            continue
        if not profile.takes(field):
            yield name, f"left out: servers of the profile {profile.name} do not take {field}"
        elif lessons.leaves_out(field, run.reasoning_effort, known):
            yield name, f"left out: {run.model} refuses {field}"


def fit(request: Object, profile: Profile) -> Object:
    """The request as this kind of server takes it. `stream` is always in it: some stream when nobody says so."""
    kept = {name: value for name, value in request.items() if name in ESSENTIAL or profile.takes(name)}
    if profile.encrypted_reasoning is False:
        kept = lessons.apply(kept, frozenset([lessons.ENCRYPTED]))
    refused = {"reasoning": profile.encrypted_reasoning, "file_search_call": profile.file_search_items}
    types = [type for type, is_taken in refused.items() if is_taken is False]
    return {**kept, "input": history.without(kept["input"], types)} if types else kept


def _has_store(run: Run, messages: Iterable[Object]) -> bool:
    if (run.tool_resources.get("file_search") or {}).get("vector_store_ids"):
        return True
    attachments = [each for message in messages for each in message.get("attachments") or ()]
    return any(tool["type"] == "file_search" for each in attachments for tool in each.get("tools") or ())
