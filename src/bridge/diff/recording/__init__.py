"""Recording a program from within: all that its clients of the openai package send and get on Assistants paths, and the
Responses requests that bridge made of its runs. `proxy.py` records from without."""

from __future__ import annotations

import atexit
import os
from collections.abc import Callable
from functools import partial, wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bridge import client
from bridge.client.install import CLASSES
from bridge.diff.recording import legs
from bridge.diff.recording.clients import Clients
from bridge.diff.recording.writer import TapeFile
from bridge.errors import ConfigurationError
from bridge.hands import watching

_wrapped: Final[dict[type[Any], tuple[Callable[..., None], Callable[..., None]]]] = {}
"""Each class of the SDK with its constructor and ours around it."""

_recorder: Clients | None = None


def install(path: str | os.PathLike[str]) -> None:
    """Record clients that are made, and runs that are carried on, from now on, in this process. Others may record into
    the same file; one that is there already is gone on with. Raises ConfigurationError for a file that cannot be
    written to or is no tape, and where another recording is going on."""
    global _recorder
    if _recorder is not None:
        raise ConfigurationError("This process is being recorded already: call uninstall() first.")
    tape = TapeFile(Path(path), f"a program with openai {version('openai')}")
    _recorder = recorder = Clients(tape)
    client.watch(recorder.look_at)
    watching.watch(partial(legs.watch, tape))
    for sdk in CLASSES:
        if sdk not in _wrapped:
            _wrapped[sdk] = (sdk.__init__, _recording(sdk.__init__))
            sdk.__init__ = _wrapped[sdk][1]  # type: ignore[method-assign]
    atexit.register(recorder.end)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=recorder.unfinished.clear)


def add(client: Any) -> None:
    """Record a client, too, that was made before the recording began, from now on. Raises ConfigurationError where
    nothing is being recorded, and for what is no client."""
    if _recorder is None:
        raise ConfigurationError("This process is not being recorded: call install() first.")
    _recorder.add(client)


def uninstall() -> None:
    """Record no more: what is under way is written as it is."""
    global _recorder
    if _recorder is None:
        return
    client.watch(None)
    watching.watch(None)
    for sdk, (original, ours) in list(_wrapped.items()):
        if sdk.__init__ is ours:  # else somebody has wrapped ours, which does nothing from here on
            sdk.__init__ = original
            del _wrapped[sdk]
    _recorder.stop()
    atexit.unregister(_recorder.end)
    _recorder = None


def _recording(original: Callable[..., None]) -> Callable[..., None]:
    @wraps(original)
    def __init__(self: Any, *args: Any, **options: Any) -> None:
        original(self, *args, **options)
        if _recorder is not None:
            _recorder.sdk(self)

    return __init__
