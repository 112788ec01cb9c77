"""Notebooks: the code of all cells as one module, since names live from cell to cell, and the way back to each cell."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from attrs import frozen

from bridge.scan.findings import Place, cut
from bridge.scan.languages import NOTEBOOK, SHELL, Source

MAGIC: Final = re.compile(r"^(\s*)([%!?].*|.*\S\?{1,2}\s*)$")
"""A line that IPython takes and Python does not."""

OTHER: Final = re.compile(r"^\s*%%(?!time\b|timeit\b|capture\b|prun\b)(\w+|!)")
"""The first line of a cell in another language."""


@frozen
class Cell:
    """`number` is its place in the notebook, from 1."""

    number: int
    text: str

    @property
    def is_python(self) -> bool:
        return OTHER.match(self.text) is None


def cells(path: str, text: str) -> list[Cell]:
    """The code cells. Raises ValueError for what is no notebook."""
    document = json.loads(text)
    listed = document.get("cells") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("no list of cells")
    return [Cell(number, _text(each)) for number, each in enumerate(listed, 1) if _is_code(each)]


def _is_code(cell: Any) -> bool:
    return isinstance(cell, dict) and cell.get("cell_type") == "code"


def _text(cell: dict[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def module(found: list[Cell]) -> str:
    """One module; what is not Python is `pass`, so that lines stay where they are."""
    return "".join(f"{line}\n" for each in found for line in _lines(each))


def _lines(cell: Cell) -> Iterator[str]:
    for line in cell.text.splitlines() or [""]:
        if not cell.is_python:
            yield ""
        else:
            match = MAGIC.match(line)
            yield f"{match[1]}pass" if match else line


def at(path: str, found: list[Cell], line: int, column: int) -> Place:
    """Of a line (from 1) of the module, the place in its cell."""
    for cell in found:
        lines = cell.text.splitlines() or [""]
        if line <= len(lines):
            return Place(path, line, column + 1, cut(lines[line - 1], column + 1), cell.number)
        line -= len(lines)
    return Place(path, 1, 1)


def sources(path: str, found: list[Cell]) -> Iterator[Source]:
    """Each cell on its own, for what is found by words."""
    for cell in found:
        yield Source(path, cell.text, NOTEBOOK if cell.is_python else SHELL, cell.number)
