"""`bridge demo`: a legacy program and the Responses requests it becomes, side by side.

The program is run statement by statement through the real drop-in client, on a store in a folder of its own.
"""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.console import RenderableType
from rich.panel import Panel
from rich.text import Text

from bridge.cli import compact, options, output, programs
from bridge.cli.columns import Columns, json_lines

if TYPE_CHECKING:
    from bridge.cli.watching import Watched

MODEL: Final = "gpt-4o"
OFFLINE: Final = "offline: the upstream plays a script, and is as strict as the real one"
IMPORT: Final = "from bridge import OpenAI\n"
NO_REQUEST: Final = Text("(no request: the store answers)", style="dim")
CHANGED: Final = "One line changed: from bridge import OpenAI (it said from openai import OpenAI)."

EXAMPLES = options.examples(
    ("bridge demo", "the polling program"),
    ("bridge demo --stream", "the streaming one"),
    ("bridge demo --live", "with a real model: uses OPENAI_API_KEY"),
)


def add(app: typer.Typer) -> None:
    app.command(help=options.page(demo), epilog=EXAMPLES)(demo)


def demo(
    stream: Annotated[bool, typer.Option("--stream", help="Stream the run instead of polling it.")] = False,
    live: Annotated[bool, typer.Option("--live", help="Ask the real Responses API, with OPENAI_API_KEY.")] = False,
    model: Annotated[str, typer.Option(help="The model of the assistant.")] = MODEL,
) -> None:
    """Run a legacy weather assistant and show what becomes of its calls.

    On the left stand the Assistants calls of the program and what they answered, on the right the Responses requests
    they became. Without --live nothing leaves this machine.
    """
    import openai

    from bridge.cli.watching import Watched

    if live and not os.environ.get("OPENAI_API_KEY"):
        output.fail("--live needs the environment variable OPENAI_API_KEY", output.USAGE)
    console = output.stdout()
    upstream = Watched(_live() if live else _scripted())
    columns = Columns(console)
    console.print(Text(CHANGED), Text(upstream.name if live else OFFLINE, style="dim"), "", sep="\n")
    columns.head("The program calls the Assistants API", "bridge asks the Responses API")
    try:
        names = _play(programs.STREAMING if stream else programs.POLLING, columns, upstream, model)
    except openai.OpenAIError as error:
        output.fail(f"the call failed: {error}")
    _conclude(console.print, names, upstream)


def _scripted() -> Any:
    from bridge.upstream.scripted import ScriptedUpstream

    return ScriptedUpstream()


def _live() -> Any:
    from bridge.upstream.openai import OpenAIUpstream
    from bridge.upstream.plain import PlainAsyncOpenAI, PlainOpenAI

    with PlainOpenAI() as client:
        base_url = str(client.base_url)
    return OpenAIUpstream(base_url, PlainOpenAI, PlainAsyncOpenAI)


# --- running the program


def _play(program: str, columns: Columns, upstream: Watched, model: str) -> dict[str, Any]:
    """Run the program's statements, a row each. Answers the names it made."""
    with _client(upstream) as make:
        events: list[Any] = []
        names: dict[str, Any] = {"MODEL": model, "TOOLS": programs.TOOLS, "ANSWERS": programs.ANSWERS}
        names |= {"QUESTION": programs.QUESTION, "OpenAI": make, "show": events.append}
        for code in programs.statements(program):
            before, asked = dict(names), len(upstream.requests)
            exec(code.removeprefix(IMPORT), names)
            made = [value for name, value in names.items() if before.get(name) is not value]
            answers = [*_told(events), *(line for value in made for line in _summary(value))]
            requests = _asked(upstream, asked, columns.right)
            columns.row(code.replace("MODEL", f'"{model}"'), answers, requests or ([NO_REQUEST] if answers else []))
            events.clear()
        return names


@contextmanager
def _client(upstream: Watched) -> Iterator[Callable[[], Any]]:
    """A constructor of drop-in clients on this upstream and a store of its own."""
    from bridge.client.dropin import OpenAI
    from bridge.hands.rooms import close_all

    with tempfile.TemporaryDirectory(prefix="bridge-demo-") as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # the SDK's own, about these very methods
        try:
            yield partial(OpenAI, upstream=upstream, store=Path(folder) / "bridge.db")
        finally:
            close_all()
            upstream.close()


# --- what is shown


def _asked(upstream: Watched, since: int, width: int) -> list[RenderableType]:
    shown: list[RenderableType] = []
    for number in range(since, len(upstream.requests)):
        before = upstream.requests[number - 1] if number else {}
        shown.append(Text("POST /v1/responses", style="bold cyan"))
        shown.append(json_lines(compact.lines(upstream.requests[number], width, before)))
        if number < len(upstream.responses):
            kinds = [item["type"] for item in upstream.responses[number]["output"]]
            shown.append(Text("← " + _counted(kinds), style="green"))
    return shown


def _counted(words: list[str]) -> str:
    """Repeated words once, with their number."""
    groups = [(word, len(list(same))) for word, same in groupby(words)]
    return ", ".join(word if count == 1 else f"{word} × {count}" for word, count in groups)


def _told(events: list[Any]) -> list[str]:
    """The events of a stream, repeated ones once."""
    return [_counted(list(same)) for _, same in groupby(event.event for event in events)]


def _summary(value: Any) -> list[str]:
    """The key fields of an answer of the Assistants API; nothing for other values."""
    kind = getattr(value, "object", None)
    if kind in ("assistant", "thread", "thread.message"):
        return [f"→ {value.id}"]
    if kind == "thread.run":
        return [f"→ {value.id}", f"  {value.status}", *_details(value)]
    if kind == "list":
        return [f"→ {message.role}: {_text(message)}" for message in value.data]
    return []


def _details(run: Any) -> list[str]:
    action = run.required_action
    calls = action.submit_tool_outputs.tool_calls if action is not None else []
    lines = [f"  {call.function.name}({call.function.arguments})" for call in calls]
    if run.usage is not None:
        lines.append(f"  usage {run.usage.prompt_tokens} + {run.usage.completion_tokens} tokens")
    if run.last_error is not None:
        lines.append(f"  {run.last_error.code}: {run.last_error.message}")
    return lines


def _text(message: Any) -> str:
    return "".join(part.text.value for part in message.content if part.type == "text")


def _conclude(show: Callable[..., None], names: dict[str, Any], upstream: Watched) -> None:
    run, newest = names["run"], names["messages"].data[0]
    if run.status != "completed":
        output.fail(f"the run is {run.status}: {getattr(run.last_error, 'message', 'no reason given')}")
    show(Panel(_text(newest), title="The answer", title_align="left", border_style="green"))
    requests = len(upstream.requests)
    show(f"[dim]{len(programs.TOOLS)} functions, {requests} Responses requests. Next: README.md, or bridge serve[/]")
