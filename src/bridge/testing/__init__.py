"""What users need in their own tests, re-exported.

client = bridge.OpenAI(upstream=ScriptedUpstream(script), store=MemoryStore())
"""

from __future__ import annotations

from bridge.store.memory import MemoryStore
from bridge.upstream.scripted import ScriptedUpstream, serve_scripted

__all__ = ["MemoryStore", "ScriptedUpstream", "serve_scripted"]
