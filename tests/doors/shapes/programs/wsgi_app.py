"""A WSGI app as people write it: the client is made, and used once, when the module is loaded."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from common import assistant_of, begun, converse

from bridge import OpenAI

client = OpenAI()
assistant_id = assistant_of(client)


def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """GET /converse/NAME has a conversation, GET /begin/TEXT begins a run and leaves it."""
    what, _, name = environ["PATH_INFO"].strip("/").partition("/")
    if what == "converse":
        thread_id = converse(client, assistant_id, name, len(name) + ord(name[-1]))
    else:
        thread_id = begun(client, name).thread_id
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps([os.getpid(), thread_id]).encode()]
