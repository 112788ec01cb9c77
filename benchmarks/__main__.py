"""``python -m benchmarks [--rounds N] [--json FILE]``: measures, prints a table, writes JSON. Takes under a minute."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import warnings
from pathlib import Path
from typing import Any

import openai
from rich.console import Console
from rich.table import Table

from benchmarks import cases
from benchmarks.measure import Result, Samples
from benchmarks.server import serving


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=11, help="how often each side has its turn (default 11)")
    parser.add_argument("--json", type=Path, help="where to write the figures, besides the table")
    options = parser.parse_args()
    warnings.simplefilter("ignore", DeprecationWarning)
    found = measured(max(3, options.rounds))
    show(found)
    if options.json is not None:
        options.json.write_text(json.dumps(as_json(found), indent=2) + "\n")


def measured(rounds: int) -> dict[str, Any]:
    with serving() as root, tempfile.TemporaryDirectory() as folder:
        store = Path(folder) / "bridge.db"
        results = [
            *cases.streamed_run(root, store, rounds),
            *cases.polled_run(root, store, 2 * rounds),
            *cases.first_token(root, store, 2 * rounds),
            *cases.shadowed_runs(root, Path(folder), rounds),
            *cases.imports(max(5, rounds // 2)),
        ]
        return {
            "results": results,
            "upstream_calls": cases.upstream_calls(store),
            "deltas_heard": cases.deltas_heard(root, store),
        }


def machine() -> dict[str, Any]:
    return {
        "python": platform.python_version(),
        "openai": openai.__version__,
        "platform": platform.platform(),
        "cores": os.cpu_count(),
        "load": [round(load, 2) for load in os.getloadavg()] if hasattr(os, "getloadavg") else None,
    }


def as_json(found: dict[str, Any]) -> dict[str, Any]:
    return {"machine": machine(), **found, "results": [result.as_json() for result in found["results"]]}


def show(found: dict[str, Any]) -> None:
    table = Table(title="bridge against the plain SDK (medians; in brackets where the middle half lies)")
    table.add_column("what")
    for column in ("bridge", "reference", "ratio", "added"):
        table.add_column(column, justify="right", no_wrap=True)
    for result in found["results"]:
        table.add_row(
            f"{result.name}\n[dim]against {result.reference_name}[/dim]",
            _samples(result.side),
            _samples(result.reference),
            f"{result.ratio:.2f}",
            _added(result),
        )
    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(table)
    for name, counts in (("upstream calls of a run", "upstream_calls"), ("deltas heard of 500", "deltas_heard")):
        told = ", ".join(f"{count} {what}" for what, count in found[counts].items())
        console.print(f"{name}: {told}", highlight=False)
    console.print(", ".join(f"{name} {value}" for name, value in machine().items()), highlight=False)


def _samples(samples: Samples) -> str:
    low, high = samples.quartiles
    return f"{samples.median * 1000:.1f} ms\n[dim]({low * 1000:.1f} to {high * 1000:.1f})[/dim]"


def _added(result: Result) -> str:
    if result.per > 1:
        return f"{result.added * 1e6:.0f} µs\na {result.unit}"
    return f"{result.added * 1000:.1f} ms"


if __name__ == "__main__":
    main()
