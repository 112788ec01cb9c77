"""Token usage: response.usage → run and step usage (assistants-wire §5.1, responses-mapping §7).

    input_tokens                            => prompt_tokens
    output_tokens                           => completion_tokens
    total_tokens                            => the same
    input_tokens_details.cached_tokens      => prompt_token_details.cached_tokens, singular on the wire
    output_tokens_details.reasoning_tokens  => completion_tokens_details.reasoning_tokens

Servers may leave usage out, or send zeros: what is missing counts 0.
"""

from __future__ import annotations

from typing import Final

from bridge.records import Object
from bridge.translate import loose

NO_USAGE: Final[Object] = {
    "prompt_tokens": 0,
    "completion_tokens": 0,
    "total_tokens": 0,
    "prompt_token_details": {"cached_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0},
}


def to_assistants(usage: Object | None) -> Object:
    """The usage of one response in the run's words, in wire key order."""
    prompt, completion = _count(usage, "input_tokens"), _count(usage, "output_tokens")
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": _count(usage, "total_tokens") or prompt + completion,
        "prompt_token_details": {"cached_tokens": _count(loose.object(usage, "input_tokens_details"), "cached_tokens")},
        "completion_tokens_details": {
            "reasoning_tokens": _count(loose.object(usage, "output_tokens_details"), "reasoning_tokens")
        },
    }


def add(usage: Object | None, more: Object) -> Object:
    """The sum of two usages, both in the run's words; None counts nothing."""
    return {key: _sum(NO_USAGE[key] if usage is None else usage.get(key), more.get(key)) for key in NO_USAGE}


def _sum(one: Object | int | None, other: Object | int | None) -> Object | int:
    if isinstance(one, dict) or isinstance(other, dict):
        known = [details for details in (one, other) if isinstance(details, dict)]
        keys = dict.fromkeys(key for details in known for key in details)
        return {key: sum(details.get(key) or 0 for details in known) for key in keys}
    return (one or 0) + (other or 0)


def _count(source: Object | None, key: str) -> int:
    return max(loose.number(source, key) or 0, 0)
