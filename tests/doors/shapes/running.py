"""Programs in processes of their own: run to their end or watched, and what they complained about."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from doors.served import clean_environment, take_interrupts

PROGRAMS: Final = Path(__file__).parent / "programs"
SECONDS: Final = 60.0

DEPRECATED: Final = ("The Assistants API is deprecated", "deprecated")
STRICT: Final = ("-X", "dev", "-W", "error", *(f"-Wignore:{each}:DeprecationWarning" for each in DEPRECATED))
"""Everything Python can complain about is an error: sockets, loops and files left open, coroutines never awaited."""

SLOW: Final = "^Executing <"
"""What asyncio's debug mode says of a callback that took a tenth of a second: the machine is busy."""

COMPLAINTS: Final = re.compile(
    r"Traceback|Exception ignored|unclosed|never awaited|was destroyed|never retrieved|ResourceWarning|locked|Error\b"
)


class Program:
    """A program under way: the lines it said so far, and ways to wait for more. Its complaints go to a file."""

    def __init__(self, command: Sequence[str], folder: Path, environment: dict[str, str]) -> None:
        self._errors = folder / f"errors-{len(list(folder.iterdir()))}.txt"
        with self._errors.open("w") as errors:
            self.process = subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env=environment,
                cwd=folder,
                preexec_fn=take_interrupts,
            )
        self.said: list[str] = []
        self._news = threading.Condition()
        self._over = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def errors(self) -> str:
        return self._errors.read_text()

    def until(self, start: str, seconds: float = SECONDS, count: int = 1) -> str:
        """The rest of the first line (or the `count`th) that begins with this word."""

        def found() -> list[str]:
            return [line for line in self.said if line.split(" ")[0] == start]

        with self._news:
            self._news.wait_for(lambda: len(found()) >= count or self._over, seconds)
            lines = found()
        assert len(lines) >= count, f"no {start!r} in {self.said}\n{self.errors}"
        return lines[count - 1][len(start) + 1 :]

    def end(self, seconds: float = SECONDS) -> int:
        """Its exit code (negative: the signal that ended it). Killed, and an error, if it takes longer."""
        try:
            code = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGABRT)  # with -X dev it says where it hangs
            self.process.wait()
            self._close()
            raise AssertionError(f"it did not end in {seconds} seconds: {self.said}\n{self.errors}") from None
        self._close()
        return code

    def _close(self) -> None:
        self._reader.join(5)
        assert self.process.stdout is not None
        self.process.stdout.close()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._news:
                self.said.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._over = True
            self._news.notify_all()


class Shape:
    """How the programs of a test are started: on one store, with one upstream."""

    programs = PROGRAMS

    def __init__(self, store: Path, url: str, seconds: float = SECONDS) -> None:
        self.store, self.url, self.seconds = store, url, seconds
        self._started: list[Program] = []

    def start(self, name: str, *args: str, python: Path | str = sys.executable, flags: Sequence[str] = ()) -> Program:
        return self.command(str(python), *STRICT, *flags, str(PROGRAMS / name), *args)

    def command(self, *command: str, **more: str) -> Program:
        here = {"BRIDGE_STORE": str(self.store), "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": self.url}
        path = os.pathsep.join([str(PROGRAMS), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
        environment = clean_environment(**here, PYTHONUNBUFFERED="1", PYTHONPATH=path, **more)
        self._started.append(Program(command, self.store.parent, environment))
        return self._started[-1]

    def run(self, name: str, *args: str, code: int = 0, told: tuple[str, ...] = (), **options: Any) -> Program:
        """Run it to its end, which must come in time, with this exit code and without a complaint. `told` is what the
        log may say besides (patterns)."""
        program = self.start(name, *args, **options)
        self.ends(program, code, told)
        return program

    def ends(self, program: Program, code: int = 0, told: tuple[str, ...] = ()) -> None:
        """It ends in time, with this exit code and without a complaint."""
        assert program.end(self.seconds) == code, f"{program.said}\n{program.errors}"
        patterns = re.compile("|".join((SLOW, *told)))
        assert [line for line in program.errors.splitlines() if not patterns.search(line)] == [], program.errors

    def stop(self) -> None:
        for program in self._started:
            if program.process.poll() is None:
                program.process.kill()
                program.end()


@contextmanager
def shape(store: Path, url: str) -> Iterator[Shape]:
    made = Shape(store, url)
    try:
        yield made
    finally:
        made.stop()


def complaints(text: str) -> list[str]:
    """Lines of a log that tell of something left open, lost, locked or broken."""
    return [line for line in text.splitlines() if COMPLAINTS.search(line)]
