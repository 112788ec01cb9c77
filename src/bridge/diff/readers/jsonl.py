"""Our own tapes, read with patience: of a recording that was killed, all but the line it was at is good."""

from __future__ import annotations

from attrs import evolve

from bridge.diff import tape
from bridge.diff.tape import Tape, read_json
from bridge.errors import ConfigurationError


def is_tape(text: bytes) -> bool:
    try:
        line = read_json(text.partition(b"\n")[0])
    except ValueError:
        return False
    return isinstance(line, dict) and line.get("kind") == "tape"


def read(text: bytes, name: str) -> Tape:
    """Raises ConfigurationError where the header is none of ours."""
    head, *lines = text.splitlines(keepends=True)
    try:
        return tape.parsed([head, *lines], name)
    except ConfigurationError:
        tape.parsed([head], name)
    good, notes = [head], []
    for number, line in enumerate(lines, 2):
        try:
            tape.parsed([head, line], name)
            good.append(line)
        except ConfigurationError as error:
            why = str(error).partition(", line 2: ")[2]
            is_last = number == len(lines) + 1 and not line.endswith(b"\n")
            notes.append(f"line {number} {'breaks off' if is_last else 'could not be read'}: {why}")
    found = tape.parsed(good, name)
    return evolve(found, notes=(*found.notes, *notes))
