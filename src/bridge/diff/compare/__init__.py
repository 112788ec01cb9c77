"""Two tapes side by side: pure functions from tapes to observations (docs/diff-rules.md)."""

from __future__ import annotations

from bridge.diff.compare.comparing import compare, learn
from bridge.diff.compare.gate import Gate, exit_code, heaviest
from bridge.diff.compare.measures import Threshold, Thresholds
from bridge.diff.compare.noise import Noise
from bridge.diff.compare.rules import Rule

__all__ = ["Gate", "Noise", "Rule", "Threshold", "Thresholds", "compare", "exit_code", "heaviest", "learn"]
