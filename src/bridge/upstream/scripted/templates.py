"""Templates of scripts: ``{text}``, ``{instructions}``, ``{model}``, ``{outputs}``, ``{outputs[name]}``,
``{outputs[0]}``, ``{named_outputs}``, and in what is said ``{cite[…]}`` and ``{file[…]}``. Any other brace stands for
itself, so that JSON needs no escapes."""

from __future__ import annotations

import re
from typing import Any

from attrs import frozen

from bridge.upstream.scripted.refusals import mismatch
from bridge.upstream.scripted.script import Cite, Link, plain

MARKED = re.compile(r"\{(cite|file)\[([^\]{}]*)\]\}")
FIELD = re.compile(r"\{(text|instructions|model|named_outputs|outputs)(?:\[([^\]{}]*)\])?\}")


@frozen
class Context:
    text: str = ""
    instructions: str = ""
    model: str = ""
    outputs: tuple[tuple[str, str], ...] = ()
    """(function name, output) since the last user text, in the order of the calls."""

    def fill(self, template: str) -> str:
        return FIELD.sub(lambda match: self._field(match[1], match[2]), template)

    def pieces(self, template: str) -> tuple[str | Cite | Link, ...]:
        """The same with ``{cite[…]}`` and ``{file[…]}`` set apart; what is filled in is never read as one of them."""
        found, end = list[str | Cite | Link](), 0
        for match in MARKED.finditer(template):
            mark = Cite(match[2]) if match[1] == "cite" else Link(match[2])
            found += [self.fill(template[end : match.start()]), mark]
            end = match.end()
        return tuple(piece for piece in (*found, self.fill(template[end:])) if piece != "") or ("",)

    def fill_all(self, value: Any) -> Any:
        """The same for every text in JSON data."""
        if isinstance(value, str):
            return self.fill(value)
        if isinstance(value, dict):
            return {key: self.fill_all(each) for key, each in value.items()}
        return [self.fill_all(each) for each in value] if isinstance(value, list) else value

    def _field(self, name: str, key: str | None) -> str:
        if name == "outputs":
            return self._output(key) if key is not None else " and ".join(output for _, output in self.outputs)
        if name == "named_outputs":
            return " and ".join(f"the {words(function)} is {output}" for function, output in self.outputs)
        return {"text": self.text, "instructions": self.instructions, "model": self.model}[name]

    def _output(self, key: str) -> str:
        """By index; by name, the newest first; by a part of the name."""
        if key.isdigit() and int(key) < len(self.outputs):
            return self.outputs[int(key)][1]
        for fits in (lambda name: name == key, lambda name: plain(key) in plain(name)):
            for name, output in reversed(self.outputs):
                if fits(name):
                    return output
        raise mismatch(f"The script wants {{outputs[{key}]}}, but only {[name for name, _ in self.outputs]} answered.")


def words(function: str) -> str:
    """``getCurrentTemperature`` and ``get_current_temperature`` as ``current temperature``."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_-]+", " ", function).lower().split()
    return " ".join(spaced[1:] if len(spaced) > 1 and spaced[0] in ("get", "fetch", "lookup", "find") else spaced)
