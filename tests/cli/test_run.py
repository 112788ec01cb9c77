"""`bridge run`: the program behaves as if it were run directly, and its clients are bridged."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest
from cli_help import BIN, environment, run

from doors.served import take_interrupts

pytestmark = pytest.mark.slow  # each test is a process of its own

BRIDGE = str(BIN / "bridge")
OFFLINE = {"BRIDGE_UPSTREAM": "scripted", "BRIDGE_STORE": "memory"}
QUIET = {"PYTHONWARNINGS": "ignore"}
THREAD = "import openai; client = openai.OpenAI(); print(client.beta.threads.create().object)\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def program(text: str, name: str = "app.py") -> str:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return name


def both(*arguments: str, **given: Any) -> tuple[subprocess.CompletedProcess[str], ...]:
    """The program run directly, and by `bridge run`."""
    ways = ([sys.executable], [BRIDGE, "run"])
    env = environment(**QUIET)
    return tuple(
        subprocess.run([*way, *arguments], capture_output=True, text=True, timeout=60, env=env, **given) for way in ways
    )


AS_DIRECTLY = {
    "arguments": ("import sys; print(sys.argv, __name__, __file__)", ["--help", "-m", "--", "--store", "x"]),
    "the path": ("import sys; print(sys.path)", []),
    "environment of imports": ("import sys; print('openai' in sys.modules, 'bridge' in sys.modules)", []),
    "exit code": ("import sys; sys.exit(7)", []),
    "exit text": ("import sys; sys.exit('that was wrong')", []),
    "standard input": ("import sys; print(sys.stdin.read()[::-1])", []),
    "traceback": ("def f():\n    raise ValueError('x')\nf()", []),
    "own modules": ("import helper; print(helper.__file__)", []),
    "end by signal": ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", []),
    "signals": ("import signal; print([signal.getsignal(s) for s in (signal.SIGPIPE, signal.SIGINT)])", []),
    "the SDK's loader": ("import openai; print(type(openai.__loader__), openai.__spec__.loader)", []),
}


@pytest.mark.parametrize(("text", "arguments"), AS_DIRECTLY.values(), ids=AS_DIRECTLY)
def test_it_is_as_if_run_directly(text: str, arguments: list[str]) -> None:
    program("", "helper.py")
    directly, bridged = both(program(text), *arguments, input="abc")
    assert (bridged.returncode, bridged.stderr) == (directly.returncode, directly.stderr)
    assert _without_addresses(bridged.stdout) == _without_addresses(directly.stdout)


def _without_addresses(text: str) -> str:
    return text.partition(" object at 0x")[0]


def test_a_module_and_a_package_and_a_folder() -> None:
    program("import sys; print('module', sys.argv[1:], sys.path[0] != '')", "pack/mod.py")
    program("print('package', __package__)", "pack/__main__.py")
    for arguments in (["-m", "pack.mod", "-m", "x"], ["-m", "pack"], ["pack"]):
        directly, bridged = both(*arguments)
        assert (bridged.returncode, bridged.stdout, bridged.stderr) == (0, directly.stdout, directly.stderr)


@pytest.mark.parametrize("arguments", [["app.py"], ["-m", "app"], ["python", "app.py"], ["-"]], ids=" ".join)
def test_clients_are_bridged(arguments: list[str]) -> None:
    program(THREAD)
    command = [BRIDGE, "run", *arguments]
    env = environment(**OFFLINE, **QUIET)
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=env, input=THREAD)
    assert (done.returncode, done.stdout, done.stderr) == (0, "thread\n", "")


CHILDREN = {
    "subprocess": "import subprocess, sys; subprocess.run([sys.executable, 'app.py'], check=True)",
    "spawn": """
        import multiprocessing
        def work():
            exec(open('app.py').read())
        if __name__ == "__main__":
            child = multiprocessing.get_context("spawn").Process(target=work)
            child.start(); child.join(); assert child.exitcode == 0
    """,
    "fork": """
        import multiprocessing
        def work():
            exec(open('app.py').read())
        if __name__ == "__main__":
            child = multiprocessing.get_context("fork").Process(target=work)
            child.start(); child.join(); assert child.exitcode == 0
    """,
    "shell": "import os; os.system('python app.py')",
}


@pytest.mark.parametrize("text", CHILDREN.values(), ids=CHILDREN)
def test_processes_that_the_program_starts_are_bridged_too(text: str) -> None:
    program(THREAD)
    program(text, "parent.py")
    done = run(BRIDGE, "run", "parent.py", **OFFLINE, **QUIET, PATH=f"{BIN}{os.pathsep}{os.environ['PATH']}")
    assert (done.returncode, done.stdout, done.stderr) == (0, "thread\n", "")


def test_options_hold_for_every_process_wherever_it_stands() -> None:
    program("from openai import OpenAI; print(OpenAI().beta.threads.create().id)", "below/app.py")
    program("import os, sys; os.chdir('below'); os.execv(sys.executable, [sys.executable, 'app.py'])", "start.py")
    done = run(BRIDGE, "run", "--upstream", "scripted", "--store", "mine.db", "start.py", **QUIET)
    assert (done.returncode, done.stderr) == (0, "")
    assert Path("mine.db").exists() and not Path("below/mine.db").exists()
    read = "import sys; from openai import OpenAI; print(OpenAI().beta.threads.retrieve(sys.argv[1]).id)"
    again = run(
        BRIDGE, "run", "--upstream", "scripted", "--store", "mine.db", program(read), done.stdout.strip(), **QUIET
    )
    assert again.stdout == done.stdout


@pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
def test_the_settings_beside_the_program_hold_in_its_workers(method: str) -> None:
    program("[bridge]\nstore = 'beside.db'\nupstream = 'scripted'", "there/bridge.toml")
    program(
        f"""
        import multiprocessing
        import openai
        client = openai.OpenAI()  # the workers run this line, too
        def work():
            client.beta.threads.create()
        if __name__ == "__main__":
            child = multiprocessing.get_context("{method}").Process(target=work)
            child.start(); child.join(); print(child.exitcode)
        """,
        "there/app.py",
    )
    done = run(BRIDGE, "run", "there/app.py", **QUIET)
    assert (done.returncode, done.stdout, done.stderr) == (0, "0\n", "")
    assert Path("there/beside.db").exists() and not Path(".bridge").exists()


def test_another_sitecustomize_is_run_as_well() -> None:
    program("import sys; print('theirs ran'); sys.flag = 1", "theirs/sitecustomize.py")
    program("import sys; print(sys.flag, sys.modules['sitecustomize'].__file__)\n" + THREAD)
    done = run(BRIDGE, "run", "app.py", **OFFLINE, **QUIET, PYTHONPATH=str(Path("theirs").resolve()))
    first, second, third = done.stdout.splitlines()[-3:]  # the command line of bridge has run it, too
    assert (first, third, done.stderr) == ("theirs ran", "thread", "")
    assert second == f"1 {Path('theirs').resolve() / 'sitecustomize.py'}"


def test_flags_of_the_interpreter_are_the_programs_too() -> None:
    program("import sys; print(sys.flags.optimize, sys.flags.dev_mode, sys.warnoptions)")
    done = run(sys.executable, "-O", "-X", "dev", "-W", "error", "-m", "bridge", "run", "app.py")
    directly = run(sys.executable, "-O", "-X", "dev", "-W", "error", "app.py")
    assert done.stdout == directly.stdout


def test_an_interrupt_reaches_the_program_alone() -> None:
    program("""
        import signal, sys, time
        try:
            print("ready", flush=True)
            time.sleep(30)
        except KeyboardInterrupt:
            print("interrupted")
            sys.exit(3)
    """)
    process = subprocess.Popen(
        [BRIDGE, "run", "app.py"], stdout=subprocess.PIPE, text=True, env=environment(), preexec_fn=take_interrupts
    )
    assert process.stdout is not None and process.stdout.readline() == "ready\n"
    process.send_signal(signal.SIGINT)
    assert (process.communicate(timeout=20)[0], process.returncode) == ("interrupted\n", 3)


def test_an_sdk_that_is_too_old_is_told_and_left_alone() -> None:
    program("__version__ = '0.28.1'", "openai/__init__.py")
    done = run(BRIDGE, "run", program("import openai; print(openai.__version__)"))
    assert (done.returncode, done.stdout) == (0, "0.28.1\n")
    assert done.stderr.startswith("bridge: clients of this program are not bridged: that needs Python 3.10 and openai")
    assert done.stderr.count("\n") == 1 and "openai 0.28.1. `bridge serve` answers any program." in done.stderr


def test_a_python_without_bridge_is_told() -> None:
    """As where `bridge run` starts a command of another environment."""
    program("__version__ = '1.99.0'", "openai/__init__.py")
    done = run(BRIDGE, "run", program("import sys; sys.modules['bridge'] = None; import openai; print('went on')"))
    assert (done.returncode, done.stdout) == (0, "went on\n")
    assert "has no assistants-bridge that works (import of bridge halted" in done.stderr


def test_a_pydantic_that_is_too_old_is_told_before_any_call_fails() -> None:
    program("__version__ = '1.99.0'", "openai/__init__.py")
    program("VERSION = '1.10.27'", "pydantic/__init__.py")
    done = run(BRIDGE, "run", program("import openai; print('went on')"))
    assert (done.returncode, done.stdout) == (0, "went on\n")
    assert "pydantic 1.10.27 is too old: 2.7 or newer is needed, or the gateway" in done.stderr


@pytest.mark.parametrize("name", ["bridge.py", "bridge/__init__.py"])
def test_a_program_with_a_module_of_our_name_is_told_and_left_alone(name: str) -> None:
    program("SPAN = 3", name)
    program("import sys, openai; print('bridge' in sys.modules); import bridge; print(bridge.SPAN, openai.OpenAI)")
    done = run(BRIDGE, "run", "app.py", **OFFLINE)
    assert (done.returncode, done.stdout) == (0, "False\n3 <class 'openai.OpenAI'>\n")
    assert f"`import bridge` finds {Path(name).resolve()} here, which is not assistants-bridge" in done.stderr


LOOKS = {
    "looked for": "from importlib.util import find_spec; assert find_spec('openai') and find_spec('openai')",
    "loaded by hand": """
        import sys
        from importlib.util import find_spec, module_from_spec
        spec = find_spec("openai")
        sys.modules["openai"] = module_from_spec(spec)
        spec.loader.exec_module(sys.modules["openai"])
    """,
    "loaded lazily": """
        import sys
        from importlib.util import LazyLoader, find_spec, module_from_spec
        spec = find_spec("openai")
        loader = spec.loader = LazyLoader(spec.loader)
        module = sys.modules["openai"] = module_from_spec(spec)
        loader.exec_module(module)
    """,
}


@pytest.mark.parametrize(
    "line",
    ["import bridge", "from bridge import OpenAI as _", "import bridge.testing", "import bridge.diff.recording",
     "from bridge.upstream.openai import OpenAIUpstream", "from importlib.util import find_spec; find_spec('bridge')"],
)  # fmt: skip
def test_programs_that_import_bridge_before_openai(line: str) -> None:
    done = run(BRIDGE, "run", program(f"{line}\n{THREAD}"), **OFFLINE, **QUIET)
    assert (done.returncode, done.stdout, done.stderr) == (0, "thread\n", "")


@pytest.mark.parametrize("text", LOOKS.values(), ids=LOOKS)
def test_libraries_that_look_for_openai_before_it_is_imported(text: str) -> None:
    done = run(BRIDGE, "run", program(textwrap.dedent(text) + "\n" + THREAD), **OFFLINE, **QUIET)
    assert (done.returncode, done.stdout, done.stderr) == (0, "thread\n", "")


def test_a_script_of_this_folder_that_can_be_executed() -> None:
    program("#!/bin/sh\necho script $1\nexit 5\n", "tool-of-mine")
    Path("tool-of-mine").chmod(0o755)
    for name in ("tool-of-mine", "./tool-of-mine"):
        done = run(BRIDGE, "run", name, "-x")
        assert (done.returncode, done.stdout, done.stderr) == (5, "script -x\n", "")


def test_a_folder_with_the_name_of_a_command_is_no_program() -> None:
    Path("pytest").mkdir()
    done = run(BRIDGE, "run", "pytest", "--version")
    assert (done.returncode, done.stdout.split()[:1]) == (0, ["pytest"])
    Path("nothing").mkdir()
    done = run(BRIDGE, "run", "nothing")
    assert (done.returncode, done.stdout) == (2, "")
    assert "there is no file nothing here" in done.stderr


def test_another_environment_that_is_active_is_hinted_at(tmp_path: Path) -> None:
    done = run(BRIDGE, "run", program("print('ran')"), VIRTUAL_ENV=str(tmp_path))
    assert done.stdout == "ran\n"
    assert done.stderr == f"bridge: runs {sys.executable}, not the Python of the active environment {tmp_path}\n"


@pytest.mark.parametrize("flag", ["-I", "-E"])
def test_isolation_is_refused(flag: str) -> None:
    done = run(sys.executable, flag, "-m", "bridge", "run", program("print('ran')"))
    assert (done.returncode, done.stdout) == (2, "")
    assert f"python {flag} keeps programs from being bridged" in done.stderr


WRONG = [
    (["run"], "Missing argument"),
    (["run", "nonesuch"], "there is no file nonesuch here, and no command of that name; modules need -m"),
    (["run", "--store", "mysql://h/db", "app.py"], "'mysql' is no store"),
    (["run", "--config", "nowhere.toml", "app.py"], "There is no file"),
]


@pytest.mark.parametrize(("arguments", "message"), WRONG, ids=str)
def test_what_cannot_work_exits_with_2_before_the_program_begins(arguments: list[str], message: str) -> None:
    program("open('began', 'w')")
    result = run(BRIDGE, *arguments, COLUMNS="200")
    assert result.returncode == 2
    assert message in result.stderr
    assert not Path("began").exists()
