"""`bridge doctor`: what is wrong comes first, the SDK's bridging in words, the upstream reached or not, JSON for CI."""

from __future__ import annotations

import json
import socket
import ssl
import sys
import threading
import time
from pathlib import Path

import pytest
from cli_help import call, run
from rich.console import Console
from typer.testing import CliRunner

import bridge
from bridge import settings
from bridge.cli import bridging, doctor, findings, reaching
from bridge.cli.app import app
from bridge.cli.findings import Finding
from upstream.raw_server import raw_server


@pytest.fixture(autouse=True)
def _a_folder_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pyproject.toml").touch()
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", settings.CONFIG, *map(settings.variable, settings.NAMES)):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


# --- how the SDK is bridged

TOO_OLD = (
    "pip install 'openai>=1.21.0', or run `bridge serve` in an environment of its own and give the program its URL "
    "(docs/gateway.md)"
)
SDKS: list[tuple[dict[str, str], list[tuple[str, str, str, str]]]] = [
    # what is installed => level, subject, value, a part of the remark
    (
        {"openai": "3.57.0", "httpx2": "2.16.2"},
        [
            ("ok", "openai", "3.57.0", "supported is 1.21.0 … 3.x"),
            ("ok", "HTTP client", "httpx2 2.16.2", "openai 3.x is built on it; bridge goes between the two"),
        ],
    ),
    (
        {"openai": "3.0.0", "httpx2": "2.0", "httpx": "0.28.1"},
        [
            ("ok", "openai", "3.0.0", ""),
            ("ok", "HTTP client", "httpx2 2.0", "a client of httpx 0.28.1 that a program brings is taken, too"),
        ],
    ),
    (
        {"openai": "1.55.3", "httpx": "0.28.1"},
        [("ok", "openai", "1.55.3", ""), ("ok", "HTTP client", "httpx 0.28.1", "openai 1.x is built on it")],
    ),
    (
        {"openai": "2.54.0", "httpx": "0.28.1", "httpx2": "2.0"},
        [("ok", "openai", "2.54.0", ""), ("ok", "HTTP client", "httpx 0.28.1", "openai 2.x is built on it")],
    ),
    (
        {"openai": "1.55.2", "httpx": "0.28.0"},
        [
            ("ok", "openai", "1.55.2", ""),
            ("wrong", "HTTP client", "httpx 0.28.0 is too new", "pip install 'httpx<0.28', or 'openai>=1.55.3'"),
        ],
    ),
    (
        {"openai": "1.55.2", "httpx": "0.27.2"},
        [("ok", "openai", "1.55.2", ""), ("ok", "HTTP client", "httpx 0.27.2", "")],
    ),
    (
        {"openai": "1.20.0", "httpx": "0.27.2"},
        [("wrong", "openai", "1.20.0 is too old", TOO_OLD), ("ok", "HTTP client", "httpx 0.27.2", "")],
    ),
    (
        {"openai": "4.0.0b1", "httpx2": "3.1"},
        [
            ("note", "openai", "4.0.0b1 is newer than known", "pip install 'openai<4' if something does not work"),
            ("ok", "HTTP client", "httpx2 3.1", ""),
        ],
    ),
    (
        {"openai": "3.1.0", "httpx": "0.28.1"},
        [
            ("ok", "openai", "3.1.0", ""),
            ("wrong", "HTTP client", "httpx2 is missing", "openai 3.1.0 is built on it: pip install httpx2"),
        ],
    ),
    ({"httpx": "0.28.1"}, [("wrong", "openai", "missing", "pip install openai")]),
]


@pytest.mark.parametrize(("versions", "expected"), SDKS, ids=[" ".join(map(":".join, v.items())) for v, _ in SDKS])
def test_how_the_sdk_is_bridged(versions: dict[str, str], expected: list[tuple[str, str, str, str]]) -> None:
    found = list(bridging.sdk(versions, "1.21.0"))
    assert [(each.level, each.subject, each.value) for each in found] == [each[:3] for each in expected]
    assert [remark for each, (*_, remark) in zip(found, expected, strict=True) if remark not in each.remark] == []


