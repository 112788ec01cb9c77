"""Steady (npm @stdy/cli): a server that says what in a request is not as an OpenAPI description has it.

Chosen over Prism, which mixes what it finds in its own made-up answers into its findings. The description is the
extract in ../shared, made ready as upstreams.md ("Request validators") says: `oneOf` is `anyOf`, since two branches
often match, and discriminators are gone. Objects take no further properties, as the real server refuses what it does
not know; only what is put together with `allOf` cannot say so. What the real server does not require is optional.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from doors.environments import node_package
from judges.node_servers import free_port, running

VERSION = "0.22.2"
OPTIONAL = {"OutputMessage": "id"}
"""Required by the description, not by the server: an assistant's message without an id was answered in the recording
MessageHistoryWorks. bridge sends none with messages of earlier runs: ids of its own would mean nothing to a server."""

HEADERS = {"authorization": "Bearer sk-judge", "x-steady-stream-count": "1", "x-steady-stream-interval-ms": "1"}


class Judge:
    """Says what is wrong with a request."""

    def __init__(self, description: dict[str, Any], client: httpx.Client) -> None:
        self.paths = [template.strip("/").split("/") for template in description["paths"]]
        self._client = client

    def knows(self, path: str) -> bool:
        """Whether the description has the path."""
        parts = path.strip("/").split("/")
        return any(
            len(parts) == len(known) and all(k.startswith("{") or k == p for k, p in zip(known, parts, strict=True))
            for known in self.paths
        )

    def findings(self, method: str, path: str, query: dict[str, str], body: Any) -> list[str]:
        """Each as ``place: message``."""
        answer = self._client.request(method, path, params=query, json=body if method == "POST" else None)
        told = answer.headers
        assert "x-steady-error-count" in told, (answer.status_code, answer.text)
        count = int(told["x-steady-error-count"])
        found = [
            f"{told.get(f'x-steady-error-{n}-path')}: {told.get(f'x-steady-error-{n}-message')}"
            for n in range(1, count + 1)
        ]
        return found or ([] if answer.status_code < 400 else [f"{answer.status_code} {answer.text}"])


@contextmanager
def judging(extract: Path, folder: Path) -> Iterator[Judge]:
    """A judge by the description in the file `extract`; `folder` takes the prepared one and the log."""
    description = prepared(json.loads(extract.read_text("utf-8")))
    file = folder / "openapi.json"
    file.write_text(json.dumps(description))
    program = node_package("@stdy/cli", VERSION) / "node_modules" / ".bin" / "steady"
    port = free_port()
    command = [str(program), "--quiet", "--host", "127.0.0.1", "--port", str(port), str(file)]
    with running(command, port, folder / "steady.log") as url, httpx.Client(base_url=url, headers=HEADERS) as client:
        yield Judge(description, client)


def prepared(description: dict[str, Any]) -> dict[str, Any]:
    """The description a validator can use."""
    parts = set(parts_of(description))
    schemas = description["components"]["schemas"]
    ready = {name: loosened(schema, is_part=name in parts) for name, schema in schemas.items()}
    for name, key in OPTIONAL.items():
        ready[name]["required"].remove(key)
    paths = loosened(description["paths"], is_part=False)
    return {**description, "paths": paths, "components": {**description["components"], "schemas": ready}}


def parts_of(value: Any, in_all_of: bool = False) -> Iterator[str]:
    """The names of schemas that others are put together from."""
    if isinstance(value, dict):
        if in_all_of and "$ref" in value:
            yield value["$ref"].rpartition("/")[2]
        for key, item in value.items():
            yield from parts_of(item, key == "allOf")
    elif isinstance(value, list):
        for item in value:
            yield from parts_of(item, in_all_of)


def loosened(value: Any, is_part: bool) -> Any:
    """One schema, or what holds schemas. `is_part`: other schemas add properties to it."""
    if isinstance(value, list):
        return [loosened(item, is_part) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: item for key, item in value.items() if key != "discriminator" or "propertyName" not in item}
    ready = {"anyOf" if key == "oneOf" else key: loosened(item, key == "allOf") for key, item in kept.items()}
    is_object = value.get("type") == "object" and value.get("properties") and "allOf" not in value
    if is_object and not is_part:
        ready.setdefault("additionalProperties", False)
    return ready
