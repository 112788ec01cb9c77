"""`bridge explain`: the Responses request that an Assistants request becomes.

The real engine performs the calls, on a store in memory; its upstream only notes what it is asked, and passes for a
server of the kind that is in force here (settings.py).
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bridge import parity
from bridge.calls import Call, Reply
from bridge.cli import options, output
from bridge.errors import BridgeError

if TYPE_CHECKING:
    from bridge.diff.tape import Tape
    from bridge.service import Service

MODEL: Final = "gpt-4o"

EXAMPLES = options.examples(
    ("bridge explain request.json", "the request, as JSON"),
    ("bridge explain - < commands.sh", "lines of curl, from a pipe"),
    ("bridge explain old.tape", "of every run of a recording"),
    ("bridge explain request.json | jq .tools", "only the tools"),
)


class Refused(BridgeError):
    """A part of the file is refused, by the old API's rules or for want of a tool on the server in force."""


def add(app: typer.Typer) -> None:
    app.command(help=options.page(explain), epilog=EXAMPLES)(explain)


def explain(
    file: Annotated[
        str, typer.Argument(metavar="FILE|-", help="Request bodies, lines of curl, or a recording; - is stdin.")
    ],
    each: Annotated[bool, typer.Option("--each", help="Say of each parameter what becomes of it.")] = False,
) -> None:
    """Show the Responses request that an Assistants request becomes.

    FILE holds up to three request bodies of the old API, each as it was sent:

    \b
      POST /assistants         {"assistant": {"model": "gpt-4o", "tools": []},
      POST /threads             "thread": {"messages": []},
      POST /threads/ID/runs     "run": {"tool_choice": "required"}}

    A body with a model at its top is taken for an assistant. Or FILE holds lines of curl that make these calls, or one
    call as {"method", "path", "body"}, or it is a recording (as for `bridge diff tape`): then every Responses request
    of every run is shown, those after tool outputs too.

    What the old API would have refused is refused here, in its words. Nothing is sent anywhere. What is lost on the
    way, or asked of another model, is noted beside it.
    """
    from bridge.cli import asked

    document = asked.read(file)
    if isinstance(document, dict):
        if each:
            tell_each(document)
        with _notes():
            shown: Any = request_of(document)
    else:
        shown = recorded(document)
    typer.echo(json.dumps(shown, indent=2, ensure_ascii=False))


def tell_each(document: dict[str, Any]) -> None:
    """What becomes of each parameter that is there (docs/parity.md)."""
    for part, call in (("assistant", "assistants.create"), ("thread", "threads.create"), ("run", "runs.create")):
        for parameter in parity.ENDPOINTS[call].body:
            if parameter.name in document.get(part, {}):
                output.tell(f"{part}.{parameter.name}: {parameter.parity}. {parameter.sentence}")


def recorded(tape: Tape) -> list[dict[str, Any]]:
    """The Responses requests of the runs of a recording, each with its run's id in it. Raises Refused where it has no
    run."""
    from bridge.diff.replay.candidate import replayed

    with _notes():
        made = replayed(tape)
    for note in made.notes:
        output.tell(f"note: {note}")
    if not made.legs:
        raise Refused("the recording holds no run")
    return [{"run": leg.run, "request": leg.request} for leg in made.legs]


def request_of(document: dict[str, Any]) -> dict[str, Any]:
    """The Responses request of the run that `document` describes. Raises Refused."""
    from bridge.cli.watching import Watched
    from bridge.service import Service
    from bridge.store.memory import MemoryStore

    settings = options.settings()
    upstream = Watched(profile=settings.profile_of(options.upstream(settings)[0]))
    service = Service(MemoryStore(), upstream, options=settings.options())
    assistant = _post(service, "/assistants", {"model": MODEL, **document.get("assistant", {})})
    thread = _post(service, "/threads", document.get("thread", {}))
    body = {**document.get("run", {}), "assistant_id": assistant["id"], "stream": True}
    _post(service, f"/threads/{thread['id']}/runs", body)
    for call in upstream.sent:
        shown = "" if call.body is None else f" {json.dumps(call.body, ensure_ascii=False)}"
        output.tell(f"note: asked before: {call.method} {call.path}{shown}")
    return upstream.requests[0]


class _Notes(logging.Handler):
    """Tells what the engine would have written to the log."""

    def emit(self, record: logging.LogRecord) -> None:
        output.tell(f"note: {record.getMessage().removeprefix('note: ')}")


@contextmanager
def _notes() -> Iterator[None]:
    log, notes = logging.getLogger("bridge"), _Notes(logging.WARNING)
    log.addHandler(notes)
    try:
        yield
    finally:
        log.removeHandler(notes)


def _post(service: Service, path: str, body: dict[str, Any]) -> dict[str, Any]:
    call = Call("POST", path, headers={"openai-beta": "assistants=v2"}, body=json.dumps(body).encode())
    reply = service.call(call)
    if reply.status != 200:
        raise Refused(f"POST {path} is refused: {_message(reply)}")
    for header, value in reply.headers:
        if header == "bridge-degraded":
            output.tell(f"note: POST {path} loses something on the way: {value}")
    if reply.stream is None:
        answer: dict[str, Any] = json.loads(reply.body)
        return answer
    for _ in reply.stream:  # to its end: by then the request was made
        pass
    return {}


def _message(reply: Reply) -> str:
    error = json.loads(reply.body)["error"]
    return f"{reply.status} {error['message']}"
