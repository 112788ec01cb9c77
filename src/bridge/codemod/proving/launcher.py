"""Runs the code of one file as the program of another: with its name, its folder and its arguments.

python launcher.py CODE PROGRAM [ARGS]...
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType


def main() -> None:
    code, program, *args = sys.argv[1:]
    sys.argv = [program, *args]
    sys.path[0] = str(Path(program).parent)
    module = ModuleType("__main__")
    module.__file__ = program
    sys.modules["__main__"] = module
    exec(compile(Path(code).read_text("utf-8"), program, "exec"), vars(module))


if __name__ == "__main__":
    main()