FLOORS = {"openai": "1.21.0", "pydantic": "2.7", "sqlalchemy": "1.4.40", "anyio": "4.2"}
GOOD = {
    "openai": "3.1",
    "httpx2": "2",
    "pydantic": "2.7.0",
    "sqlalchemy": "2",
    "anyio": "4.2",
    "starlette": "1",
    "uvicorn": "1",
}
PACKAGES: list[tuple[dict[str, str | None], list[tuple[str, str, str]]]] = [
    ({}, []),
    ({"pydantic": "1.10.13"}, [("wrong", "pydantic", "1.10.13 is too old for the drop-in: use the gateway")]),
    ({"anyio": "3.7.1"}, [("wrong", "anyio", "3.7.1 is too old")]),
    ({"anyio": None, "pydantic": None}, [("wrong", "pydantic", "missing"), ("wrong", "anyio", "missing")]),
    ({"sqlalchemy": "1.4.39"}, [("wrong", "SQLAlchemy", "1.4.39 is too old")]),
    ({"uvicorn": None}, [("note", "uvicorn", "missing")]),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "expected"), PACKAGES)
def test_packages_that_do_not_fit(changed: dict[str, str | None], expected: list[tuple[str, str, str]]) -> None:
    versions = {name: version for name, version in {**GOOD, **changed}.items() if version is not None}
    found = [each for each in bridging.packages(versions, FLOORS) if each.level != "ok"]
    assert [(each.level, each.subject, each.value) for each in found] == expected
    assert all("pip install '" in each.remark for each in found)


def test_the_supported_range_is_that_of_the_package_itself() -> None:
    floors = bridging.floors()
    assert {"openai", "pydantic", "sqlalchemy", "anyio", "attrs", "orjson"} <= floors.keys()
    project = (Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8")
    for name in ("openai", "pydantic"):
        assert f'"{name}>={floors[name]}"' in project, "an editable install that is out of date: make .venv/.installed"
    assert bridging.versions()["openai"] and bridging.versions().keys() & {"httpx", "httpx2"}


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("1.55.3", (1, 55, 3)),
        ("2.7", (2, 7, 0)),
        ("3.0.0rc1", (3, 0, 0)),
        ("0.28.1.post2", (0, 28, 1)),
        ("x", (0, 0, 0)),
    ],
)
def test_versions_as_numbers(version: str, expected: tuple[int, ...]) -> None:
    assert bridging.numbers(version) == expected


PROGRAM = """
import sys, typer
from bridge.cli.doctor import doctor
try:
    doctor("memory", "http://127.0.0.1:1/v1")
except typer.Exit as end:
    sys.exit(end.exit_code)
"""
"""Without typer's own reading of the command line: its newest versions need a new pydantic themselves."""


