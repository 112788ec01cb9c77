"""What a request of the old API is about, by its path."""

from __future__ import annotations

import re
from typing import Final

from bridge.diff.tape import Request

BEGINS: Final = re.compile(r"/threads/(runs|[^/]+/runs|[^/]+/runs/[^/]+/submit_tool_outputs)")
RUN: Final = re.compile(r"/threads/([^/]+)/runs/([^/]+)")
ASSISTANT: Final = re.compile(r"/assistants/([^/]+)")
CANCEL: Final = re.compile(r"/threads/[^/]+/runs/([^/]+)/cancel")
SUBMIT: Final = re.compile(r"/threads/[^/]+/runs/([^/]+)/submit_tool_outputs")


def begins_leg(request: Request) -> bool:
    """Whether a leg of a run begins with it: a run is made, or its tool outputs are submitted."""
    return request.method == "POST" and BEGINS.fullmatch(request.path) is not None


def polled_run(request: Request) -> str | None:
    """The run that a GET asks for, if it asks for one."""
    found = RUN.fullmatch(request.path) if request.method == "GET" else None
    return found[2] if found else None


def assistant(request: Request) -> str | None:
    """The assistant whose own path it is."""
    found = ASSISTANT.fullmatch(request.path)
    return found[1] if found else None


def cancelled_run(request: Request) -> str | None:
    found = CANCEL.fullmatch(request.path) if request.method == "POST" else None
    return found[1] if found else None


def submitted_run(request: Request) -> str | None:
    found = SUBMIT.fullmatch(request.path) if request.method == "POST" else None
    return found[1] if found else None
