"""runs.stream and create_and_stream => responses.create(stream=True) (codemod/streaming.py)."""

from __future__ import annotations

from bridge.codemod import streaming
from bridge.codemod.fixer import Fixer

FIXER = Fixer("runs_stream", calls={"runs.stream": streaming.create, "runs.create_and_stream": streaming.create})
