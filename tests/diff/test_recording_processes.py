"""Recording processes: `bridge run --record`, whatever the program starts, and a recording that is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from bridge.diff import tape
from bridge.diff.readers import read_any

pytestmark = pytest.mark.slow  # each test is a process of its own

BRIDGE = str(Path(sys.executable).parent / "bridge")
PROGRAM = """
import sys, openai
client = openai.OpenAI()
assistant = client.beta.assistants.create(model="gpt-4o", name=sys.argv[1])
message = {"messages": [{"role": "user", "content": "Hello"}]}
with client.beta.threads.create_and_run_stream(assistant_id=assistant.id, thread=message) as stream:
    print("".join(stream.text_deltas))
run = client.beta.threads.create_and_run_poll(assistant_id=assistant.id, thread=message)
print(run.status)
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def environment() -> dict[str, str]:
    left_out = ("BRIDGE_", "OPENAI_", "PYTHONWARNINGS")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
    return {**kept, "BRIDGE_UPSTREAM": "scripted", "BRIDGE_STORE": "memory", "PYTHONWARNINGS": "ignore"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [BRIDGE, "run", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment())


def program(text: str, name: str = "app.py") -> str:
    Path(name).write_text(textwrap.dedent(text))
    return name


def test_a_program_runs_as_it_does_without() -> None:
    program(PROGRAM)
    plain, recorded = run("app.py", "one"), run("--record", "a.tape", "app.py", "one")
    assert (recorded.returncode, recorded.stdout, recorded.stderr) == (0, plain.stdout, plain.stderr)
    found = read_any(Path("a.tape"))
    assert [(each.request.method, each.request.path) for each in found.exchanges[:3]] == [
        ("POST", "/assistants"),
        ("POST", "/threads/runs"),
        ("POST", "/threads/runs"),
    ]
    assert all(each.answer is not None and each.answer.cut is None for each in found.exchanges)
    assert len(found.legs) == 2 and found.notes == ()


def test_a_traceback_and_an_exit_code_are_the_same() -> None:
    program("import openai\nopenai.OpenAI().beta.threads.retrieve('thread_' + 'x' * 24)")
    plain, recorded = run("app.py"), run("--record", "a.tape", "app.py")
    assert recorded.returncode == plain.returncode == 1
    assert recorded.stderr.splitlines()[-1] == plain.stderr.splitlines()[-1]


@pytest.mark.parametrize("way", ["spawn", "fork"])
def test_all_processes_write_one_tape(way: str) -> None:
    program(
        "def work(name):\n    import sys\n    sys.argv = ['', name]\n    exec(open('work.py').read())\n", "helper.py"
    )
    program(PROGRAM, "work.py")
    program(f"""
        import multiprocessing, helper
        if __name__ == "__main__":
            import openai
            many = multiprocessing.get_context({way!r})
            children = [many.Process(target=helper.work, args=(f"child {{n}}",)) for n in range(3)]
            for child in children: child.start()
            for child in children: child.join()
            assert [child.exitcode for child in children] == [0, 0, 0]
            helper.work("parent")
    """)
    done = run("--record", "a.tape", "app.py")
    assert (done.returncode, done.stderr) == (0, "")
    found = read_any(Path("a.tape"))
    assert found.notes == () and len(found.legs) == 8
    assert [each.number for each in found.exchanges] == list(range(1, len(found.exchanges) + 1))
    bodies = [each.request.body for each in found.exchanges if each.request.path == "/assistants"]
    assert sorted(body["name"] for body in bodies) == ["child 0", "child 1", "child 2", "parent"]
    times = [each.at for each in found.exchanges]
    assert None not in times and times == sorted(times)  # type: ignore[type-var]
    assert Path("a.tape").read_bytes().count(b'"kind":"tape"') == 1


def test_a_killed_process_leaves_whole_lines() -> None:
    program("""
        import openai
        client = openai.OpenAI()
        while True:
            client.beta.threads.create(metadata={"long": "x" * 500})
    """)
    process = subprocess.Popen([BRIDGE, "run", "--record", "a.tape", "app.py"], env=environment())
    until = time.monotonic() + 40
    while time.monotonic() < until and not (Path("a.tape").exists() and Path("a.tape").stat().st_size > 50_000):
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait(20)
    assert len(tape.read(Path("a.tape")).exchanges) > 20


@pytest.mark.parametrize(("name", "message"), [("here", "exists already"), ("no/where.tape", "There is no folder")])
def test_what_cannot_be_recorded_to_is_told_before_the_program_begins(name: str, message: str) -> None:
    Path("here").write_text("mine")
    done = run("--record", name, program("open('began', 'w')"))
    assert (done.returncode, Path("here").read_text()) == (2, "mine")
    assert message in done.stderr.replace("\n", " ") and not Path("began").exists()


def test_a_tape_of_a_program_has_no_key() -> None:
    program(PROGRAM)
    key = "sk-proj-abcdefghijklmnopqrstuvwx"
    command = [BRIDGE, "run", "--record", "a.tape", "app.py", "one"]
    subprocess.run(command, check=True, capture_output=True, timeout=60, env={**environment(), "OPENAI_API_KEY": key})
    text = Path("a.tape").read_text()
    assert "abcdefghijkl" not in text and all(json.loads(line) for line in text.splitlines())
