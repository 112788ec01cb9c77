"""Which packages are here, and in words how the SDK among them will be bridged. Nothing of them is imported: `doctor`
has to work where they do not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import metadata
from typing import Final

from bridge.cli.findings import Finding, Level

DISTRIBUTION: Final = "assistants-bridge"
NEWEST: Final = 3
"""The newest major version of the openai package that is known."""

PROXIES: Final = (1, 55, 3)
"""The first openai that does without the `proxies` that httpx 0.28 took out."""

SERVER: Final = ("starlette", "uvicorn")
SHOWN: Final = ("pydantic", "SQLAlchemy", *SERVER)
REQUIREMENT: Final = re.compile(r"([\w.-]+)(?:\[.*?\])?>=([\w.]+)(.*)")
GATEWAY: Final = "or run `bridge serve` in an environment of its own and give the program its URL (docs/gateway.md)"


def versions() -> dict[str, str]:
    """The versions of what bridge needs, of both HTTP families, and of what serves. What is missing is left out."""
    found = {}
    for name in {**dict.fromkeys(floors()), **dict.fromkeys(("httpx", "httpx2", *SERVER))}:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


def floors() -> dict[str, str]:
    """The oldest version of each package that bridge works with, by its own requirements."""
    found = {}
    for line in metadata.requires(DISTRIBUTION) or ():
        match = REQUIREMENT.match(line)
        if match and ";" not in match[3]:
            found[match[1].lower()] = match[2]
    return found


def packages(versions: Mapping[str, str], floors: Mapping[str, str]) -> Iterator[Finding]:
    """A finding for each package that people ask about, and for each other one that is missing or too old."""
    yield from sdk(versions, floors["openai"])
    for name in SHOWN:
        yield from _package(name, versions.get(name.lower()), floors.get(name.lower()), is_shown=True)
    for name in sorted(floors.keys() - {"openai", *map(str.lower, SHOWN)}):
        yield from _package(name, versions.get(name), floors[name])


def sdk(versions: Mapping[str, str], oldest: str) -> Iterator[Finding]:
    """The openai package and what carries it: its family of HTTP client, and whether the two go together."""
    version = versions.get("openai")
    if version is None:
        yield _wrong("openai", "missing", "pip install openai")
        return
    supported = f"{oldest} … {NEWEST}.x"
    if numbers(version) < numbers(oldest):
        yield _wrong(
            "openai", f"{version} is too old", f"supported is {supported}: pip install 'openai>={oldest}', {GATEWAY}"
        )
    elif numbers(version)[0] > NEWEST:
        remark = f"supported is {supported}: pip install 'openai<{NEWEST + 1}' if something does not work"
        yield Finding("packages", "note", "openai", f"{version} is newer than known", remark)
    else:
        yield _ok("openai", version, f"supported is {supported}")
    yield _carried(versions, version)


def _carried(versions: Mapping[str, str], openai: str) -> Finding:
    family = "httpx2" if numbers(openai)[0] >= 3 else "httpx"
    carrier = versions.get(family)
    if carrier is None:
        return _wrong("HTTP client", f"{family} is missing", f"openai {openai} is built on it: pip install {family}")
    if numbers(openai) < PROXIES and family == "httpx" and numbers(carrier) >= (0, 28):
        why = f"openai {openai} cannot make a client with it (unexpected keyword argument 'proxies')"
        return _wrong(
            "HTTP client", f"httpx {carrier} is too new", f"{why}: pip install 'httpx<0.28', or 'openai>=1.55.3'"
        )
    how = f"openai {numbers(openai)[0]}.x is built on it; bridge goes between the two, as a transport"
    other = versions.get("httpx")
    if family == "httpx2" and other is not None:
        how += f"; a client of httpx {other} that a program brings is taken, too"
    return _ok("HTTP client", f"{family} {carrier}", how)


def _package(name: str, version: str | None, floor: str | None, is_shown: bool = False) -> Iterator[Finding]:
    if version is None:
        if name in SERVER:
            remark = f"bridge serve needs it: pip install '{DISTRIBUTION}[server]'"
            yield Finding("packages", "note", name, "missing", remark)
        elif floor is not None:
            yield _wrong(name, "missing", f"pip install '{name}>={floor}'")
    elif floor is not None and numbers(version) < numbers(floor):
        yield _too_old(name, version, floor)
    elif is_shown:
        yield _ok(name, version)


def _too_old(name: str, version: str, floor: str) -> Finding:
    if name != "pydantic":
        return _wrong(name, f"{version} is too old", f"pip install '{name}>={floor}'")
    return _wrong(
        name, f"{version} is too old for the drop-in: use the gateway", f"pip install 'pydantic>={floor}', {GATEWAY}"
    )


def numbers(version: str) -> tuple[int, ...]:
    """``1.55.3`` → (1, 55, 3), to be compared; what follows the numbers (``rc1``, ``.post1``) does not count."""
    leading = re.match(r"\d+(?:\.\d+)*", version)
    found = tuple(map(int, leading[0].split("."))) if leading else (0,)
    return found + (0,) * (3 - len(found))


def _finding(level: Level, subject: str, value: str, remark: str) -> Finding:
    return Finding("packages", level, subject, value, remark)


def _ok(subject: str, value: str, remark: str = "") -> Finding:
    return _finding("ok", subject, value, remark)


def _wrong(subject: str, value: str, remark: str) -> Finding:
    return _finding("wrong", subject, value, remark)
