"""What could not be brought as it was, and why: the reasons, in words, with their way out (docs/import.md)."""

from __future__ import annotations

from typing import Final, Literal

from attrs import frozen

Weight = Literal["lost", "differs", "changed", "check"]
"""lost: it is not in the store. differs: the store has another, which was left alone. changed: brought, but not as it
was. check: brought; something that it names may be missing."""

FAILING: Final[frozenset[Weight]] = frozenset({"lost", "differs"})
"""What makes an import's exit code 1."""


@frozen
class Reason:
    weight: Weight
    sentence: str
    way_out: str


@frozen
class Loss:
    """`reason` is a key of REASONS. `id` may be a place (``a.json, line 3``) where nothing has an id."""

    reason: str
    kind: str
    id: str
    detail: str = ""
    thread_id: str | None = None


REASONS: Final[dict[str, Reason]] = {
    "unreadable": Reason("lost", "could not be read", "look at the place that is named, and import it again"),
    "invalid": Reason(
        "lost", "is no object as the API answered it", "mend the field that is named, and import it again"
    ),
    "no_thread": Reason("lost", "names no thread", "export it together with its thread"),
    "export_error": Reason("lost", "was missing when the export was made", "nobody can fetch it now"),
    "elsewhere": Reason("lost", "has an id that another thread's object has in the store", "import into another store"),
    "differs": Reason(
        "differs", "is in the store already, and differs", "--update takes the export's; without it the store's stays"
    ),
    "twice": Reason("changed", "is in the export twice, and differs", "the one read last was taken"),
    "living": Reason("changed", "was still at work, which nobody will go on with", "it was ended, as the detail says"),
    "unknown_field": Reason("changed", "has a field that has no place here", "none: the field was left out"),
    "unknown_part": Reason("changed", "has a part of an unknown type", "none: the part was left out"),
    "first_beta": Reason(
        "changed", "is in the words of the first beta", "`retrieval` became file_search; attach its files again"
    ),
    "thread_made": Reason(
        "changed", "is not in the export itself, only what is in it", "set its metadata again, if it had any"
    ),
    "late": Reason(
        "changed",
        "came behind newer messages of its thread",
        "lists have it in its place; what is sent to the model has it after those",
    ),
    "no_run": Reason("check", "names a run that is neither in the export nor in the store", "export the runs as well"),
    "no_assistant": Reason(
        "check",
        "names an assistant that is neither in the export nor in the store",
        "bridge assistants apply FILE makes it under its id",
    ),
    "vector_store": Reason(
        "check",
        "names a vector store, which must still be there upstream",
        "make a new one of its files, and give --vector-stores OLD=NEW",
    ),
    "no_bytes": Reason(
        "check",
        "is in the export without its bytes",
        "the upstream is asked for it; put the bytes into files/ID, and import again",
    ),
    "unknown_object": Reason("check", "is of a kind that has no place here", "none: it was left out"),
}
