"""Whole programs: each is converted, or left with comments; `expected` holds what a person read and found right."""

from __future__ import annotations

import ast
import io
import subprocess
import sys
import tokenize
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from bridge.codemod.converting import Converted, convert
from codemod.corpus import CONVERTED, IN_CONVERSATIONS, LEFT, PROGRAMS, SEEDS, expected

pytestmark = pytest.mark.slow

ALL = [*PROGRAMS, *SEEDS]


@cache
def of(program: Path) -> Converted:
    return convert(program.read_text("utf-8"))


def comments(code: str) -> Counter[str]:
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    return Counter(token.string for token in tokens if token.type == tokenize.COMMENT)


def imports_bridge(tree: ast.AST) -> bool:
    modules = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    modules += [each.name for node in ast.walk(tree) if isinstance(node, ast.Import) for each in node.names]
    return any(module.partition(".")[0] == "bridge" for module in modules)


def test_the_corpus_is_what_the_table_says() -> None:
    assert sorted(path.stem for path in PROGRAMS) == sorted((*CONVERTED, *LEFT))
    assert len(CONVERTED) >= 20


@pytest.mark.parametrize("program", ALL, ids=lambda path: path.stem)
def test_becomes_what_is_expected(program: Path) -> None:
    assert of(program).code == expected(program).read_text("utf-8")


@pytest.mark.parametrize("wanted", IN_CONVERSATIONS, ids=lambda path: path.stem)
def test_becomes_what_is_expected_of_conversations(wanted: Path) -> None:
    program = next(path for path in PROGRAMS if path.name == wanted.name)
    code = convert(program.read_text("utf-8"), state="conversation").code
    assert code == wanted.read_text("utf-8")
    assert convert(code, state="conversation").code == code


@pytest.mark.parametrize("program", ALL, ids=lambda path: path.stem)
def test_a_second_run_changes_nothing(program: Path) -> None:
    once = of(program).code
    assert convert(once).code == once


@pytest.mark.slow
@pytest.mark.parametrize("program", ALL, ids=lambda path: path.stem)
def test_the_ladder_is_climbed_in_any_order(program: Path) -> None:
    """Imports first, all of it later."""
    imports = convert(program.read_text("utf-8"), "bridge").code
    assert imports_bridge(ast.parse(imports))
    assert convert(imports, "bridge").code == imports != program.read_text("utf-8")
    assert convert(imports).is_done == of(program).is_done


@pytest.mark.parametrize("program", ALL, ids=lambda path: path.stem)
def test_nothing_is_half_converted(program: Path) -> None:
    converted = of(program)
    tree = ast.parse(converted.code)
    reads_beta = any(isinstance(node, ast.Attribute) and node.attr == "beta" for node in ast.walk(tree))
    assert converted.is_done != reads_beta
    assert not converted.is_done or not imports_bridge(tree)
    assert converted.is_done == (program.stem in CONVERTED or program in SEEDS)
    if not converted.is_done:
        assert ast.dump(tree) == ast.dump(ast.parse(program.read_text("utf-8")))


@pytest.mark.parametrize("program", ALL, ids=lambda path: path.stem)
def test_comments_are_kept_and_no_prompt_is_made(program: Path) -> None:
    after = of(program).code
    assert not comments(program.read_text("utf-8")) - comments(after)
    assert not any(isinstance(node, ast.keyword) and node.arg == "prompt" for node in ast.walk(ast.parse(after)))


def test_no_import_is_left_without_a_use() -> None:
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F,I", str(expected(ALL[0]).parent)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


def test_texts_in_f_strings_have_other_quotes() -> None:
    """Python before 3.12 refuses the same quotes within."""
    code = (expected(Path("tool_loop_by_hand.py"))).read_text("utf-8")
    ast.parse(code, feature_version=(3, 10))
    assert "{'requires_action' if any(item.type == 'function_call'" in code
