"""Which files are looked at: what git would keep, without what others wrote.

Where a folder is in a git repository, git lists its files, so its rules for ignored files hold. Links are not followed.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath
from typing import Final

from attrs import define, field

from bridge.errors import ConfigurationError
from bridge.scan.languages import language

FOREIGN: Final = frozenset(
    {".git", ".hg", ".svn", "node_modules", "bower_components", "site-packages", "dist-packages", "__pycache__"}
    | {".venv", "venv", ".tox", ".nox", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".eggs", ".next", ".nuxt"}
    | {"vendor", "third_party", "Pods", "dist", "build", "target", ".matrix", ".terraform"}
)
"""Folders of what others wrote, or what was made from the sources."""

LARGEST: Final = 5_000_000
"""Bytes. What is larger is data or a bundle."""

GIT: Final = ("git", "-c", "core.fsmonitor=false", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
"""fsmonitor names a program that git would run: what is scanned must run nothing."""


@define
class Files:
    """`paths` as the user gave them. After the walk `skipped` tells what was not looked at, and why."""

    paths: tuple[Path, ...]
    everything: bool = False
    excluded: tuple[str, ...] = ()
    skipped: list[tuple[str, str]] = field(factory=list)

    def walk(self) -> Iterator[tuple[Path, bool]]:
        """Each file once, and whether the user named it. Raises ConfigurationError for a path that is not there."""
        seen: set[Path] = set()
        for given in self.paths:
            if not given.exists():
                raise ConfigurationError(f"{given} does not exist")
            is_named = given.is_file()
            for path in [given] if is_named else self._below(given):
                if path not in seen and self._is_wanted(path, is_named):
                    seen.add(path)
                    yield path, is_named

    def _below(self, folder: Path) -> Iterable[Path]:
        listed = None if self.everything else _listed(folder)
        return self._walked(folder) if not listed else self._own(folder, listed)

    def _own(self, folder: Path, listed: Iterable[str]) -> Iterator[Path]:
        """Of what git lists: a repository may hold what others wrote."""
        for name in listed:
            foreign = next((part for part in PurePosixPath(name).parts[:-1] if part in FOREIGN), None)
            if foreign is None:
                yield folder / name
            else:
                self._skip(folder / name[: name.index(foreign) + len(foreign)], "of others, or made")

    def _walked(self, folder: Path) -> Iterator[Path]:
        for root, folders, names in os.walk(folder):
            at = Path(root)
            kept = [each for each in sorted(folders) if self.everything or not self._is_foreign(at / each)]
            folders[:] = [each for each in kept if not (at / each).is_symlink()]
            yield from (at / name for name in sorted(names))

    def _is_foreign(self, folder: Path) -> bool:
        is_one = folder.name in FOREIGN or (folder / "pyvenv.cfg").exists()
        if is_one:
            self._skip(folder, "of others, or made")
        return is_one

    def _is_wanted(self, path: Path, is_named: bool) -> bool:
        if language(path.name, is_named) is None or any(_matches(path, each) for each in self.excluded):
            return False
        if path.is_symlink() and not is_named:
            return False
        if not path.is_file():  # git lists what was deleted since, and submodules
            return False
        if path.stat().st_size > LARGEST:
            self._skip(path, f"larger than {LARGEST // 1_000_000} MB")
            return False
        return True

    def _skip(self, path: Path, reason: str) -> None:
        if (str(path), reason) not in self.skipped:
            self.skipped.append((str(path), reason))


def _listed(folder: Path) -> list[str] | None:
    """Of git, sorted; None outside of a repository, or without git."""
    try:
        done = subprocess.run([*GIT], cwd=folder, capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return sorted(map(os.fsdecode, filter(None, done.stdout.split(b"\0")))) if done.returncode == 0 else None


def _matches(path: Path, pattern: str) -> bool:
    """The pattern may be of the whole path, of its end, or of a folder in it."""
    shown = path.as_posix()
    return (
        fnmatch(shown, pattern) or fnmatch(shown, f"*/{pattern}") or any(fnmatch(each, pattern) for each in path.parts)
    )
