"""The rules of a scan: what each kind of finding is, how heavy, on which rungs it is in the way, and where to read on.

Severities: breaking fails today, or on the day it names; notice works on bridge and bites when the code is rewritten,
or bit already; info is good to know. The habits are those of 38 public migrations.
"""

from __future__ import annotations

from typing import Final, Literal

from attrs import frozen

from bridge.diff.observations import Severity
from bridge.scan.operations import OPERATIONS

Rung = Literal["run", "see", "rewrite", "share", "remove"]

RUNGS: Final[dict[Rung, str]] = {
    "run": "run unchanged, on bridge: fails until the program is run through bridge, or an old id is brought in",
    "see": "see what bites: works on bridge, and deserves a look before anything is rewritten",
    "rewrite": "rewrite, file by file: calls and what hangs on them",
    "share": "share threads: ids that old and new code both know",
    "remove": "remove bridge: what still names it",
}
"""The ladder, from the first rung to the last, and what is left on each."""

GUIDE: Final = "MIGRATION.md"


@frozen
class Rule:
    """`sentence` says what it is, `cure` how to go on, `anchor` is the section of MIGRATION.md that tells more."""

    id: str
    severity: Severity
    rungs: tuple[Rung, ...]
    sentence: str
    cure: str
    anchor: str


RULES: Final[dict[str, Rule]] = {
    rule.id: rule
    for rule in (
        # calls
        Rule(
            "call",
            "breaking",
            ("run", "rewrite"),
            "A call of the Assistants API, which answers 404 since 2026-08-26.",
            "Run it through bridge as it is, then rewrite it.",
            "calls",
        ),
        Rule(
            "bridged-call",
            "info",
            ("rewrite",),
            "A call of the Assistants API by a client of bridge.",
            "It works; rewrite it when its turn comes.",
            "calls",
        ),
        Rule(
            "event-handler",
            "notice",
            ("rewrite",),
            "A class of event handlers for the events thread.*.",
            "It works on bridge; on Responses read the events response.*.",
            "streaming",
        ),
        Rule(
            "type",
            "info",
            ("rewrite",),
            "A type of the Assistants API (openai.types.beta).",
            "It works as long as the package has it; the types of Responses are in openai.types.responses.",
            "calls",
        ),
        Rule(
            "header",
            "breaking",
            ("run", "rewrite"),
            "A header OpenAI-Beta: assistants=…, so requests of the Assistants API by hand.",
            "Send them to the gateway (bridge serve), then rewrite them.",
            "other-languages",
        ),
        Rule(
            "framework",
            "breaking",
            ("run", "rewrite"),
            "A framework's class that calls the Assistants API.",
            "bridge run runs it as it is; later take the framework's class for Responses.",
            "frameworks",
        ),
        Rule(
            "azure-agents",
            "notice",
            (),
            "Azure's agents (classic) speak the same protocol and end on 2027-03-31.",
            "Nothing to do today; they need the same migration by then.",
            "frameworks",
        ),
        # habits
        Rule(
            "endless-poll",
            "notice",
            ("see",),
            "A loop that waits for a status that may never come.",
            "End it at failed, expired, cancelled and incomplete too; BRIDGE_LOUD_FAILURES=on is a stopgap.",
            "polling",
        ),
        Rule(
            "no-deadline",
            "info",
            ("see",),
            "A polling loop without a look at expired and without a deadline of its own.",
            "A run expires ten minutes after it was made; say what the program does then.",
            "polling",
        ),
        Rule(
            "single-output",
            "notice",
            ("see", "rewrite"),
            "Tool outputs submitted one by one, inside the loop over the calls.",
            "Collect the outputs of all calls and submit them once: fewer are a 400.",
            "tool-outputs",
        ),
        Rule(
            "marker-replace",
            "notice",
            ("see", "rewrite"),
            "A citation's marker replaced in the text by annotation.text.",
            "Responses has no markers: use the annotation's index. To replace an empty text puts the new one between "
            "all characters.",
            "citations",
        ),
        Rule(
            "usage-field",
            "notice",
            ("see", "rewrite"),
            "A run's usage read by the old names.",
            "prompt_tokens is input_tokens on Responses, completion_tokens is output_tokens.",
            "usage",
        ),
        Rule(
            "newest-message",
            "notice",
            ("see", "rewrite"),
            "The first entry of messages.list taken for the answer.",
            "Ask for run_id=run.id, and look whether there is one and whether it is text.",
            "lists",
        ),
        Rule(
            "first-page",
            "notice",
            ("see",),
            "A list of which the first page alone is read: 20 objects unless limit says more, 100 at most.",
            "Iterate over the list itself, which asks for the next pages.",
            "lists",
        ),
        # what has ended, or will
        Rule(
            "retired-model",
            "breaking",
            ("run", "rewrite"),
            "A model that has ended.",
            "bridge runs its replacement; name it yourself.",
            "models",
        ),
        Rule(
            "ending-model",
            "notice",
            ("see",),
            "A model whose end is announced.",
            "Try its replacement in time: bridge diff and shadow compare the two.",
            "models",
        ),
        Rule(
            "first-beta",
            "breaking",
            ("run", "rewrite"),
            "A shape of the first beta (retrieval, file_ids, assistants=v1).",
            "bridge converts it (setting beta_v1 for the gateway); file_search and attachments are the later words.",
            "first-beta",
        ),
        Rule(
            "prompt-object",
            "breaking",
            ("see", "rewrite"),
            "A prompt object, which ends on 2026-11-30.",
            "Keep instructions, model and tools in the program.",
            "prompts",
        ),
        Rule(
            "moved-vector-stores",
            "notice",
            ("see",),
            "beta.vector_stores, which newer SDKs have as vector_stores.",
            "Take beta out of the name.",
            "calls",
        ),
        Rule(
            "stored-assistant",
            "notice",
            ("run", "remove"),
            "The id of an assistant of the old service.",
            "Declare it under its old id: bridge assistants apply.",
            "ids",
        ),
        Rule(
            "stored-thread",
            "notice",
            ("run", "share"),
            "The id of a thread of the old service.",
            "Bring the exported thread in under its old id: bridge import.",
            "ids",
        ),
        # the way out, and the scan itself
        Rule(
            "bridge",
            "info",
            ("remove",),
            "The program names bridge.",
            "Change it back when the last call is rewritten.",
            "leaving",
        ),
        Rule(
            "unreadable",
            "notice",
            ("see",),
            "A file that could not be read as what it is; it was searched by words alone.",
            "Look at it yourself.",
            "calls",
        ),
    )
}


def link(rule: str, operation: str | None = None) -> str:
    """Where to read on: of a call, what becomes of its operation."""
    known = OPERATIONS.get(operation or "")
    return f"{GUIDE}#{known.anchor if known else RULES[rule].anchor}"
