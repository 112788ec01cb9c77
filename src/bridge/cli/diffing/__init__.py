"""`bridge diff`: side by side, what a program did and got before and what it does and gets now."""

from __future__ import annotations

import typer

from bridge.cli import options
from bridge.cli.diffing import compare, record, replay, shadowed

EXAMPLES = options.examples(
    ("bridge diff tape cassette.yaml --tape old.tape", "a recording of others"),
    ("bridge diff replay old.tape --tape new.tape", "asked again, of bridge"),
    ("bridge diff compare old.tape new.tape --html diff.html", "what differs"),
    ("bridge diff watch", "what shadows observe"),
)


def add(app: typer.Typer) -> None:
    diff = typer.Typer(help="Side by side: a program's old answers and its new ones.", epilog=EXAMPLES)
    diff.callback(no_args_is_help=True)(lambda: None)
    for each in (record, replay, compare, shadowed):
        each.add(diff)
    app.add_typer(diff, name="diff")
