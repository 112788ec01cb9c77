"""What two runs of a program show: whether the model was asked the same, and whether the same came out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, Final, Literal

from attrs import frozen

from bridge.diff.compare import compare
from bridge.diff.tape import Leg, Tape

Verdict = Literal["proved", "differs"]
OBJECT: Final = "Page[Message](data="
"""Part of the text of a page of messages that a program prints whole: the rewrite prints the answer in it."""


@frozen
class Ran:
    """One run: the requests it sent upstream in their order, and what came out. `failed` says why it did not end."""

    requests: tuple[Any, ...]
    stdout: str
    stderr: str
    exit_code: int | None
    failed: str = ""


@frozen
class Evidence:
    """`findings` are what differs, for "proved" none; `remarks` what was seen and weighs nothing."""

    verdict: Verdict
    before: Ran | None = None
    after: Ran | None = None
    findings: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


def judge(before: Ran, after: Ran) -> Evidence:
    """Both ran against upstreams of the same script."""
    findings = [*_ends(before, after)]
    if not before.requests:
        findings.append("the program asked the model nothing: there is nothing to compare")
    asked, remarks = _asked(before, after)
    findings += asked
    shown, more = _shown(before.stdout, after.stdout)
    findings += shown
    return Evidence("differs" if findings else "proved", before, after, tuple(findings), (*remarks, *more))


def _ends(before: Ran, after: Ran) -> list[str]:
    if before.failed or after.failed:
        return [f"{name} {run.failed}" for name, run in (("before", before), ("after", after)) if run.failed]
    if before.exit_code != after.exit_code:
        return [f"exit code {before.exit_code} before, {after.exit_code} after: {_last(after.stderr)}"]
    if before.exit_code:
        return [f"the program fails before as well, with exit code {before.exit_code}: {_last(before.stderr)}"]
    return []


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "nothing on stderr"


# --- what the model was asked


def _asked(before: Ran, after: Ran) -> tuple[list[str], list[str]]:
    """In their order; where that differs, in any order, as of threads that run side by side."""
    if any(each.get("conversation") for each in after.requests):
        return _but_for_history(before, after), ["the history is kept upstream: what of it was read is not compared"]
    found = _mismatches(before.requests, after.requests)
    if not found:
        return [], []
    sorted_too = _mismatches(sorted(before.requests, key=_text), sorted(after.requests, key=_text))
    if not sorted_too:
        return [], ["the same requests came in another order"]
    return found, []


def _but_for_history(before: Ran, after: Ran) -> list[str]:
    """Everything but the input, of which a conversation holds the most."""
    bare = [[{k: v for k, v in each.items() if k not in ("input", "conversation")} for each in run.requests]
            for run in (before, after)]  # fmt: skip
    found = _mismatches(*bare)
    return found and _mismatches(*(sorted(requests, key=_text) for requests in bare))


def _text(request: Any) -> str:
    """Of the input without ids, which differ from run to run."""
    items = request.get("input") or []
    kept = [{k: v for k, v in item.items() if k in ("role", "content", "output", "name")} for item in items]
    return json.dumps([kept, request.get("instructions"), request.get("model")], sort_keys=True)


def _mismatches(before: Sequence[Any], after: Sequence[Any]) -> list[str]:
    legs = [tuple(Leg(request) for request in requests) for requests in (before, after)]
    comparison = compare(Tape((), legs[0]), Tape((), legs[1]))
    found = [each for each in comparison.mismatches() if not each.is_accepted and each.rule != "leg-setting"]
    return [f"{each.path}: {_short(each.control)} before, {_short(each.candidate)} after" for each in found]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


# --- what came out


def _shown(before: str, after: str) -> tuple[list[str], list[str]]:
    findings, remarks = [], []
    for number, (one, other) in enumerate(zip_longest(before.splitlines(), after.splitlines()), 1):
        if one == other:
            continue
        if one is not None and other and OBJECT in one and other in one:
            remarks.append(f"line {number} of the output: a page of messages before, the answer in it after")
        else:
            findings.append(f"line {number} of the output: {_short(one)} before, {_short(other)} after")
    return findings, remarks
