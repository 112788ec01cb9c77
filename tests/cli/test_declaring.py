"""`bridge assistants`: apply, pull, list, show."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from cli_help import call

ONE = "id: asst_a\nmodel: my-model\ninstructions: Be kind.\n"


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "bridge.db")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "a.yaml"
    path.write_text(ONE)
    return path


def test_apply_shows_and_does_and_is_idempotent(file: Path, store: str) -> None:
    done = call("assistants", "apply", str(file), "--yes", "--store", store)
    assert (done.exit_code, done.stderr) == (0, f"applied, in {store}\n")
    assert done.stdout == "asst_a: new\n  +id: asst_a\n  +model: my-model\n  +instructions: Be kind.\n"
    again = call("assistants", "apply", str(file), "--store", store)
    assert (again.exit_code, again.stdout, again.stderr) == (0, "asst_a: same\n", "nothing is to be changed\n")
    file.write_text(ONE.replace("kind", "brief"))
    check = call("assistants", "apply", str(file), "--check", "--store", store)
    assert check.exit_code == 1 and "  -instructions: Be kind.\n  +instructions: Be brief.\n" in check.stdout
    dry = call("assistants", "apply", str(file), "--dry-run", "--store", store)
    assert (dry.exit_code, dry.stdout) == (0, check.stdout)
    assert call("assistants", "apply", str(file), "--check", "--store", store).exit_code == 1
    assert call("assistants", "apply", str(file), "--yes", "--store", store).exit_code == 0
    assert call("assistants", "apply", str(file), "--check", "--store", store).exit_code == 0


@pytest.mark.parametrize("option", ["--check", "--dry-run"])
def test_looking_makes_no_store(file: Path, store: str, option: str) -> None:
    assert "asst_a: new" in call("assistants", "apply", str(file), option, "--store", store).stdout
    assert not Path(store).exists()


def test_without_a_terminal_it_asks_for_yes(file: Path, store: str) -> None:
    done = call("assistants", "apply", str(file), "--store", store)
    assert done.exit_code == 2 and "1 would be changed: say --yes, or --dry-run" in done.stderr


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1)])
def test_on_a_terminal_it_asks(file: Path, store: str, answer: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    from bridge.cli import declaring

    monkeypatch.setattr(declaring, "_is_terminal", lambda: True)
    done = call("assistants", "apply", str(file), "--store", store, input=answer)
    assert done.exit_code == code and "Change 1?" in done.stderr
    assert bool(call("assistants", "list", "--store", store).stdout) is (code == 0)


def test_show_prints_what_apply_takes(file: Path, store: str, tmp_path: Path) -> None:
    file.write_text(f"{ONE}name: A\ntools:\n- type: file_search\n---\n".removesuffix("---\n"))
    call("assistants", "apply", str(file), "--yes", "--store", store)
    shown = tmp_path / "shown.yaml"
    shown.write_text(call("assistants", "show", "asst_a", "--store", store).stdout)
    assert call("assistants", "apply", str(shown), "--check", "--store", store).exit_code == 0
    assert call("assistants", "list", "--store", store).stdout == "asst_a  my-model  A\n"
    missing = call("assistants", "show", "asst_b", "--store", store)
    assert (missing.exit_code, missing.stderr) == (1, f"bridge: there is no assistant asst_b in {store}\n")


def test_models_that_are_gone_are_told_or_refused(file: Path, store: str, monkeypatch: pytest.MonkeyPatch) -> None:
    file.write_text("id: asst_a\nmodel: gpt-4\n")
    done = call("assistants", "apply", str(file), "--yes", "--store", store)
    assert done.exit_code == 0 and "asst_a: gpt-4 ended on" in done.stderr
    monkeypatch.setenv("BRIDGE_MODELS", "off")
    done = call("assistants", "apply", str(file), "--yes", "--store", store)
    assert done.exit_code == 2 and "'gpt-4'" in done.stderr


# --- pull


def assistant(number: int, **more: Any) -> Any:
    shown = {"id": f"asst_{number}", "object": "assistant", "created_at": number, "name": None, "model": "my-model"}
    return {**shown, "tools": [], "metadata": {}, **more}


class Old(BaseHTTPRequestHandler):
    """A server that still speaks Assistants: pages of two."""

    assistants: ClassVar[list[Any]] = []
    asked: ClassVar[list[tuple[str, str | None, str | None]]] = []

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.asked.append((self.path, self.headers.get("authorization"), self.headers.get("openai-beta")))
        query = parse_qs(parts.query)
        if parts.path == "/v1/assistants":
            after = query.get("after", [None])[0]
            ids = [each["id"] for each in self.assistants]
            start = ids.index(after) + 1 if after else 0
            data = self.assistants[start : start + 2]
            self.answer(200, {"object": "list", "data": data, "has_more": start + 2 < len(ids)})
        elif parts.path.startswith("/v1/assistants/"):
            found = [each for each in self.assistants if parts.path.endswith("/" + each["id"])]
            self.answer(200 if found else 404, found[0] if found else {"error": {"message": "gone"}})
        else:
            self.answer(200, {"what": "else"})

    def answer(self, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args: Any) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    Old.assistants, Old.asked = [assistant(n) for n in range(1, 6)], []
    with ThreadingHTTPServer(("127.0.0.1", 0), Old) as http:
        thread = threading.Thread(target=http.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}/v1"
        http.shutdown()
        thread.join()


def test_pull_takes_all_pages_with_the_key_of_the_environment(
    server: str, store: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-old")
    done = call("assistants", "pull", "--from", server, "--yes", "--store", store)
    assert done.exit_code == 0, done.stderr
    assert [line for line in done.stdout.splitlines() if line[0] != " "] == [f"asst_{n}: new" for n in range(1, 6)]
    assert {each[1:] for each in Old.asked} == {("Bearer sk-old", "assistants=v2")}
    assert "after=asst_4" in Old.asked[-1][0]
    again = call("assistants", "pull", "--from", server, "--store", store)
    assert again.exit_code == 0 and "nothing is to be changed" in again.stderr


def test_pull_of_some_into_a_file(server: str, store: str, tmp_path: Path) -> None:
    Old.assistants[2] = assistant(3, tools=[{"type": "retrieval"}], file_ids=["file-a"])
    out = tmp_path / "out.yaml"
    done = call("assistants", "pull", "--from", server, "--id", "asst_3", "--id", "asst_1", "--out", str(out))
    assert done.exit_code == 0, done.stderr
    assert "asst_3 is in the words of the first beta: retrieval" in done.stderr
    applied = call("assistants", "apply", str(out), "--yes", "--store", store)
    assert applied.exit_code == 0, applied.stderr
    assert call("assistants", "list", "--store", store).stdout.split() == ["asst_1", "my-model", "asst_3", "my-model"]


WRONG = [
    (["--from", "{server}", "--id", "asst_9", "--yes"], 1, "did not answer: Error code: 404"),
    (["--from", "http://127.0.0.1:9/v1", "--yes"], 1, "did not answer: Connection error."),
    (["--from", "{server}/elsewhere", "--yes"], 1, "answered no list of assistants"),
    (["--from", "{server}", "--id", "asst_1?x", "--yes"], 1, "did not answer: Error code: 404"),
    (["--from", "{server}", "--out", "/nowhere/x.yaml"], 2, "/nowhere/x.yaml cannot be written"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "code", "said"), WRONG)
def test_what_goes_wrong_is_said(server: str, store: str, arguments: list[str], code: int, said: str) -> None:
    given = [each.format(server=server) for each in arguments]
    done = call("assistants", "pull", *given, "--store", store)
    assert done.exit_code == code
    assert said in done.stderr
