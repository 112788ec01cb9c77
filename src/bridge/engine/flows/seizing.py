"""Taking a run from a holder that let its lease lapse (design §3, "Leases").

Steps and messages bump no version, so what is stored of a run may grow until the very moment its lease changes hands: a
leg whose heart beat late still writes. So the claim is a commit of its own, and who claimed reads after it.
"""

from __future__ import annotations

from bridge.engine.effects import Committed, Flow, Snapshot, commit, run_state
from bridge.records import Claim, Fence, Guard, Run, Unchanged


def seize(snapshot: Snapshot, owner: str, at: float, until: float) -> Flow[Snapshot | None]:
    """The lease claimed as of `at`, and then everything of the run as its last holder left it.

    Whoever held the lease is fenced out from here on. None: somebody was quicker, or the lease was renewed. `at` may
    lie ahead, for a holder that is known to be dead: the lease taken is the one in the snapshot, never a newer one.
    """
    run = snapshot.run
    outcome = yield from commit([Claim(run.id, owner, at, until)], *guards(run))
    if not isinstance(outcome, Committed):
        return None
    seized = yield from run_state(run.thread_id, run.id)
    mine = (owner, run.lease.number + 1)
    return seized if seized is not None and (seized.run.lease.owner, seized.run.lease.number) == mine else None


def guards(run: Run) -> tuple[Guard, ...]:
    """What a commit needs to hold that was decided on this run: it is unchanged, and its lease is still the same one.

    A run that waits for outputs need not be seized: it has no holder, and nothing of it is written without a version.
    """
    unchanged = Unchanged(run.id, run.version)
    return (unchanged,) if run.lease.owner is None else (unchanged, Fence(run.id, run.lease.owner, run.lease.number))
