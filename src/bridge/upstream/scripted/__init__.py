"""The offline Responses server: ScriptedUpstream in-process, `app` and `serve_scripted` over HTTP.

The script format is described in docs/scripted-upstream.md.
"""

from __future__ import annotations

from bridge.upstream.scripted.asgi import app, serve_scripted
from bridge.upstream.scripted.upstream import ScriptedUpstream

__all__ = ["ScriptedUpstream", "app", "serve_scripted"]
