"""`bridge explain`: the Responses request that an Assistants request becomes.

The real engine performs the calls, on a store in memory; its upstream only notes what it is asked, and passes for a
server of the kind that is in force here (settings.py).
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from bridge.calls import Call, Reply
from bridge.cli import options, output
from bridge.errors import BridgeError

if TYPE_CHECKING:
    from bridge.service import Service

PARTS: Final = ("assistant", "thread", "run")
MODEL: Final = "gpt-4o"

EXAMPLES = options.examples(
    ("bridge explain request.json", "the request, as JSON"),
    ("bridge explain - < request.json", "the same from a pipe"),
    ("bridge explain request.json | jq .tools", "only the tools"),
)


class Refused(BridgeError):
    """A part of the file is refused, by the old API's rules or for want of a tool on the server in force."""


def add(app: typer.Typer) -> None:
    app.command(help=options.page(explain), epilog=EXAMPLES)(explain)


def explain(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="JSON with assistant, thread and run; - is stdin.")],
) -> None:
    """Show the Responses request that an Assistants request becomes.

    FILE holds up to three request bodies of the old API, each as it was sent:

    \b
      POST /assistants         {"assistant": {"model": "gpt-4o", "tools": []},
      POST /threads             "thread": {"messages": []},
      POST /threads/ID/runs     "run": {"tool_choice": "required"}}

    A body with a model at its top is taken for an assistant. What the old API would have refused is refused here, in
    its words. Nothing is sent anywhere. What is lost on the way, or asked of another model, is noted beside it.
    """
    document = _parts(_read(file))
    with _notes():
        request = request_of(document)
    typer.echo(json.dumps(request, indent=2, ensure_ascii=False))


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


def _read(file: str) -> Any:
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
        return json.loads(text)
    except (OSError, ValueError) as error:
        output.fail(f"{file} cannot be read: {error}", output.USAGE)


def _parts(document: Any) -> dict[str, Any]:
    if isinstance(document, dict) and "model" in document:
        return {"assistant": document}
    if not isinstance(document, dict) or any(not isinstance(part, dict) for part in document.values()):
        output.fail("expected a JSON object of JSON objects, see `bridge explain --help`", output.USAGE)
    if unknown := [name for name in document if name not in PARTS]:
        output.fail(f"there is no part {unknown[0]!r}: the parts are {', '.join(PARTS)}", output.USAGE)
    return document
