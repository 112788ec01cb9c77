"""Upstream diff: the Responses requests of both sides, leg by leg.

Legs are aligned within their run, field by field compared after both became what they mean (compare/meanings.py): then
either the model is asked the same, or every difference has a name. What was answered is no matter of it: the same
request may be answered otherwise each time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from attrs import evolve, frozen

from bridge.diff.compare.alignment import Keys, aligned
from bridge.diff.compare.fields import fingerprint
from bridge.diff.compare.identity import Identities
from bridge.diff.compare.meanings import Object, Same, alone, meant, unfolded
from bridge.diff.compare.values import OWN_DATA, Renamed, Walk
from bridge.diff.compare.weights import mismatch
from bridge.diff.observations import MISSING, Mismatch
from bridge.diff.tape import Leg

SETTINGS: Final = frozenset(
    ("metadata", "store", "include", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention",
     "prompt_cache_options", "service_tier", "background")
)  # fmt: skip
"""Fields that the model never reads."""

ASKED: Final[Renamed] = {
    **dict.fromkeys(("missing-key", "missing-item"), "leg-missing"),
    **dict.fromkeys(("extra-key", "extra-item"), "leg-extra"),
    **dict.fromkeys(("null", "type", "literal", "value", "id", "item-order"), "leg-value"),
    **dict.fromkeys(("key-order", "number-form", "id-form", "moment-order")),
}
TOOLS: Final[Renamed] = {**ASKED, "item-order": "leg-order"}
SET: Final[Renamed] = {**dict.fromkeys(ASKED, "leg-setting"), **dict.fromkeys(("key-order", "number-form", "id-form"))}

STRICT: Final = re.compile(r"\.tools\[(\d+)\]\.strict")
TRIES_STRICT: Final = "not given, the server makes the schema strict where it can; false never is"
TRIES_TOO: Final = "not given, the server makes the schema strict where it can; true is refused where it cannot"
MAKES_REQUIRED: Final = "not given, the server makes the schema strict where it can: what is optional is required then"
"""From OpenAI's description of the API (`strict` of a function tool) and its guide to function calling."""


@frozen
class Group:
    """The legs of one run side by side; `run` is the control's, or the candidate's where only that has it."""

    run: str | None
    of_candidate: bool
    pairs: tuple[tuple[Leg | None, Leg | None], ...]
    mismatches: tuple[Mismatch, ...]


def compared(control: Sequence[Leg], candidate: Sequence[Leg], identities: Identities) -> list[Group]:
    """Run by run; as one list where a side does not tell of runs."""
    lefts, rights = _by_run(unfolded(control)), _by_run(unfolded(candidate))
    if None in lefts or None in rights:
        lefts = {next(iter(lefts), None): [leg for legs in lefts.values() for leg in legs]}
        rights = {next(iter(rights), None): [leg for legs in rights.values() for leg in legs]}
        return [_group(*next(iter(lefts.items())), *next(iter(rights.items())), identities)]
    partners = _partners(list(lefts), list(rights), identities)
    groups = [_group(one, legs, partners.get(one), rights.get(partners.get(one), []), identities)
              for one, legs in lefts.items()]  # fmt: skip
    taken = set(partners.values())
    return [*groups, *(_group(None, [], run, legs, identities) for run, legs in rights.items() if run not in taken)]


def _by_run(legs: Sequence[Leg]) -> dict[str | None, list[Leg]]:
    found: dict[str | None, list[Leg]] = {}
    for leg in legs:
        found.setdefault(leg.run, []).append(leg)
    return found


def _partners(
    lefts: list[str | None], rights: list[str | None], identities: Identities
) -> dict[str | None, str | None]:
    """By what the exchanges told of ids, the others in their order."""
    named = {identities.name(run or "", True): run for run in rights if (run or "") in identities.candidates}
    partners = {run: named[name] for run in lefts if (name := identities.name(run or "", False)) in named}
    rest = [run for run in rights if run not in partners.values()]
    unknown = [run for run in lefts if run not in partners and (run or "") not in identities.controls]
    return {**partners, **dict(zip(unknown, rest, strict=False))}


def _group(left: str | None, lefts: list[Leg], right: str | None, rights: list[Leg], identities: Identities) -> Group:
    found: list[Mismatch] = []
    pairs = aligned([_keys(leg) for leg in lefts], [_keys(leg) for leg in rights])
    for place, (one, other) in enumerate(pairs):
        if one is not None and other is not None:
            found += requests(lefts[one].request, rights[other].request, f"legs[{place}]", identities)
        elif one is not None:
            found.append(mismatch("missing-leg", f"legs[{place}]", lefts[one].request.get("model"), MISSING))
        elif other is not None:
            found.append(mismatch("extra-leg", f"legs[{place}]", MISSING, rights[other].request.get("model")))
    beside = [(None if one is None else lefts[one], None if other is None else rights[other]) for one, other in pairs]
    return Group(left if lefts else right, not lefts, tuple(beside), tuple(found))


def _keys(leg: Leg) -> Keys:
    request = alone(leg.request)
    return fingerprint(request), fingerprint(request.get("input")), str(request.get("model")), ""


def requests(control: Object, candidate: Object, path: str, identities: Identities) -> list[Mismatch]:
    """Two requests, field by field. What they say in different words is accepted, with the sentence that names it."""
    left, right, told = meant(control, candidate)
    walk = Walk(identities, {"arguments": _arguments})
    for key in dict.fromkeys((*left, *right)):
        renamed = SET if key in SETTINGS else TOOLS if key == "tools" else ASKED
        within = walk.within(renamed, key == "metadata")
        if key in left and key in right:
            within.value(left[key], right[key], f"{path}.{key}", key)
        else:
            rule = "missing-key" if key in left else "extra-key"
            within.tell(rule, f"{path}.{key}", left.get(key, MISSING), right.get(key, MISSING))
    tools = left.get("tools") or right.get("tools") or ()
    return [*(_strict(each, tools) for each in walk.found), *(_accepted(each, path) for each in told)]


def _arguments(walk: Walk, control: Any, candidate: Any, path: str) -> None:
    walk.within(OWN_DATA, True).value(control, candidate, path)


def _strict(found: Mismatch, tools: Sequence[Any]) -> Mismatch:
    """Whether a function is strict, left to the server on one side. It only changes what the model is asked where the
    schema leaves something optional."""
    place, values = STRICT.search(found.path), (found.control, found.candidate)
    if place is None or MISSING not in values:
        return found
    if True in values:
        return mismatch("leg-setting", found.path, *values, TRIES_TOO)
    if _leaves_optional(tools[int(place[1])].get("parameters")):
        return mismatch("leg-value", found.path, *values, MAKES_REQUIRED)
    return mismatch("leg-setting", found.path, *values, TRIES_STRICT)


def _leaves_optional(schema: Any) -> bool:
    """Whether some object in the schema has a property that is not required."""
    if isinstance(schema, list):
        return any(map(_leaves_optional, schema))
    if not isinstance(schema, dict):
        return False
    properties, required = schema.get("properties"), schema.get("required")
    needed = required if isinstance(required, list) else []
    is_optional = isinstance(properties, dict) and any(name not in needed for name in properties)
    return is_optional or any(map(_leaves_optional, schema.values()))


def _accepted(told: Same, path: str) -> Mismatch:
    found = mismatch("leg-setting", f"{path}.{told.key}", told.control, told.candidate)
    return evolve(found, note=f"means the same: {told.sentence}")
