"""The recorded Responses streams as an upstream: it plays one answer, whatever it is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attrs import field, frozen

from bridge.calls import Credential
from bridge.engine.effects import Send, Sent
from bridge.profiles import Profile
from bridge.upstream.scripted.upstream import ScriptedBytes
from doors.test_recorded_assistants import Played

Object = dict[str, Any]
CONTENT = b"\x89PNG\r\n\x1a\n and so on"
"""Of every file; the recordings hold none."""


def answers(recording: Path) -> list[list[Object]]:
    """The events of each answer. One that was not streamed is told by its first and its last event."""
    told = []
    for entry in json.loads(recording.read_text("utf-8"))["Entries"]:
        body, kind = entry["ResponseBody"], entry["ResponseHeaders"].get("Content-Type", "")
        if kind.startswith("text/event-stream"):
            lines = "".join(body).splitlines()
            told.append([json.loads(line.removeprefix("data:")) for line in lines if line.startswith("data:")])
        elif isinstance(body, dict) and body.get("object") == "response":
            begun = {"type": "response.created", "response": {**body, "status": "in_progress", "output": []}}
            told.append([begun, {"type": f"response.{body['status']}", "response": body}])
    return told


@frozen
class Recorded:
    """Implements Upstream. `files` of the container: id → (after how many calls of the code it is there, name)."""

    events: list[Object]
    files: dict[str, tuple[int, str]] = field(factory=dict)
    name: str = "recorded"
    profile: Profile = field(factory=Profile)
    asked: list[Object] = field(factory=list)
    sent: list[str] = field(factory=list)

    def open(self, request: Object, credential: Credential) -> Played:
        self.asked.append(request)
        return Played(self.events)

    def send(self, effect: Send, credential: Credential) -> Sent:
        assert (effect.method, effect.path.split("/")[1]) == ("GET", "containers"), effect
        self.sent.append(effect.path)
        there = [
            {"id": id, "object": "container.file", "path": f"/mnt/data/{name}", "bytes": None, "source": "assistant"}
            for id, (calls, name) in self.files.items()
            if len(self.sent) >= calls
        ]
        return Sent(200, {"object": "list", "data": there, "has_more": False})

    def fetch(self, path: str, credential: Credential) -> ScriptedBytes:
        assert path.startswith("/containers/") and path.endswith("/content"), path
        return ScriptedBytes(CONTENT, "application/octet-stream")

    def close(self) -> None:
        """Nothing is open."""
