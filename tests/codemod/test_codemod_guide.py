"""The programs of the function-calling guide, as they are printed: rewritten, and run before and after."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.codemod.converting import convert
from bridge.codemod.proving import Proving, prove
from codemod.corpus import SCRIPT
from doors.served import clean_environment
from seeds.guide import programs

pytestmark = [pytest.mark.matrix, pytest.mark.needs("shared")]

PRINTED = ("polling", "streaming", "strict")


@pytest.mark.parametrize("name", PRINTED)
def test_the_guides_programs_do_the_same_before_and_after(name: str, shared: Path, tmp_path: Path) -> None:
    program = tmp_path / "app.py"
    program.write_text(programs(shared)[name], "utf-8")
    made = convert(program.read_text("utf-8"))
    assert made.left == ()
    evidence = prove(program, made.code, Proving(SCRIPT, environment=clean_environment()))
    assert (evidence.verdict, evidence.findings) == ("proved", ())
    assert evidence.after is not None
    assert len(evidence.after.requests) == 2
