"""aimock (npm @copilotkit/aimock): a Responses server of others' making, which fails by chance when told to.

It streams what the fixtures say to the last user message, without sequence numbers and usage (upstreams.md). Its
journal says what it did to each request: that is the truth a run's status is held against.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx
from attrs import frozen

from doors.environments import node_package
from judges.node_servers import free_port, running

VERSION: Final = "1.43.0"
CHAOS: Final = {"drop": 0.08, "malformed": 0.05, "disconnect": 0.08, "ratelimit": 0.04, "latency": 3}
"""Shares of the requests that get a 500, broken JSON, a closed connection, a 429; milliseconds before each answer."""

CALLS: Final = [
    {"name": "get_temperature", "arguments": {"city": "San Francisco, CA", "unit": "Fahrenheit"}},
    {"name": "get_rain", "arguments": {"city": "San Francisco, CA"}},
]
ANSWERS: Final = {
    "hello": "Hello there, this is the whole answer.",
    "story": "Once upon a time there was a long story. " * 20 + "The end.",
    "weather": "It is 57 degrees, and the chance of rain is 0.06.",
    "thought": "After some thought: yes.",
    "cut": "This answer is cut somewhere, so nobody will ever read how it goes on and on, until its very end.",
}
"""Last word of the user's message but one → what is answered in the end."""

CUTS: Final = (1, 2, 3, 4, 6, 9)
"""After so many events an answer that is cut ends."""


def fixtures() -> list[dict[str, Any]]:
    """The first that fits answers. ``cut-call 3`` is a call whose arguments never end."""
    told: list[dict[str, Any]] = []
    for count in CUTS:
        ends = {"truncateAfterChunks": count, "latency": 3}  # without it, what was streamed is cut off too
        told += [
            {"match": {"userMessage": f"cut-text {count} "}, "response": {"content": ANSWERS["cut"]}, **ends},
            {"match": {"userMessage": f"cut-call {count} "}, "response": {"toolCalls": CALLS}, **ends},
        ]
    refused = {"message": "This prompt is not allowed.", "type": "invalid_request_error", "code": "invalid_prompt"}
    return [
        *told,
        {"match": {"userMessage": "refused"}, "response": {"error": refused, "status": 400}},
        {"match": {"userMessage": "weather", "hasToolResult": True}, "response": {"content": ANSWERS["weather"]}},
        {"match": {"userMessage": "weather"}, "response": {"toolCalls": CALLS}},
        {"match": {"userMessage": "thought"}, "response": {"content": ANSWERS["thought"], "reasoning": "Well. " * 9}},
        *({"match": {"userMessage": kind}, "response": {"content": ANSWERS[kind]}} for kind in ("hello", "story")),
    ]


@frozen
class Aimock:
    """A server that runs. `url` is what a client takes as base_url."""

    url: str

    def outcomes(self) -> dict[str, list[str]]:
        """Last user message → what became of each request that ended with it: ``whole``, or what went wrong."""
        told: dict[str, list[str]] = {}
        for entry in httpx.get(f"{self.url.removesuffix('/v1')}/__aimock/journal", timeout=30).json():
            said = [message["content"] for message in entry["body"]["messages"] if message["role"] == "user"]
            told.setdefault(said[-1], []).append(_outcome(entry["response"]))
        return told


def _outcome(response: dict[str, Any]) -> str:
    if response.get("chaosAction"):
        return str(response["chaosAction"])
    if response.get("interrupted"):
        return "cut"
    return "whole" if response["status"] == 200 else "refused"


@contextmanager
def chaotic(folder: Path, seed: int) -> Iterator[Aimock]:
    """An aimock with chaos, until the block ends; `folder` takes its fixtures and its log."""
    file = folder / "fixtures.json"
    file.write_text(json.dumps({"fixtures": fixtures()}))
    program = node_package("@copilotkit/aimock", VERSION) / "node_modules" / ".bin" / "llmock"
    port = free_port()
    flags = [text for name, rate in CHAOS.items() for text in (f"--chaos-{name}", str(rate))]
    dice = ["node", "--require", str(Path(__file__).with_name("seeded.cjs"))]
    command = [*dice, str(program), "--port", str(port), "--fixtures", str(file), "--log-level", "warn", *flags]
    environment = {**os.environ, "DICE_SEED": str(seed)}
    with running([*command, "--journal-max", "0"], port, folder / "aimock.log", environment) as url:
        yield Aimock(f"{url}/v1")
