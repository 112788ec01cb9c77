"""What users need in their own tests, re-exported.

client = bridge.OpenAI(upstream=ScriptedUpstream(script), store=MemoryStore())

`DiffFixture` and `DiffResult` are for annotations: the fixture `bridge_diff` gives them (docs/pytest.md). Names are
imported when they are asked for: whoever wants a store needs no comparison.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bridge.store.memory import MemoryStore as MemoryStore
    from bridge.testing.diffs import DiffFixture as DiffFixture
    from bridge.testing.diffs import DiffResult as DiffResult
    from bridge.upstream.scripted import ScriptedUpstream as ScriptedUpstream
    from bridge.upstream.scripted import serve_scripted as serve_scripted

_HOMES = {
    "DiffFixture": "bridge.testing.diffs",
    "DiffResult": "bridge.testing.diffs",
    "MemoryStore": "bridge.store.memory",
    "ScriptedUpstream": "bridge.upstream.scripted",
    "serve_scripted": "bridge.upstream.scripted",
}

__all__ = ["DiffFixture", "DiffResult", "MemoryStore", "ScriptedUpstream", "serve_scripted"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bridge.testing' has no attribute {name!r}")
    globals()[name] = found = getattr(import_module(_HOMES[name]), name)
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
