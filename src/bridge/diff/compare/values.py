"""Two JSON values side by side: keys, types, nulls, order and values, each difference with its path."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, Final

from attrs import evolve, field, frozen

from bridge.diff.compare.alignment import Keys, Pair, aligned
from bridge.diff.compare.fields import DEEPEST, LATEST, fingerprint, is_number, json_type, meaning, same
from bridge.diff.compare.identity import Identities, kind
from bridge.diff.compare.weights import mismatch
from bridge.diff.observations import MISSING, Mismatch

Object = dict[str, Any]
Renamed = Mapping[str, str | None]

OWN_DATA: Final[Renamed] = dict.fromkeys(
    ("missing-key", "extra-key", "null", "type", "literal", "missing-item", "extra-item", "item-order"), "value"
)
"""In what the program itself has stored, every difference is one of its values."""


OF_STEPS: Final[Renamed] = {"costlier": "step-tokens", "cheaper": "step-tokens"}


@frozen
class Walk:
    """One walk over a pair of values. What it finds goes into `found`.

    `hooks` compare what stands under a key in their own way. `renamed` gives rules other names (None: not reported).
    `is_own` is set in data of the program's own, where the name of a key means nothing.
    """

    identities: Identities
    hooks: Mapping[str, Callable[[Walk, Any, Any, str], None]] = field(factory=dict)
    renamed: Renamed = field(factory=dict)
    is_own: bool = False
    found: list[Mismatch] = field(factory=list)

    def within(self, renamed: Renamed, is_own: bool = False) -> Walk:
        """The same walk under other rules: its findings are this one's."""
        return evolve(self, renamed={**renamed, **self.renamed}, is_own=is_own or self.is_own)

    def tell(self, rule: str, path: str, control: Any, candidate: Any, detail: str = "") -> None:
        name = self.renamed.get(rule, rule)
        if name is not None:
            self.found.append(mismatch(name, path, control, candidate, detail))

    def value(self, control: Any, candidate: Any, path: str, key: str = "", depth: int = 0) -> None:
        left, right = json_type(control), json_type(candidate)
        if left != right:
            self.tell("null" if "null" in (left, right) else "type", path, control, candidate)
        elif depth > DEEPEST:
            if not same(control, candidate):
                self.tell("value", path, control, candidate, "too deep to be looked into")
        elif key in self.hooks and not self.is_own and left != "null":
            self.hooks[key](self, control, candidate, path)
        elif left == "object":
            self.object(control, candidate, path, depth)
        elif left == "array":
            self.array(control, candidate, path, key, depth)
        else:
            self.scalar(control, candidate, path, key)

    # --- objects

    def object(self, control: Object, candidate: Object, path: str, depth: int = 0) -> None:
        if not self.is_own and self._are_others(control, candidate, path):
            return
        self.keys(control, candidate, path)
        inner = self.within(OF_STEPS) if control.get("object") == "thread.run.step" else self
        for key in control:
            if key in candidate:
                own = meaning(key) == "data" and not self.is_own
                walk = inner.within(OWN_DATA, True) if own else inner
                walk.value(control[key], candidate[key], f"{path}.{key}", key, depth + 1)
        self._moments(control, candidate, path)

    def keys(self, control: Object, candidate: Object, path: str) -> None:
        """Which keys there are, and their order. Of what kind of object a key is, is told with it."""
        kind_of = control.get("object", candidate.get("object"))
        of = f"of a {kind_of}" if isinstance(kind_of, str) and not self.is_own else ""
        for key, value in control.items():
            if key not in candidate:
                self.tell("missing-key", f"{path}.{key}", value, MISSING, of)
        for key, value in candidate.items():
            if key not in control:
                self.tell("extra-key", f"{path}.{key}", MISSING, value, of)
        left, right = [key for key in control if key in candidate], [key for key in candidate if key in control]
        if left != right:
            self.tell("key-order", path, left, right)

    def _are_others(self, control: Object, candidate: Object, path: str) -> bool:
        """Whether these are objects of different types: then that is all there is to say."""
        for key in ("object", "type"):
            left, right = control.get(key), candidate.get(key)
            if isinstance(left, str) and isinstance(right, str) and left != right:
                rule = "refusal" if "refusal" in (left, right) else "literal"
                self.tell(rule, f"{path}.{key}", left, right)
                return True
        return False

    def _moments(self, control: Object, candidate: Object, path: str) -> None:
        """The order of the moments of one object; the same second is no order."""
        names = [
            key
            for key in control
            if not self.is_own
            and meaning(key) == "moment"
            and is_number(control[key])
            and is_number(candidate.get(key))
        ]
        for first, second in pairwise(names):
            left, right = control[second] - control[first], candidate[second] - candidate[first]
            if left * right < 0:
                self.tell("moment-order", f"{path}.{second}", left, right, f"seconds after {first}")

    # --- lists

    def array(self, control: list[Any], candidate: list[Any], path: str, key: str = "", depth: int = 0) -> None:
        left = [self._keys(item, False, key) for item in control]
        right = [self._keys(item, True, key) for item in candidate]
        for one, other in self.paired(left, right, path):
            self.item(control, candidate, one, other, path, key, depth)

    def paired(self, left: list[Keys], right: list[Keys], path: str) -> list[Pair]:
        """Elements that belong together. The same elements in another order are told as that, and paired still."""
        if left == right:
            return [(place, place) for place in range(len(left))]
        names = [keys[0] for keys in left], [keys[0] for keys in right]
        if Counter(names[0]) == Counter(names[1]) and names[0] != names[1]:
            self.tell("item-order", path, list(range(len(left))), reordered(*names))
            return list(enumerate(reordered(*names)))
        return aligned(left, right)

    def item(
        self,
        control: list[Any],
        candidate: list[Any],
        one: int | None,
        other: int | None,
        path: str,
        key: str,
        depth: int,
    ) -> None:
        if one is None and other is not None:
            self.tell("extra-item", f"{path}[{other}]", MISSING, candidate[other])
        elif other is None and one is not None:
            self.tell("missing-item", f"{path}[{one}]", control[one], MISSING)
        elif one is not None and other is not None:
            self.value(
                control[one], candidate[other], f"{path}[{one}]", key if meaning(key) == "ids" else "", depth + 1
            )

    def _keys(self, item: Any, of_candidate: bool, key: str) -> Keys:
        whole = fingerprint(item, self.identities, of_candidate, "metadata" if self.is_own else key)
        if not isinstance(item, dict):
            return whole, json_type(item), json_type(item), json_type(item)
        words = "/".join(str(item.get(word)) for word in ("object", "type", "role"))
        function = item.get("function")
        name = function.get("name") if isinstance(function, dict) else item.get("name")
        return whole, f"{words}/{name}", words, "object"

    # --- values without parts

    def scalar(self, control: Any, candidate: Any, path: str, key: str) -> None:
        means = "value" if self.is_own else meaning(key)
        if isinstance(control, str) and means in ("id", "ids"):
            self.id(control, candidate, path)
        elif isinstance(control, str) and means != "literal":
            self.string(control, candidate, path)
        elif means == "moment":
            self.moment(control, candidate, path)
        elif control != candidate:
            self.tell("value" if json_type(control) == "number" else "literal", path, control, candidate)
        elif type(control) is not type(candidate):
            self.tell("number-form", path, control, candidate)

    def moment(self, control: Any, candidate: Any, path: str) -> None:
        """No two runs have the same; that both are seconds is all that can be said."""
        if json_type(control) == "number" and (control < LATEST) != (candidate < LATEST):
            self.tell("moment-unit", path, control, candidate)
        elif type(control) is not type(candidate):
            self.tell("number-form", path, control, candidate)

    def id(self, control: str, candidate: str, path: str) -> None:
        if not self.identities.agree(control, candidate):
            self.tell("id", path, control, candidate)
        elif kind(control) != kind(candidate):
            self.tell("id-form", path, control, candidate)

    def string(self, control: str, candidate: str, path: str, rule: str = "value", loose: bool = False) -> None:
        """A text that has to be the same but for ids in it."""
        if control == candidate:
            return
        left, right, agree = self.identities.in_texts(control, candidate, loose)
        if left != right or not agree:
            self.tell(rule if left != right else "id", path, control, candidate)


def reordered(control: list[str], candidate: list[str]) -> list[int]:
    """Where the elements of the control stand in the candidate; both have the same."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for place, name in enumerate(candidate):
        places[name].append(place)
    return [places[name].pop(0) for name in control]
