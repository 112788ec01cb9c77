"""Scans to be reported: one of every rule, and one whose texts are hostile."""

from __future__ import annotations

from typing import Final

from bridge.scan.findings import Finding, Place, Scan
from bridge.scan.python.values import SURENESS
from bridge.scan.rules import RULES

HOSTILE: Final = "</script><img src=x onerror=alert(1)>\x1b[31m\u202e[bold]x[/bold]&$policy"
PATHS: Final = ("app.py", "lib/b.ts", "c.ipynb")
CELLS: Final = (None, None, 2)


def every_rule() -> Scan:
    """Two files and a notebook; the sureness takes turns."""
    made = [
        Finding(
            rule.id, rule.severity, SURENESS[number % 3],
            Place(PATHS[number % 3], number + 1, 5, f"line {number}", CELLS[number % 3]),
            f"message {number}", rule.cure, "runs.create" if rule.id == "call" else None, "its reason",
            ("model (emulated): Sent.",),
        )
        for number, rule in enumerate(RULES.values())
    ]  # fmt: skip
    return Scan(tuple(sorted(made, key=lambda each: each.order)), 7, 0.5, (("node_modules", "of others, or made"),))


def hostile() -> Scan:
    place = Place(f"{HOSTILE}\udcff.py", 1, 1, f"{HOSTILE} sk-abcdefghijklmnopqrstuvwxyz0123456789")
    finding = Finding("call", "breaking", "likely", place, HOSTILE, HOSTILE, "runs.create", HOSTILE, (HOSTILE,))
    return Scan((finding,), 1, 0.1, ((HOSTILE, "of others, or made"),))
