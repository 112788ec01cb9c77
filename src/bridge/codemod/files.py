"""Files in, patches out: which are looked at, what each would become, and what cannot be read or is no module."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from pathlib import Path

from attrs import evolve, frozen

from bridge.codemod.converting import WORDS, Converted, convert
from bridge.codemod.fixer import State, Target
from bridge.scan.files import Files


@frozen
class Patch:
    """A file and what it would become. `trouble` says why it was not looked at."""

    path: Path
    before: str
    converted: Converted
    trouble: str = ""

    @property
    def is_change(self) -> bool:
        return self.converted.code != self.before

    def diff(self) -> str:
        """Unified, with the file's own name on both sides."""
        names = f"a/{self.path.as_posix().lstrip('/')}", f"b/{self.path.as_posix().lstrip('/')}"
        lines = difflib.unified_diff(
            self.before.splitlines(keepends=True), self.converted.code.splitlines(keepends=True), *names
        )
        return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)

    def write(self) -> None:
        """Raises OSError."""
        self.path.write_bytes(self.converted.code.encode("utf-8"))


def patches(paths: Iterable[Path], to: Target, state: State = "history") -> list[Patch]:
    """Of all files that change, that hold what cannot be converted, or that cannot be looked at. Raises
    ConfigurationError for a path that is not there."""
    found = [patch for path in _listed(paths) if (patch := _patch(path, to, state)) is not None]
    if to == "bridge" and not any(patch.converted.calls for patch in found):
        found = [evolve(patch, converted=Converted(patch.before)) for patch in found]
    return [patch for patch in found if patch.is_change or patch.converted.left or patch.trouble]


def _listed(paths: Iterable[Path]) -> Iterator[Path]:
    for path, _ in Files(tuple(paths)).walk():
        if path.suffix in (".py", ".pyi", ".ipynb"):
            yield path


def _patch(path: Path, to: Target, state: State) -> Patch | None:
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return Patch(path, "", Converted(""), f"cannot be read: {error}")
    if not any(word in text for word in WORDS):
        return None
    if path.suffix == ".ipynb":
        is_legacy = ".beta." in text
        return Patch(path, text, Converted(text), "a notebook: its cells are not converted") if is_legacy else None
    try:
        return Patch(path, text, convert(text, to, state))
    except _unreadable() as error:
        return Patch(path, text, Converted(text), f"is no Python that can be read: {str(error).splitlines()[0]}")


def _unreadable() -> type[Exception]:
    from libcst import ParserSyntaxError

    return ParserSyntaxError
