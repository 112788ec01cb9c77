"""The house holds: imports point downwards, `import bridge` costs nothing, and what is pure stays pure (design §2)."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "bridge"

HEAVY = ("sqlalchemy", "starlette", "uvicorn", "typer", "rich", "yaml", "openai", "pydantic", "httpx", "httpx2")

IMPURE = {
    "time and chance": {"time", "datetime", "random", "secrets", "uuid", "locale"},
    "files and processes": {"os", "io", "pathlib", "shutil", "tempfile", "subprocess", "sqlite3", "sqlalchemy"},
    "the network": {"socket", "ssl", "http", "urllib", "requests", "httpx", "httpx2", "openai"},
    "threads and loops": {"threading", "asyncio", "anyio", "trio", "concurrent", "multiprocessing", "queue", "signal"},
    "what is said to people": {"logging", "sys", "warnings", "print"},
}
PURE = ("engine", "translate", "diff/compare")
FORBIDDEN = {name: why for why, names in IMPURE.items() for name in names}


def test_imports_point_downwards() -> None:
    pytest.importorskip("importlinter")
    # A process of its own: the linter configures logging and thereby silences every logger there is.
    lint = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def loaded_by(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter has loaded after the statement."""
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    return set(json.loads(answer.stdout))


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import bridge") & set(HEAVY) == set()


@pytest.mark.parametrize(
    ("statement", "absent"),
    [
        ("from bridge import OpenAI", ("sqlalchemy", "starlette", "uvicorn", "typer", "rich", "yaml")),
        ("import bridge.translate", ("sqlalchemy", "openai", "starlette", "httpx", "httpx2")),
        ("import bridge.routes", ("sqlalchemy", "openai", "starlette")),
        ("import bridge.store.memory", ("sqlalchemy",)),
        ("import bridge.cli.app", ("sqlalchemy", "openai", "starlette", "yaml")),
    ],
)
@pytest.mark.slow
def test_nothing_loads_what_it_does_not_need(statement: str, absent: tuple[str, ...]) -> None:
    assert loaded_by(statement) & set(absent) == set()


def modules(*packages: str) -> list[Path]:
    return [file for package in packages for file in sorted((SOURCE / package).rglob("*.py"))]


def imported(file: Path) -> Iterator[str]:
    """The top-level modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module.partition(".")[0]


def called(file: Path) -> Iterator[str]:
    """The built-in functions that a file calls by their names."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            yield node.func.id


@pytest.mark.parametrize("file", modules(*PURE), ids=lambda file: str(file.relative_to(SOURCE)) if file else "")
def test_what_is_pure_imports_no_world(file: Path) -> None:
    impure = {f"{name} ({FORBIDDEN[name]})" for name in imported(file) if name in FORBIDDEN}
    impure |= {name for name in called(file) if name in ("open", "print", "input", "exec", "eval")}
    assert impure == set()


def test_every_pure_package_was_looked_at() -> None:
    assert len(modules(*PURE)) > 20


def test_no_module_reaches_for_the_openai_package_but_those_that_speak_to_it() -> None:
    users = {file.relative_to(SOURCE).parts[0] for file in modules(".") if "openai" in set(imported(file))}
    assert users <= {"client", "upstream", "gateway", "cli"}