@pytest.mark.slow
def test_it_works_where_the_drop_in_cannot(tmp_path: Path) -> None:
    """A pydantic that is too old, and cannot even be imported."""
    (tmp_path / "pydantic").mkdir()
    (tmp_path / "pydantic" / "__init__.py").write_text("raise ImportError('an old pydantic')")
    (tmp_path / "pydantic-1.10.13.dist-info").mkdir()
    (tmp_path / "pydantic-1.10.13.dist-info" / "METADATA").write_text("Name: pydantic\nVersion: 1.10.13\n")
    done = run(sys.executable, "-c", PROGRAM, PYTHONPATH=str(tmp_path), COLUMNS="400")
    assert (done.returncode, done.stderr) == (1, "")
    first, second, third, *_ = lines(done.stdout)
    assert first.startswith("2 things are wrong")
    assert second.startswith(
        "wrong pydantic 1.10.13 is too old for the drop-in: use the gateway pip install 'pydantic>="
    )
    assert third.startswith("wrong connection http://127.0.0.1:1/v1 cannot be reached Connection refused")

    (tmp_path / "request.json").write_text("{}")
    done = run(sys.executable, "-m", "bridge", "explain", str(tmp_path / "request.json"), PYTHONPATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("pydantic 1.10.13 is too old for the command line and the drop-in: pip install")


# --- the upstream, reached or not


def test_a_server_that_listens_is_reached_and_sent_nothing() -> None:
    with raw_server(b"") as server:
        result = call("doctor", "--store", "memory", "--upstream", server.url)
        deadline = time.monotonic() + 5
        while not server.requests and time.monotonic() < deadline:
            time.sleep(0.01)
    assert result.exit_code == 0
    assert f"ok connection {server.url} can be reached no request was sent; --probe sends some" in lines(result.stdout)
    assert server.requests == [b""]


def test_a_server_that_is_not_there_is_wrong(closed_port: int) -> None:
    result = call("doctor", "--store", "memory", "--upstream", f"http://user:secret@127.0.0.1:{closed_port}/v1")
    assert result.exit_code == 1
    first, second, *_ = lines(result.stdout)
    assert first.startswith("1 thing is wrong")
    told = f"wrong connection http://127.0.0.1:{closed_port}/v1 cannot be reached Connection refused; --upstream or "
    assert second.startswith(told)
    assert "secret" not in result.output


@pytest.mark.parametrize("url", ["https://host.test/v1?key=secret", "https://user:secret@host.test/v1?key=secret"])
def test_no_secret_in_a_url_is_shown(url: str) -> None:
    result = call("doctor", "--offline", "--store", "memory", "--upstream", url)
    assert "https://host.test/v1" in result.stdout
    assert "secret" not in result.output


def test_offline_connects_to_nobody(closed_port: int) -> None:
    with raw_server(b"") as server:
        result = call("doctor", "--offline", "--store", "memory", "--upstream", server.url)
        assert (result.exit_code, server.requests) == (0, [])
    assert "connection" not in result.stdout
    assert call("doctor", "--offline", "--upstream", f"http://127.0.0.1:{closed_port}/v1").exit_code == 0


def test_a_script_that_cannot_be_played_is_wrong(tmp_path: Path) -> None:
    result = call("doctor", "--store", "memory", "--upstream", f"scripted:{tmp_path / 'nowhere.yaml'}")
    assert result.exit_code == 1
    assert "nowhere.yaml cannot be read: No such file or directory." in result.stdout
    (tmp_path / "script.yaml").write_text("rules: [{when: always, say: Hi}]")
    assert call("doctor", "--store", "memory", "--upstream", "scripted:script.yaml").exit_code == 0


UNREACHABLE = [
    ("nonsense", "it is no http:// or https:// URL"),
    ("ftp://127.0.0.1/v1", "it is no http:// or https:// URL"),
    ("http://127.0.0.1:99999/v1", "Port out of range 0-65535"),
    ("http://[/v1", "Invalid IPv6 URL"),
    ("http://a host/v1", "there is no host of the name a host"),
]


@pytest.mark.parametrize(("url", "why"), UNREACHABLE)
def test_urls_that_lead_nowhere(url: str, why: str) -> None:
    assert reaching.reach(url).why == why


def test_a_name_that_takes_too_long_to_look_up_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: release.wait(20) and [])
    began = time.monotonic()
    assert reaching.reach("http://slow.example/v1", 0.1).why == "no answer within 0.1 seconds"
    assert time.monotonic() - began < 5
    release.set()


def test_a_server_without_tls_where_there_should_be_is_wrong() -> None:
    with raw_server(b"HTTP/1.1 400 Bad Request\r\n\r\n", then_close=True) as server:
        reached = reaching.reach(server.url.replace("http:", "https:"))
    assert reached.why and "ssl" in reached.why.lower()


def test_the_trust_is_that_of_the_sdk_s_client() -> None:
    context = reaching._context()
    assert context.verify_mode == ssl.CERT_REQUIRED and context.check_hostname


def test_a_proxy_of_the_environment_is_what_is_asked(monkeypatch: pytest.MonkeyPatch, closed_port: int) -> None:
    with raw_server(b"") as server:
        address = server.url.removeprefix("http://").removesuffix("/v1")
        monkeypatch.setenv("https_proxy", f"http://{address}")
        result = call("doctor", "--store", "memory", "--upstream", "https://host.invalid/v1")
    assert result.exit_code == 0
    told = f"ok connection the proxy {address} can be reached what is behind it was not asked"
    assert told in lines(result.stdout)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert reaching.reach(f"https://127.0.0.1:{closed_port}/v1").proxy is None


# --- settings


def test_every_setting_is_told_with_where_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bridge.toml").write_text('[bridge]\nbeta_v1 = "refuse"\nupstream = "scripted"\n')
    monkeypatch.setenv("BRIDGE_LOUD_FAILURES", "on")
    shown = lines(call("doctor", "--store", "memory").stdout)
    assert "ok store memory given explicitly" in shown
    assert f"ok beta_v1 refuse {tmp_path / 'bridge.toml'}" in shown
    assert "ok loud_failures on environment variable BRIDGE_LOUD_FAILURES" in shown
    assert "ok background not set default: off" in shown
    assert f"ok bridge.toml {tmp_path / 'bridge.toml'}" in shown


