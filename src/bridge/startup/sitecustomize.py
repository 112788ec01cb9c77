"""What `bridge run` puts first on PYTHONPATH: every Python below it runs this before its program, and has the clients
of the openai package bridged as soon as that package is imported. It costs nothing where it never is.

Nothing of bridge or of Python 3.10 here: whatever Python the program starts will read this, and must be told.
"""

import contextlib
import importlib
import importlib.util
import os
import sys
import threading
from typing import Any

OPENAI = "openai"
BRIDGE = "bridge"
RECORD = "BRIDGE_RECORD"
"""Where a tape of the program is to be written: set by `bridge run --record`, for every process below it."""

OLDEST_PYTHON = (3, 10)
OLDEST_OPENAI = (1, 21)


class _Finder:
    """Has openai found by those who find it anyway, and loaded by `_Loader`. It stays until that happens: libraries
    look whether openai is there (`importlib.util.find_spec`) long before anybody imports it.

    Where a program imports bridge first, openai is imported right after: from the middle of a module of bridge's, which
    needs it, the rest of bridge could not be had."""

    def __init__(self) -> None:
        self._asking = threading.local()

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in (OPENAI, BRIDGE) or getattr(self._asking, "is_so", False):
            return None
        self._asking.is_so = True
        try:
            spec: Any = importlib.util.find_spec(name)
        finally:
            self._asking.is_so = False
        if spec is not None and spec.loader is not None:
            spec.loader = (_Loader if name == OPENAI else _LoaderOfBridge)(spec.loader, self)
        return spec


class _Loader:
    """The real loader, and then the bridge."""

    def __init__(self, real: Any, finder: _Finder) -> None:
        self._real, self._finder = real, finder

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def exec_module(self, module: Any) -> None:
        module.__loader__ = module.__spec__.loader = self._real
        self._real.exec_module(module)
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        _install(module)


class _LoaderOfBridge(_Loader):
    """The real loader of whatever is called bridge, and then openai, if it is ours."""

    def exec_module(self, module: Any) -> None:
        module.__loader__ = module.__spec__.loader = self._real
        self._real.exec_module(module)
        if self._finder in sys.meta_path and _is_ours(module.__spec__):
            with contextlib.suppress(ImportError):
                importlib.import_module(OPENAI)


def _install(openai: Any) -> None:
    version = getattr(openai, "__version__", "0.0")
    if sys.version_info < OLDEST_PYTHON or tuple(map(int, version.split(".")[:2])) < OLDEST_OPENAI:
        here = f"Python {sys.version.split()[0]} and openai {version}"
        _tell(f"that needs Python 3.10 and openai 1.21.0 or newer, here are {here}")
        return
    other = _another_bridge()
    if other is not None:
        _tell(f"`import bridge` finds {other} here, which is not assistants-bridge")
        return
    try:
        import bridge

        bridge.install()
    except ImportError as error:
        _tell(f"{sys.executable} has no assistants-bridge that works ({error})")
        return
    if path := os.environ.get(RECORD):
        from bridge.diff import recording

        recording.install(path)


def _another_bridge() -> Any:
    """Where the program's own module of that name is, if there is one. It is not imported: the program does."""
    try:
        spec = importlib.util.find_spec("bridge")
    except ValueError:  # a module that was made by hand
        return "a module without a file"
    if spec is None:
        return None
    return None if _is_ours(spec) else spec.origin or "a folder"


def _is_ours(spec: Any) -> bool:
    beside = os.path.join(os.path.dirname(spec.origin or ""), "startup", os.path.basename(__file__))
    return bool(spec.origin) and os.path.exists(beside)


def _tell(why: str) -> None:
    sys.stderr.write(f"bridge: clients of this program are not bridged: {why}. `bridge serve` answers any program.\n")


def _run_the_next() -> None:
    """The sitecustomize that this one hides, if there is one. Our folder leaves sys.path; children inherit it."""
    here = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder or os.curdir) != here]
    ours = sys.modules.pop(__name__)
    try:
        importlib.import_module(__name__)
    except ImportError as error:
        if error.name != __name__:
            raise
    finally:
        sys.modules.setdefault(__name__, ours)


if __name__ == "sitecustomize":  # not where tests and type checkers import it
    if OPENAI in sys.modules:
        _install(sys.modules[OPENAI])
    else:
        sys.meta_path.insert(0, _Finder())
    _run_the_next()
