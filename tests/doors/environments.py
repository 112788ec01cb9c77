"""Environments for clients of other versions than the installed one, and for the frameworks that people run them in,
each in a folder of its own under .matrix/.

    python tests/doors/environments.py 1.21.0 2.54.0     make these, if they are not there yet

Made with uv from the project's own files: nothing in them was installed by hand.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MATRIX = ROOT / ".matrix"
TESTING = ("pytest>=8.2", "hypothesis>=6.100", "jsonschema>=4.22")
TAKES_HTTPX_0_28 = (1, 55, 3)
"""The first openai that does. Older ones say `proxies` to httpx, which 0.28 no longer knows."""


def python_of(version: str) -> Path:
    """The interpreter of an environment with openai `version` and this project, made when missing or out of date."""
    packages = [f"openai=={version}", *pins(version), "-e", f"{ROOT}[server,tools]", *TESTING]
    return python_with(f"openai-{version}", *packages)


def python_with(name: str, *packages: str) -> Path:
    """The interpreter of the environment `name` with these packages, as uv's install takes them."""
    folder = MATRIX / name
    python = folder / "bin" / "python"
    stamp = folder / ".made-from"
    wanted = hashlib.sha256((ROOT / "pyproject.toml").read_bytes() + repr(packages).encode()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        uv = _uv()
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
        subprocess.run([uv, "pip", "install", "--quiet", "--python", str(python), *packages], check=True, cwd=ROOT)
        stamp.write_text(wanted)
    return python


def pins(version: str) -> list[str]:
    """What a program with this version of openai has to pin beside it (docs/drop-in.md)."""
    is_old = tuple(int(part) for part in version.split(".")) < TAKES_HTTPX_0_28
    return ["httpx<0.28"] if is_old else []


def source_of(package: str, version: str) -> Path:
    """The unpacked source distribution of a package on PyPI, fetched when missing; it must say that it is that one."""
    MATRIX.mkdir(exist_ok=True)
    folder = MATRIX / f"source-{package}-{version}"
    if not folder.exists():
        with tempfile.TemporaryDirectory(dir=MATRIX) as place:
            _fetch(package, version, Path(place)).rename(folder)
    said = (folder / "PKG-INFO").read_text("utf-8").splitlines()
    assert {f"Name: {package}", f"Version: {version}"} <= set(said), said[:4]
    return folder


def _fetch(package: str, version: str, place: Path) -> Path:
    """pip gets it, since uv has no command for that."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--no-binary", package, "--dest", str(place), f"{package}=={version}"], check=True)
    (archive,) = place.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        opened.extractall(place, filter="data")
    return place / f"{package}-{version}"


def node_modules(version: str) -> Path:
    """A folder with npm's openai `version` installed, made when missing; programs are copied into it to be run."""
    return node_package("openai", version)


def node_package(name: str, version: str) -> Path:
    """A folder with one package of npm installed, made when missing."""
    folder = MATRIX / f"node-{name.strip('@').replace('/', '-')}-{version}"
    if not (folder / "node_modules" / name).exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"private": true, "type": "module"}\n')
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", f"{name}@{version}"]
        subprocess.run(command, check=True, cwd=folder)
    return folder


def node_source(name: str, version: str) -> Path:
    """The unpacked package of npm alone, fetched when missing: nothing that it needs, and none of its scripts run."""
    folder = MATRIX / f"source-{name.strip('@').replace('/', '-')}-{version}"
    if not folder.exists():
        MATRIX.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=MATRIX) as place:
            subprocess.run(["npm", "pack", "--silent", f"{name}@{version}"], check=True, cwd=place, stdout=sys.stderr)
            (archive,) = Path(place).glob("*.tgz")
            with tarfile.open(archive) as opened:
                opened.extractall(place, filter="data")
            (Path(place) / "package").rename(folder)
    return folder


def _uv() -> str:
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.exists() else shutil.which("uv")
    if not found:
        raise SystemExit("uv is missing; `make` installs it into .venv")
    return found


if __name__ == "__main__":
    for each in sys.argv[1:]:
        print(python_of(each))
