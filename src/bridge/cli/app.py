"""The commands, --version, and what an error becomes."""

from __future__ import annotations

from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from bridge.cli import (
    codemod,
    db,
    declaring,
    demo,
    diffing,
    doctor,
    explain,
    exporting,
    importing,
    output,
    routed,
    run,
    scan,
    serve,
)
from bridge.cli.options import examples, paragraphs
from bridge.errors import BridgeError, ConfigurationError

ABOUT = """Programs written for the OpenAI Assistants API keep running, executed on the Responses API.

New here? Run [cyan]bridge demo[/]: it needs neither a key nor a network.

Linux systems often have another command named bridge (of iproute2). If that one answers, say
[cyan]assistants-bridge[/] or [cyan]python -m bridge[/]: all three are the same program.

Exit codes: 0 done, 1 it did not work, 2 it was asked for what cannot work."""


class Commands(TyperGroup):
    """Tells errors of ours in one line instead of a traceback."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except ConfigurationError as error:
            output.fail(str(error), output.USAGE)
        except BridgeError as error:
            output.fail(str(error))


app = typer.Typer(
    cls=Commands,
    help=paragraphs(ABOUT),
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        ("bridge demo", "see it work, offline"),
        ("bridge serve", "the old API on http://127.0.0.1:8080/v1"),
        ("bridge doctor", "what is in force here, and does it work"),
    ),
)


def _version(asked: bool) -> None:
    if asked:
        import bridge

        typer.echo(f"assistants-bridge {bridge.__version__}")
        raise typer.Exit


@app.callback()
def everything(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


demo.add(app)
run.add(app)
serve.add(app)
explain.add(app)
doctor.add(app)
diffing.add(app)
exporting.add(app)
scan.add(app)
codemod.add(app)
importing.add(app)
declaring.add(app)
db.add(app)
routed.add(app)


def main() -> None:
    """The command of `sys.argv`; exits."""
    output.be_lenient()
    app(prog_name="bridge")