def test_defaults_are_told_of_all_settings() -> None:
    assert doctor.DEFAULTS.keys() == set(settings.NAMES)


# --- how it is shown


def test_json_is_all_there_is_on_stdout(closed_port: int) -> None:
    result = call("doctor", "--json", "--store", "memory", "--upstream", f"http://127.0.0.1:{closed_port}/v1")
    document = json.loads(result.stdout)
    assert (result.exit_code, document["ok"], document["version"]) == (1, False, bridge.__version__)
    wrong = [each for each in document["findings"] if each["level"] == "wrong"]
    assert [(each["part"], each["subject"]) for each in wrong] == [("upstream", "connection")]
    assert {each["part"] for each in document["findings"]} == {"packages", "settings", "store", "upstream"}
    assert all(each.keys() == {"part", "level", "subject", "value", "remark"} for each in document["findings"])

    result = call("doctor", "--json", "--upstream", "scripted")
    assert (result.exit_code, json.loads(result.stdout)["ok"]) == (0, True)


def test_a_setting_that_cannot_work_leaves_stdout_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIDGE_BETA_V1", "perhaps")
    result = call("doctor", "--json")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "The setting `beta_v1` is convert or refuse, not 'perhaps'" in result.stderr


FOUND = [
    Finding("packages", "ok", "openai", "3.57.0"),
    Finding("packages", "note", "uvicorn", "missing", "say so"),
    Finding("settings", "ok", "store", "memory [not a style]"),
    Finding("store", "wrong", "the store", "/a/very/long/path/that/leads/to/a/place", "not writable"),
    Finding("probe", "note", "tool_choice", "yes", "vllm says: no"),
    Finding("probe", "ok", "files", "no"),
]
SHOWN = """\
1 thing is wrong, 1 thing is to be noted.
wrong  the store    /a/very/long/path/that
                    /leads/to/a/place
                    not writable
note   uvicorn      missing  say so

Packages
ok     openai       3.57.0

Settings in force
ok     store        memory [not a style]

What the upstream can do
note   tool_choice  yes  vllm says: no
ok     files        no
"""


def printed(found: list[Finding], width: int) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as capture:
        findings.show(console, found)
    return "".join(f"{line.rstrip()}\n" for line in capture.get().splitlines())


def test_what_is_wrong_comes_first() -> None:
    assert printed(FOUND, 42) == SHOWN


def test_nothing_is_wrong() -> None:
    assert printed(FOUND[:1], 80) == "Nothing is wrong.\n\nPackages\nok     openai  3.57.0\n"


@pytest.mark.parametrize("columns", [80, 100])
def test_it_fits_the_terminal(columns: int, closed_port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    other = Path.cwd() / "bin" / "bridge"
    other.parent.mkdir()
    other.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(other.parent))
    arguments = ["doctor", "--upstream", f"http://127.0.0.1:{closed_port}/v1"]
    shown = CliRunner(env={"COLUMNS": str(columns)}).invoke(app, arguments).stdout
    assert max(map(len, shown.splitlines())) <= columns
    assert lines(shown)[0] == "1 thing is wrong, 2 things are to be noted."


# --- Azure

AZURE = "https://r.openai.azure.com/openai/v1"
OPENAI = "https://api.openai.com/v1"
PLACES: list[tuple[dict[str, str], list[str]]] = [
    ({}, [OPENAI]),
    ({"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/"}, [AZURE]),
    ({"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/", "OPENAI_API_KEY": "sk-1"}, [OPENAI, AZURE]),
    (
        {"AZURE_OPENAI_ENDPOINT": "https://r.openai.azure.com/", "BRIDGE_UPSTREAM": "http://u.test/v1"},
        ["http://u.test/v1"],
    ),
]


@pytest.mark.parametrize(("variables", "urls"), PLACES)
def test_where_azures_clients_ask_is_told_too(
    variables: dict[str, str], urls: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AZURE_OPENAI_ENDPOINT", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    found = json.loads(call("doctor", "--offline", "--json").stdout)["findings"]
    assert [each["value"] for each in found if each["subject"] == "the upstream"] == urls
