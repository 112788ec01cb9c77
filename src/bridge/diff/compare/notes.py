"""Differences that the project knows, and says why: conformance notes, applied to what they are about.

Each names the row of docs/conformance.md that it stands for; a test looks that it is there. A mismatch which a note
covers is accepted with the note's sentence. It does not matter which side is the old service.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from attrs import evolve, frozen

from bridge.diff.compare.patterns import matches
from bridge.diff.observations import Mismatch

PAPER: Final = "docs/conformance.md"
PASSING: Final = ("queued", "in_progress", "cancelling")
Check = Callable[[Any, Any], bool]


def always(control: Any, candidate: Any) -> bool:
    return True


def transient(control: Any, candidate: Any) -> bool:
    """Only statuses differ that a run passes through by itself, on its way to the others."""
    left, right = ([status for status in side if status not in PASSING] for side in (control, candidate))
    return left == right


def hosted_ids(control: Any, candidate: Any) -> bool:
    prefixes = {str(value).partition("_")[0] for value in (control, candidate)}
    return "call" in prefixes and bool(prefixes & {"ci", "fs"})


def words_of_errors(control: Any, candidate: Any) -> bool:
    return {control, candidate} & {"server_error", "rate_limit_exceeded", "invalid_prompt"} != set()


@frozen
class Note:
    """`anchor` and `row` say where the difference is written down: the section, and how its row begins. `of` is the
    kind of object that a key belongs to."""

    rules: tuple[str, ...]
    operations: tuple[str, ...]
    path: str
    anchor: str
    row: str
    sentence: str
    check: Check = always
    of: str = ""

    def covers(self, operation: str, mismatch: Mismatch) -> bool:
        return (
            mismatch.rule in self.rules
            and any(matches(pattern, operation) for pattern in self.operations)
            and matches(self.path, mismatch.path)
            and (not self.of or mismatch.detail == f"of a {self.of}")
            and self.check(mismatch.control, mismatch.candidate)
        )

    @property
    def text(self) -> str:
        return f"{self.sentence} ({PAPER}#{self.anchor})"


KEYS: Final = ("missing-key", "extra-key")
STEPS: Final = ("steps.*",)
STREAMS: Final = ("runs.*", "threads.create_and_run")

LATE_KEYS: Final = tuple(
    Note(
        KEYS,
        ("messages.*",),
        f"*.{key}",
        "answers",
        "Messages had no `status`",
        f"The old service had `{key}` of a message in streams only; the schema requires it, bridge has it in both.",
        of="thread.message",
    )
    for key in ("status", "incomplete_details", "incomplete_at", "completed_at")
)

STEP_KEYS: Final = tuple(
    Note(
        KEYS,
        (*STEPS, *STREAMS),
        f"*.{key}",
        "answers",
        "Run steps had no `expired_at`",
        f"Run steps of the old service lacked `{key}`, which the schema requires.",
        of="thread.run.step",
    )
    for key in ("expired_at", "metadata")
)

MODIFIED: Final = tuple(
    Note(
        KEYS,
        ("messages.modify",),
        f"$.{key}",
        "answers",
        "Modifying a message answered `file_ids: []`",
        "Modifying a message answered `file_ids` in place of `attachments`, a left-over of the first version.",
    )
    for key in ("file_ids", "attachments")
)

NOTES: Final[tuple[Note, ...]] = (
    *LATE_KEYS,
    *STEP_KEYS,
    *MODIFIED,
    Note(
        ("step-tokens",),
        (*STEPS, *STREAMS),
        "*usage*",
        "answers",
        "Every step had the tokens of its own call of the model",
        "One Responses call may make several steps and has one usage; the sum is the run's.",
    ),
    Note(
        ("literal",),
        ("runs.*",),
        "*.last_error.code",
        "answers",
        "Vocabulary of `last_error.code`",
        "What upstreams call otherwise is folded into the old service's few words.",
        words_of_errors,
    ),
    Note(
        ("statuses",),
        ("runs.*",),
        "polls.statuses",
        "runs",
        "A run seen as `queued` for about a second",
        "There is no queue, so polls rarely see one; which statuses they see on the way is a matter of when they ask.",
        transient,
    ),
    Note(
        ("id-form",),
        ("*",),
        "*.tool_calls[*].id",
        "tools",
        "Calls of the code interpreter and of file search had ids",
        "Calls of hosted tools have the upstream's ids: nobody answers them.",
        hosted_ids,
    ),
    Note(
        ("text-normalised",),
        ("*",),
        "*",
        "tools",
        "Citation markers were in the model's text",
        "Citation markers are put where the annotation stands, each unique in its message.",
        lambda control, candidate: "【" in str(control) or "【" in str(candidate),
    ),
    Note(
        ("type", "null", "missing-item", "extra-item", "tool-result"),
        (*STEPS, *STREAMS),
        "*.code_interpreter.outputs*",
        "tools",
        "Logs of the code interpreter were often missing",
        "The old service often left the logs of the code interpreter out in its last year.",
    ),
)


def noted(operation: str, mismatches: Sequence[Mismatch], notes: Sequence[Note] = NOTES) -> list[Mismatch]:
    """The same mismatches, those which a note covers with its text."""
    return [_noted(operation, each, notes) for each in mismatches]


def _noted(operation: str, mismatch: Mismatch, notes: Sequence[Note]) -> Mismatch:
    if mismatch.is_accepted:
        return mismatch
    note = next((note for note in notes if note.covers(operation, mismatch)), None)
    return mismatch if note is None else evolve(mismatch, note=note.text)
