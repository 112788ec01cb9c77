"""`bridge run`: a program as it is, with every client of the openai package bridged.

The program takes this process's place (exec), so its exit code, signals, standard input and tracebacks are its own. The
bridge is handed over in the environment (startup/sitecustomize.py), and so reaches the processes it starts as well.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

import bridge
from bridge.cli import options, output
from bridge.settings import anchored, variable
from bridge.store.open import open_store

STARTUP: Final = Path(bridge.__file__).parent / "startup"
RESTORED: Final = ("SIGPIPE", "SIGXFZ", "SIGXFSZ")
"""Signals that Python ignores, and what it becomes by `exec` would go on to ignore."""

EXAMPLES = options.examples(
    ("bridge run app.py --its-own --options", "a program"),
    ("bridge run -m package.module", "a module, as python -m"),
    ("bridge run gunicorn app:app", "a command, and the processes it starts"),
    ("bridge run --upstream scripted app.py", "offline, no key needed"),
    ("bridge run --record app.tape app.py", "and have its calls recorded, to be compared"),
)


def add(app: typer.Typer) -> None:
    context = {"allow_interspersed_args": False}  # what follows the program is the program's
    app.command(help=options.page(run), epilog=EXAMPLES, context_settings=context)(run)


def run(
    program: Annotated[str, typer.Argument(metavar="PROGRAM", help="A Python file, or a command such as gunicorn.")],
    args: Annotated[list[str] | None, typer.Argument(metavar="[ARGS]...", help="The program's own.")] = None,
    module: Annotated[bool, typer.Option("-m", "--module", help="PROGRAM is a module, as for python -m.")] = False,
    store: options.Store = None,
    upstream: options.Upstream = None,
    config: options.Config = None,
    record: Annotated[
        Path | None, typer.Option(metavar="TAPE", help="Write what the clients send and get to a new file.")
    ] = None,
) -> None:
    """Run a program with every client of the openai package bridged, without editing it.

    Sync, async and Azure clients, made by the program or by a library, and in every Python process it starts. All
    else is as without bridge: arguments, standard input, signals, exit code. Options of bridge stand before PROGRAM.
    """
    _refuse_isolation()
    _hint_at_other_environment()
    open_store(options.settings(store, upstream, config).store)  # what cannot work says so before the program begins
    tape = {} if record is None else _recorded(record)
    said = {"store": store, "upstream": upstream, "config": str(config) if config else None}
    _become(_command(program, args or [], module), {**_environment(said, os.environ), **tape})


def _recorded(path: Path) -> dict[str, str]:
    """What tells every process below to record. Raises ConfigurationError."""
    from bridge.diff.recording.writer import VARIABLE, refuse_existing

    refuse_existing(path.absolute())
    return {VARIABLE: str(path.absolute())}


def _refuse_isolation() -> None:
    flags = {"-I": sys.flags.isolated, "-E": sys.flags.ignore_environment, "-S": sys.flags.no_site}
    for flag, is_set in flags.items():
        if is_set:
            output.fail(f"python {flag} keeps programs from being bridged: run bridge without it", output.USAGE)


def _hint_at_other_environment() -> None:
    active = os.environ.get("VIRTUAL_ENV")
    if active and Path(active).resolve() != Path(sys.prefix).resolve():
        output.tell(f"bridge: runs {sys.executable}, not the Python of the active environment {active}")


def _command(program: str, args: list[str], is_module: bool) -> list[str]:
    """The command line that runs the program directly."""
    python = [sys.executable, *subprocess._args_from_interpreter_flags()]  # type: ignore[attr-defined]
    if is_module:
        return [*python, "-m", program, *args]
    if program == "-" or _is_python(Path(program)):
        return [*python, program, *args]
    beside = Path(sys.executable).parent
    found = shutil.which(program, path=os.pathsep.join([str(beside), os.environ.get("PATH", os.defpath)]))
    found = found or shutil.which(os.path.join(os.curdir, program))  # a script of this folder that can be executed
    if found is None:
        output.fail(f"there is no file {program} here, and no command of that name; modules need -m", output.USAGE)
    return [found, *args]


def _is_python(path: Path) -> bool:
    """A file or folder that Python runs. A file that can be executed brings its own interpreter, unless it is a .py; a
    folder without a __main__.py has nothing to run, and may have the name of a command (celery, gunicorn)."""
    if path.is_dir():
        return (path / "__main__.py").exists()
    return path.exists() and (path.suffix == ".py" or not os.access(path, os.X_OK))


def _environment(said: Mapping[str, str | None], environment: Mapping[str, str]) -> dict[str, str]:
    """With what was said on the command line, for every process below; its paths do not depend on where those stand."""
    told = {variable(name): anchored(name, value, Path.cwd()) for name, value in said.items() if value is not None}
    path = [str(STARTUP), *filter(None, [environment.get("PYTHONPATH")])]
    return {**environment, **told, "PYTHONPATH": os.pathsep.join(path)}


def _become(command: list[str], environment: Mapping[str, str]) -> NoReturn:
    if os.name == "nt":  # exec there leaves the shell without the program
        raise typer.Exit(subprocess.run(command, env=environment).returncode)
    for name in RESTORED:
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_DFL)
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execve(command[0], command, environment)
    except OSError as error:
        output.fail(f"{command[0]} cannot be run: {error.strerror}")
