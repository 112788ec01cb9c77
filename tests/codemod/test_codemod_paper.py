"""docs/codemod.md says what is so: every fixer has its paragraph, every program its row."""

from __future__ import annotations

import re
from pathlib import Path

from bridge.codemod.fixer import fixers
from codemod.corpus import CONVERTED, LEFT, SEEDS

PAGE = (Path(__file__).parents[2] / "docs" / "codemod.md").read_text("utf-8")


def test_every_fixer_is_documented() -> None:
    told = re.findall(r"^### (\w+)\n\n(.+?)\n\n```diff\n", PAGE, re.MULTILINE | re.DOTALL)
    names = [fixer.name for target in ("responses", "bridge") for fixer in fixers(target)]
    assert sorted(name for name, _ in told) == sorted(names)


def test_comments_lead_to_headings() -> None:
    headings = {heading.lower().replace(" ", "-") for heading in re.findall(r"^##+ (.+)$", PAGE, re.MULTILINE)}
    assert {"not-converted", *(fixer.name for fixer in fixers("responses"))} <= headings


def test_the_table_tells_of_every_program() -> None:
    rows = re.findall(r"^\| (`.+) \| (converted|left)", PAGE, re.MULTILINE)
    told = {name: verdict for row, verdict in rows for name in re.findall(r"`(\w+)`", row)}
    expected = {**dict.fromkeys(CONVERTED, "converted"), **dict.fromkeys(LEFT, "left")}
    assert told == {**expected, **dict.fromkeys((path.stem for path in SEEDS), "converted")}
