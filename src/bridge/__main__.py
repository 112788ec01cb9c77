"""`bridge`, `assistants-bridge` and `python -m bridge`: one command line, on the extra ``tools`` (or ``server``)."""

from __future__ import annotations

import sys
from importlib import metadata

NEEDED = ("typer", "rich")
OLD = (
    "pydantic {version} is too old for the command line and the drop-in: pip install 'pydantic>=2.7', or run the "
    "gateway in an environment of its own (docs/gateway.md)"
)
HINT = "The command line needs {name}, which is not installed: pip install 'assistants-bridge[tools]'"


def main() -> None:
    """Run the command of `sys.argv` and exit with its code (docs/cli.md)."""
    try:
        from bridge.cli.app import main as command
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing not in NEEDED:
            raise
        sys.exit(_told(HINT.format(name=missing)))
    try:
        command()
    except ImportError:
        version = metadata.version("pydantic")
        if not version.startswith("1."):
            raise
        sys.exit(_told(OLD.format(version=version)))


def _told(message: str) -> int:
    print(message, file=sys.stderr)
    return 2


if __name__ == "__main__":
    main()
