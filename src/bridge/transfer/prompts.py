"""A prompt object, as somebody exported it → the body that makes an assistant of it (responses-mapping §10).

    model, instructions, temperature, top_p, name, description  => the same
    tools                                                       => tools and tool_resources (translate/tools.py)
    text.format                                                 => response_format (translate/formats.py)
    reasoning.effort                                            => reasoning_effort
    version, and what else says only which prompt it is         => left out
    all else                                                    => refused by name: an assistant has no place for it

There is no schema of such an export: the dashboard shows the parts of a Responses request.
"""

from __future__ import annotations

from typing import Any, Final

from bridge.records import Object
from bridge.translate import formats, tools
from bridge.translate.loose import Untranslatable

PREFIX: Final = "pmpt_"
SAME: Final = ("model", "instructions", "temperature", "top_p", "name", "description", "metadata")
ABOUT: Final = ("id", "object", "version", "created_at", "updated_at", "is_default", "status")
PARTS: Final = ("tools", "text", "reasoning")
DEFAULTS: Final = {"tool_choice": "auto", "parallel_tool_calls": True, "store": True, "truncation": "disabled"}
"""What such an export may say that is so anyway."""


def is_prompt(value: Object) -> bool:
    id = value.get("id")
    return value.get("object") == "prompt" or (isinstance(id, str) and id.startswith(PREFIX))


def to_assistant(value: Object) -> Object:
    """Raises ValueError, which names what an assistant has no place for."""
    inner = value.get("prompt")
    given = {**value, **inner} if isinstance(inner, dict) else dict(value)
    given.pop("prompt", None)
    body: Object = {name: given[name] for name in SAME if given.get(name) is not None}
    try:
        body |= _tools(given.get("tools") or ())
        body |= _format(given.get("text") or {})
    except (Untranslatable, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"it cannot be made an assistant: {error}") from error
    body |= _effort(given.get("reasoning") or {})
    for name in given.keys() - {*SAME, *ABOUT, *PARTS}:
        if given[name] not in (None, [], {}, DEFAULTS.get(name)):
            raise ValueError(f"an assistant has no place for its `{name}`: take it out, or write it into instructions")
    return body


def _tools(given: Any) -> Object:
    listed, resources = tools.to_assistants(given)
    return {"tools": listed, "tool_resources": resources} if listed else {}


def _format(text: Object) -> Object:
    found = formats.to_assistants(text.get("format"))
    return {} if found == "auto" else {"response_format": found}


def _effort(reasoning: Object) -> Object:
    effort = reasoning.get("effort")
    return {} if effort is None else {"reasoning_effort": effort}
