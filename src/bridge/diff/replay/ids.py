"""The candidate's ids for the recorded ones, learnt from answers that belong together."""

from __future__ import annotations

import re
from typing import Any, Final

ID: Final = re.compile(r"\b(?:asst|thread|msg|run|step|call|vs|vsfb)_[A-Za-z0-9_-]+|\bfile-[A-Za-z0-9_-]+")


class Ids:
    """Recorded id → the candidate's."""

    def __init__(self) -> None:
        self._candidates: dict[str, str] = {}

    def learn(self, control: Any, candidate: Any) -> None:
        """Both answers, or parts of them at the same place: ids in the same place stand for each other. The first pair
        that is seen holds."""
        if isinstance(control, dict) and isinstance(candidate, dict):
            for name, value in control.items():
                if name in candidate:
                    self.learn(value, candidate[name])
        elif isinstance(control, list) and isinstance(candidate, list):
            for one, other in zip(control, candidate, strict=False):
                self.learn(one, other)
        elif _is_id(control) and _is_id(candidate):
            self._candidates.setdefault(control, candidate)

    def pair(self, control: str, candidate: str) -> None:
        self._candidates.setdefault(control, candidate)

    def knows(self, control: str) -> bool:
        return control in self._candidates

    def of(self, control: str) -> str:
        return self._candidates.get(control, control)

    def text(self, text: str) -> str:
        """A path or any other text, with the candidate's ids in it."""
        return ID.sub(lambda found: self.of(found.group()), text)

    def body(self, value: Any) -> Any:
        """The JSON of a request, with the candidate's ids where an id is all there is: texts of people stay."""
        if isinstance(value, dict):
            return {name: self.body(each) for name, each in value.items()}
        if isinstance(value, list):
            return [self.body(each) for each in value]
        return self.of(value) if _is_id(value) else value


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and ID.fullmatch(value) is not None
