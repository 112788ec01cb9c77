"""Which files are looked at, notebooks, what cannot be read, and what stays the same however the work is shared."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

pytest.importorskip("libcst", reason="the extra `tools` is missing")

from bridge.errors import ConfigurationError
from bridge.scan.findings import Finding, Scan
from bridge.scan.scanning import of_file, scan

pytestmark = pytest.mark.slow

TODAY: Final = 1_795_600_000.0
CALL: Final = "client.beta.threads.create()\n"


def write(folder: Path, **files: str) -> None:
    """``a__b_py`` is a/b.py."""
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_py", ".py").replace("_ipynb", ".ipynb")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")


def looked(found: Scan, folder: Path) -> list[str]:
    return sorted({Path(each.place.path).relative_to(folder).as_posix() for each in found.findings})


def git(folder: Path) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)


def test_what_others_wrote_is_left_out(tmp_path: Path) -> None:
    write(tmp_path, app_py=CALL, node_modules__x_py=CALL, sub__dist__x_py=CALL, env__x_py=CALL)
    (tmp_path / "env" / "pyvenv.cfg").touch()
    assert looked(scan([tmp_path], TODAY), tmp_path) == ["app.py"]
    skipped = {Path(path).name for path, _ in scan([tmp_path], TODAY).skipped}
    assert skipped == {"node_modules", "dist", "env"}
    everything = looked(scan([tmp_path], TODAY, everything=True), tmp_path)
    assert everything == ["app.py", "env/x.py", "node_modules/x.py", "sub/dist/x.py"]
    assert looked(scan([tmp_path / "node_modules"], TODAY), tmp_path) == ["node_modules/x.py"]
    assert looked(scan([tmp_path], TODAY, excluded=("app.py",)), tmp_path) == []


def test_rules_of_git_hold(tmp_path: Path) -> None:
    git(tmp_path)
    write(tmp_path, app_py=CALL, made__x_py=CALL, deep__kept_py=CALL, deep__local_py=CALL)
    (tmp_path / ".gitignore").write_text("made/\n")
    (tmp_path / "deep" / ".gitignore").write_text("local.py\n")
    assert looked(scan([tmp_path], TODAY), tmp_path) == ["app.py", "deep/kept.py"]
    assert looked(scan([tmp_path / "deep"], TODAY), tmp_path) == ["deep/kept.py"]
    assert looked(scan([tmp_path / "made"], TODAY), tmp_path) == ["made/x.py"]  # named, though ignored


def test_a_repository_runs_nothing(tmp_path: Path) -> None:
    git(tmp_path)
    program, mark = tmp_path / "program.sh", tmp_path / "ran"
    program.write_text(f"#!/bin/sh\ntouch {mark}\n")
    program.chmod(0o755)
    subprocess.run(["git", "config", "core.fsmonitor", str(program)], cwd=tmp_path, check=True)
    write(tmp_path, app_py=CALL + f"open({str(mark)!r}, 'w')\n")
    assert looked(scan([tmp_path], TODAY), tmp_path) == ["app.py"]
    assert not mark.exists()


def test_links_are_not_followed(tmp_path: Path) -> None:
    write(tmp_path, app_py=CALL)
    (tmp_path / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "link.py").symlink_to(tmp_path / "app.py")
    assert looked(scan([tmp_path], TODAY), tmp_path) == ["app.py"]


def test_a_path_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="does not exist"):
        scan([tmp_path / "none"], TODAY)


def test_a_document_is_looked_at_where_it_is_named(tmp_path: Path) -> None:
    path = tmp_path / "README.md"
    path.write_text("curl https://api.openai.com/v1/threads\n")
    assert scan([tmp_path], TODAY).findings == ()
    assert [each.operation for each in scan([path], TODAY).findings] == ["threads.create"]


BYTES: Final = [
    (CALL.encode("utf-8-sig"), 1),
    (CALL.encode("utf-16"), 1),
    (b"# caf\xe9\n" + CALL.encode(), 1),
    (CALL.replace("\n", "\r\n").encode() * 3, 3),
    (b"\x7fELF\0\0" + CALL.encode(), 0),
    (b"", 0),
]


@pytest.mark.parametrize(("data", "count"), BYTES)
def test_bytes_of_all_kinds(tmp_path: Path, data: bytes, count: int) -> None:
    (tmp_path / "app.py").write_bytes(data)
    found = scan([tmp_path], TODAY).findings
    assert [(each.operation, each.place.column) for each in found] == [("threads.create", 1)] * count


def test_several_processes_find_what_one_finds(tmp_path: Path) -> None:
    for number in range(90):
        write(tmp_path, **{f"m{number}_py": CALL * (number % 3)})
    one, several = (scan([tmp_path], TODAY, workers=workers) for workers in (1, 2))
    assert one.findings == several.findings and len(one.findings) == 90


# --- notebooks


def notebook(*cells: str) -> str:
    listed: list[dict[str, Any]] = [{"cell_type": "markdown", "source": ["# client.beta.threads.create()"]}]
    listed += [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]
    return json.dumps({"cells": listed, "nbformat": 4})


def shown(findings: tuple[Finding, ...]) -> list[tuple[str | None, int | None, int]]:
    return [(each.operation, each.place.cell, each.place.line) for each in findings]


def test_cells_of_a_notebook_share_their_names(tmp_path: Path) -> None:
    write(
        tmp_path,
        a_ipynb=notebook(
            "%pip install openai\nfrom openai import OpenAI\nclient = OpenAI()",
            "t = client.beta.threads\n!ls\nt.create()",
            "%%bash\ncurl -X POST https://api.openai.com/v1/threads/t/runs",
            "%%time\nt.messages.list('t')",
            "",
        ),
    )
    found = scan([tmp_path], TODAY).findings
    assert shown(found) == [("threads.create", 3, 3), ("runs.create", 4, 2), ("messages.list", 5, 2)]
    assert {each.sureness for each in found} == {"certain"}
    assert found[0].place.shown.endswith("a.ipynb[3]:3:1")


NONE: Final = ['{"assistant"', '["assistant"]', '{"cells": "assistant"}', notebook("client.beta.threads.create(")]


@pytest.mark.parametrize("text", NONE)
def test_what_cannot_be_read_is_a_finding(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.ipynb").write_text(text)
    assert "unreadable" in {each.rule for each in scan([tmp_path], TODAY).findings}


def test_a_file_that_is_gone_is_a_finding(tmp_path: Path) -> None:
    assert [each.rule for each in of_file(tmp_path / "app.py", TODAY)] == ["unreadable"]


DEEP: Final = [
    "x" + ".a" * 20_000, "not " * 20_000 + "x", "x" + "()" * 20_000, "lambda: " * 20_000 + "x", "'a' " * 20_000,
    "(" * 5_000 + ")" * 5_000, "if a: pass\n" + "elif a: pass\n" * 5_000,
]  # fmt: skip


@pytest.mark.parametrize("text", DEEP, ids=[text[:5] for text in DEEP])
def test_what_is_nested_too_deep_ends_nothing(tmp_path: Path, text: str) -> None:
    """libcst alone would end the process, or take minutes."""
    (tmp_path / "app.py").write_text(f"# openai\n{CALL}{text}\n")
    found = scan([tmp_path], TODAY).findings
    assert [(each.rule, each.operation) for each in found] == [("unreadable", None), ("call", "threads.create")]


def test_names_that_depend_on_each_other_end(tmp_path: Path) -> None:
    lines = "".join(f"a{n} = f(a{(n + 1) % 200}, b{n})\nb{n} = g(a{n}, b{(n + 7) % 200})\n" for n in range(200))
    (tmp_path / "app.py").write_text(f"{lines}a1.create()\n{CALL}")
    assert [each.operation for each in scan([tmp_path], TODAY).findings] == ["threads.create"]
