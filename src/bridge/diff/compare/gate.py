"""Whether a comparison passes: the exit code for CI."""

from __future__ import annotations

from typing import Literal

from bridge.diff.observations import SEVERITIES, Comparison, Severity

Gate = Literal["breaking", "notice", "info", "never"]


def heaviest(comparison: Comparison) -> Severity | None:
    """The severity of the heaviest mismatch that nothing accepts; None where there is none."""
    severities = {each.severity for each in comparison.mismatches() if not each.is_accepted}
    return max(severities, key=SEVERITIES.index, default=None)


def exit_code(comparison: Comparison, gate: Gate = "breaking") -> int:
    """1 where something is as heavy as the gate or heavier, else 0. Raises ValueError for another gate."""
    if gate == "never":
        return 0
    if gate not in SEVERITIES:
        raise ValueError(f"there is no gate {gate!r}; there are {', '.join(reversed(SEVERITIES))} and never")
    found = heaviest(comparison)
    return int(found is not None and SEVERITIES.index(found) >= SEVERITIES.index(gate))
