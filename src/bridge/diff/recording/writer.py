"""A tape while it is recorded, by any number of threads and processes: a line is one write at the end of the file, so
lines do not mix, and whoever is killed leaves whole ones."""

from __future__ import annotations

import contextlib
import logging
import os
import tempfile
import time
import weakref
from datetime import datetime, timezone
from pathlib import Path
from typing import Final

from attrs import evolve

from bridge.diff import tape
from bridge.diff.tape import Exchange, Leg, Tape
from bridge.errors import ConfigurationError
from bridge.wire.render import encode_compact

VARIABLE: Final = "BRIDGE_RECORD"
"""Where a process records to, if it is set (startup/sitecustomize.py)."""

log = logging.getLogger("bridge")


class TapeFile:
    """`source` is for the header; where the file exists already, it is gone on with. Raises ConfigurationError for a
    place that cannot be written to, and for a file that is no tape."""

    def __init__(self, path: Path, source: str) -> None:
        self.path = path
        self._has_failed = False
        try:
            _begin(path, source)
            self._began = _began(path)
            self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
            self._closed = weakref.finalize(self, os.close, self._file)  # clients that outlive a recording write to it
            self._closed.atexit = False
        except OSError as error:
            raise ConfigurationError(f"{path} cannot be recorded to: {error.strerror}") from error

    def now(self) -> float:
        """Seconds since the tape began, whoever began it."""
        return max(0.0, round(time.time() - self._began, 6))

    def add(self, thing: Exchange | Leg) -> None:
        """Never raises: who is recorded has other things to do."""
        try:
            line = encode_compact(tape.line_of(thing)) + b"\n"
        except (RecursionError, TypeError, ValueError) as error:
            log.error("%s lacks something that cannot be written as JSON: %s", self.path, error)
            return
        try:
            while line:
                line = line[os.write(self._file, line) :]
        except OSError as error:
            if not self._has_failed:
                log.error("%s cannot be recorded to any more: %s (told once)", self.path, error.strerror)
            self._has_failed = True

    def close(self) -> None:
        self._closed()


def refuse_existing(path: Path) -> None:
    """What a new recording would be mixed with. Raises ConfigurationError."""
    if path.exists():
        raise ConfigurationError(f"{path} exists already. Name another file, or delete it first.")
    if not path.parent.is_dir():
        raise ConfigurationError(f"There is no folder {path.parent} for the tape.")


def _begin(path: Path, source: str) -> None:
    """The header, once: it appears with the file, whoever else begins at the same moment."""
    if path.exists():
        return
    made = datetime.now(timezone.utc).isoformat(timespec="microseconds")
    head = encode_compact(tape.header(evolve(Tape(()), source=source, made=made))) + b"\n"
    file, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(head)
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        os.unlink(name)


def _began(path: Path) -> float:
    """Unix time at which the tape began."""
    with path.open("rb") as file:
        head = tape.parsed([file.readline()], str(path))
    try:
        return datetime.fromisoformat((head.made or "").replace("Z", "+00:00")).timestamp()
    except ValueError as error:
        raise ConfigurationError(f"{path} does not say when it was begun: it was not recorded, only made.") from error
