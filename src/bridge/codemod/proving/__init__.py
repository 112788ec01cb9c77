"""Proof: a program before and after its rewrite, each run once, and what both did (docs/codemod.md)."""

from bridge.codemod.proving.judging import Evidence, Ran
from bridge.codemod.proving.running import Proving, prove

__all__ = ["Evidence", "Proving", "Ran", "prove"]
