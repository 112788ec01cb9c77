"""Notes what is sent to a ScriptedUpstream, for `test_requests.py` to judge: on where NOTED_REQUESTS names a file.

A line of the file is one request: ``{"test", "method", "path", "query", "body"}``. Requests of the same shape are noted
once per process. What the upstream refused is not noted: tests do that on purpose.

This folder is on the PYTHONPATH of child processes, where `sitecustomize.py` installs the same; so nothing of the
project is imported here before the program does it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
import threading
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

VARIABLE = "NOTED_REQUESTS"
NOTED_MODULE = "bridge.upstream.scripted.upstream"
FREE = frozenset(
    [
        *("call_id", "file_id", "file_ids", "id", "image_url", "item_id", "vector_store_ids"),
        *("arguments", "code", "description", "encrypted_content", "filename", "instructions", "metadata", "name"),
        *("filters", "output", "parameters", "properties", "queries", "results", "schema", "text"),
    ]
)
"""Keys whose values are the caller's or the model's own: of them only the type belongs to the shape."""

_seen: set[str] = set()
_lock = threading.Lock()


def install() -> None:
    """From now on; does nothing where the variable is not set."""
    if os.environ.get(VARIABLE):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Wraps the upstream's methods when its module is imported, and is gone afterwards."""

    def find_spec(self, name: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if name != NOTED_MODULE:
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.loader is not None
        spec.loader = _Loader(spec.loader)
        return spec


class _Loader(Loader):
    """The real loader, which pytest shares among many modules, and then the wrapping."""

    def __init__(self, real: Loader) -> None:
        self._real = real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._real.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._real.exec_module(module)
        wrap(module)


def wrap(module: Any) -> None:
    """Lets the upstream decide first: what it takes is noted."""
    chosen, answer = module.ScriptedUpstream._chosen, module.Endpoints.answer

    def noted_chosen(self: Any, request: Any, credential: Any) -> Any:
        result = chosen(self, request, credential)
        note("POST", "/responses", {}, request)
        return result

    def noted_answer(self: Any, effect: Any) -> Any:
        result = answer(self, effect)
        if effect.upload is None:
            note(effect.method, effect.path, dict(effect.query or {}), effect.body)
        return result

    module.ScriptedUpstream._chosen, module.Endpoints.answer = noted_chosen, noted_answer


def note(method: str, path: str, query: dict[str, str], body: Any) -> None:
    key = json.dumps([method, re.sub(r"_\w{8,}|-\w{8,}", "", path), sorted(query), shape(body)])
    with _lock:
        if key in _seen:
            return
        _seen.add(key)
    test = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
    entry = {"test": test, "method": method, "path": path, "query": query, "body": body}
    line = json.dumps(entry).encode() + b"\n"
    file = os.open(os.environ[VARIABLE], os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(file, line)  # one write: lines of several processes do not mix
    finally:
        os.close(file)


def shape(value: Any, free: bool = False) -> Any:
    """What of a value a description can judge: keys, types, and words; alike elements of a list once."""
    if isinstance(value, dict):
        return {key: shape(item, free or key in FREE) for key, item in sorted(value.items())}
    if isinstance(value, list):
        return sorted({json.dumps(shape(item, free)) for item in value})
    if free and isinstance(value, (str, int, float)):
        return [type(value).__name__, bool(value)]
    return value
