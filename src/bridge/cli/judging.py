"""What the answers to `bridge doctor --probe` say of a server: answers → what it can do → the profile next to it.

Nothing is asked here (cli/probing.py does). An ability that an answer does not settle stays unknown: a profile is what
is relied upon.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from attrs import evolve, field, frozen

from bridge.profiles import ABILITIES, GENERIC, PROFILES, SCRIPTED, Profile
from bridge.records import Object

NOWHERE: Final = (404, 405, 501)
"""How servers answer at addresses they do not have."""

FINAL: Final = ("response.completed", "response.incomplete")
UNKNOWN_RESPONSE: Final = "resp_00000000000000000000000000000000"
UNKNOWN_CONVERSATION: Final = "conv_00000000000000000000000000000000"
UNKNOWN_CONTAINER: Final = "cntr_00000000000000000000000000000000"
HINTS: Final = {"vector_stores": "file_search", "containers": "code_interpreter"}
"""Who keeps what a tool needs is likely to have the tool."""

UNKNOWN: Final = (UNKNOWN_CONVERSATION, UNKNOWN_CONTAINER)
"""Ids of nothing: asking for them costs nothing and makes nothing."""


@frozen
class Heard:
    """One answer. `status` 0 is none at all, `said` its text or why there is none; `events` are the types of a stream's
    events, `body` the JSON object of any other answer."""

    status: int
    said: str = ""
    is_stream: bool = False
    body: Object = field(factory=dict)
    events: tuple[str, ...] = ()


def works(heard: Heard) -> bool:
    """Whether this is a response object."""
    return heard.status == 200 and isinstance(heard.body.get("output"), list)


def streams(heard: Heard) -> bool:
    """Whether this is a stream that came to its end."""
    return heard.status == 200 and heard.is_stream and any(event in FINAL for event in heard.events)


def profile(heard: Mapping[str, Heard]) -> Profile:
    """What the answers settle. The keys are the abilities that were asked for; a missing one is not known."""
    found: dict[str, Any] = {name: judge(heard[name]) for name, judge in JUDGES.items() if name in heard}
    return Profile("probed", **found)


def nearest(found: Profile) -> Profile:
    """The profile that agrees best; generic where none does. What a server lacks tells more of its kind than what it
    has, and counts double."""
    hints: dict[str, Any] = {tool: True for there, tool in HINTS.items() if getattr(found, there)}
    found = evolve(found, **hints)
    scored = [(_score(found, each), each) for each in PROFILES.values() if each not in (GENERIC, SCRIPTED)]
    score, best = max(scored, key=lambda pair: pair[0])
    return best if score > 0 else GENERIC


def differences(found: Profile, other: Profile) -> list[str]:
    """The abilities that both know, and know differently."""
    ours, theirs = found.abilities(), other.abilities()
    return [name for name in ABILITIES if None not in (ours[name], theirs[name]) and ours[name] is not theirs[name]]


def _score(found: Profile, other: Profile) -> int:
    ours, theirs = found.abilities(), other.abilities()
    agreed = sum(2 - bool(ours[name]) for name in ABILITIES if ours[name] is not None and ours[name] is theirs[name])
    return agreed - 3 * len(differences(found, other))


# --- one ability each


def _unasked(heard: Heard) -> bool | None:
    return heard.is_stream if heard.status == 200 else None


def _calls(heard: Heard) -> bool | None:
    """A call was demanded: an answer without one did not follow the choice."""
    if not works(heard):
        return None
    return any(_is(item, "function_call") for item in heard.body["output"])


def _previous(heard: Heard) -> bool | None:
    """An id that cannot be known must be refused. That it is does not show that known ones work (mapping §18)."""
    return False if heard.status == 200 else None


def _encrypted(heard: Heard) -> bool | None:
    """Refused for the model, it says nothing of the server (mapping §19)."""
    if works(heard):
        return (
            True if any(_is(item, "reasoning") and item.get("encrypted_content") for item in _output(heard)) else None
        )
    is_refused = heard.status in (400, 422) and "encrypted" in heard.said.lower()
    return False if is_refused and "with this model" not in heard.said else None


def _counts(heard: Heard) -> bool | None:
    return True if isinstance(heard.body.get("input_tokens"), int) else _there(heard)


def _lists(heard: Heard) -> bool | None:
    return True if heard.status == 200 and isinstance(heard.body.get("data"), list) else _there(heard)


def _knows_what(heard: Heard) -> bool | None:
    """A server that has such things names the one it does not know, and not merely the address."""
    names = [id for id in UNKNOWN if id in heard.said and f"/{id}" not in heard.said]
    return True if heard.status != 0 and names else _there(heard)


def _there(heard: Heard) -> bool | None:
    return False if heard.status in NOWHERE else None


def _output(heard: Heard) -> list[Any]:
    return list(heard.body["output"])


def _is(item: Any, type: str) -> bool:
    return isinstance(item, dict) and item.get("type") == type


JUDGES: Final[dict[str, Callable[[Heard], bool | None]]] = {
    "streams_unasked": _unasked,
    "tool_choice": _calls,
    "previous_ids": _previous,
    "encrypted_reasoning": _encrypted,
    "input_tokens": _counts,
    "conversations": _knows_what,
    "vector_stores": _lists,
    "files": _lists,
    "containers": _knows_what,
}
"""The abilities that can be asked for without making anything."""
