"""What users need in their own tests, re-exported."""

from __future__ import annotations

from bridge.upstream.scripted import ScriptedUpstream, serve_scripted

__all__ = ["ScriptedUpstream", "serve_scripted"]
