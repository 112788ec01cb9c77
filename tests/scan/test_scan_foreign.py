"""Calls in packages of others, installed for the test: precision, recall, and every miss.

labels.tsv was made without the scan: calls by their text in the standard library's ast (PyPI) or by grep (npm),
requests by grep for their paths; then each was read. No line of the packages is in it.
"""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path
from typing import Final

import pytest

pytest.importorskip("libcst", reason="the extra `tools` is missing")

from bridge.scan.findings import Finding
from bridge.scan.operations import OPERATIONS
from bridge.scan.scanning import scan
from doors import environments

LABELS: Final = Path(__file__).with_name("labels.tsv")
Label = tuple[str, str, int, str]
"""(package, path, line, operation)."""

EXPECTED_EXTRAS: Final[dict[Label, str]] = {
    **{
        ("litellm", "litellm/proxy/_types.py", line, operation): "a list of routes that a proxy serves"
        for line, operation in (
            (214, "assistants.create"), (215, "assistants.update"), (218, "threads.create"), (220, "threads.update"),
            (221, "messages.create"), (222, "messages.create"), (223, "runs.create"), (224, "runs.create"),
        )
    },
    ("agency-swarm", "agency_swarm/tools/send_message/SendMessageSwarm.py", 35, "runs.submit_tool_outputs"):
        "a method of its own class that has the SDK's name",
    ("astra-assistants", "astra_assistants/patch.py", 202, "messages.update"): "an address that nothing asks for",
    ("@n8n/n8n-nodes-langchain", "dist/types/nodes.json", 4, "assistants.list"):
        "a description, made from a file that is found too",
}  # fmt: skip
"""What is found and is no call of the program, with the reason."""


def labels(index: str) -> Counter[Label]:
    rows = [row.split("\t") for row in LABELS.read_text("utf-8").splitlines() if not row.startswith("#")]
    return Counter((package, path, int(line), name) for kind, package, _, path, line, name in rows if kind == index)


def versions(index: str) -> dict[str, str]:
    rows = [row.split("\t") for row in LABELS.read_text("utf-8").splitlines() if not row.startswith("#")]
    return {package: version for kind, package, version, *_ in rows if kind == index}


def test_labels_are_calls_that_the_table_knows() -> None:
    both = labels("pypi") + labels("npm")
    assert {name for *_, name in both} <= OPERATIONS.keys()
    assert len(versions("pypi")) + len(versions("npm")) >= 8 and both.total() >= 300


FOLDERS: Final = {
    "langchain-community": "langchain_community", "llama-index-agent-openai": "llama_index", "pyautogen": "autogen",
    "phidata": "phi", "apache-airflow-providers-openai": "airflow",
}  # fmt: skip
"""Where packages are that have another name."""


def found(folder: Path, root: Path, package: str) -> list[tuple[Label, Finding]]:
    """Not in declarations, nor in a bundle of litellm's that has the SDK itself in it."""
    calls = [each for each in scan([folder], time.time(), everything=True).findings if each.operation]
    return [
        ((package, Path(each.place.path).relative_to(root).as_posix(), each.place.line, each.operation or ""), each)
        for each in calls
        if not each.place.path.endswith(".d.ts") and "_experimental/out/" not in each.place.path
    ]


def judge(index: str, wanted: Counter[Label], given: list[tuple[Label, Finding]]) -> None:
    """Prints the figures of docs/scan.md."""
    got = Counter(label for label, _ in given)
    right = (got & wanted).total()
    sure = Counter(label for label, each in given if each.sureness != "possible")
    print(f"\n{index}: {len(versions(index))} packages, {wanted.total()} calls, {got.total()} found")
    print(f"recall {right / wanted.total():.3f}, precision {right / got.total():.3f}")
    print(f"likely and certain alone: recall {(sure & wanted).total() / wanted.total():.3f}, "
          f"precision {(sure & wanted).total() / sure.total():.3f}")  # fmt: skip
    misses, extras = wanted - got, got - wanted
    for label in misses:
        print("missed", *label)
    for label in extras:
        print("extra", *label, EXPECTED_EXTRAS.get(label, "not known why"))
    assert not misses
    assert set(extras) <= EXPECTED_EXTRAS.keys()
    assert right / got.total() >= 0.95


@pytest.mark.slow
@pytest.mark.matrix
def test_packages_of_pypi() -> None:
    pins = [f"{package}=={version}" for package, version in versions("pypi").items()]
    python = environments.python_with("scanned", "--no-deps", *pins)
    (root,) = python.parent.parent.glob("lib/python3*/site-packages")
    given = []
    for package in versions("pypi"):
        given += found(root / FOLDERS.get(package, package.replace("-", "_")), root, package)
    judge("pypi", labels("pypi"), given)


@pytest.mark.slow
@pytest.mark.matrix
@pytest.mark.needs("node")
def test_packages_of_npm() -> None:
    given = []
    for package, version in versions("npm").items():
        root = environments.node_source(package, version)
        given += found(root, root, package)
    judge("npm", labels("npm"), given)
