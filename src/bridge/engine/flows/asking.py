"""The Responses call of a leg: from what is stored, within what fits, with what the upstream knows of our files.

What a refusal teaches (too long, the container is gone) narrows the next asking of the same leg.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from bridge import lifecycle, model_families
from bridge.engine import abilities, lessons
from bridge.engine.effects import (
    Flow,
    History,
    Refused,
    Send,
    Sent,
    Snapshot,
    history,
    learn,
    lessons_of,
    now,
    send,
    warn,
)
from bridge.engine.flows import Context, background, containers, lending
from bridge.records import Entry, Object, Run
from bridge.translate import context as fitting
from bridge.translate import runs
from bridge.translate.context import CHARACTERS_PER_TOKEN

COUNTED: Final = (
    "model",
    "input",
    "instructions",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "text",
    "reasoning",
)
"""What of a request POST /responses/input_tokens takes."""

COUNTS: Final = 4
"""How often the input is counted for one leg: each time less of it, in proportion to what was too much."""

SHORTER: Final = 0.7
"""What is left of an input that was too long, at the next try."""

OVERFLOW: Final = re.compile(r"context.?length|context window|maximum context|too many tokens", re.IGNORECASE)
"""How servers say it that have no code for it (mapping §16)."""

CONTAINER: Final = re.compile(r"\bcontainer\b", re.IGNORECASE)
"""Of a container that is gone: "Container is expired." (mapping §11); others say that it was not found."""

ESTIMATED: Final = "the upstream does not count tokens, so four characters are taken for one"
NO_COUNT: Final = "input_tokens"


@frozen
class Limits:
    """What is known to be too much, or gone. `characters` of input; None asks the model's window. `gone` are files."""

    characters: int | None = None
    may_reuse_container: bool = True
    gone: frozenset[str] = frozenset()


@frozen
class Asked:
    """A request, and what went into it: how many characters of input, and which container was to be used again."""

    request: Object
    draft: _Draft
    characters: int
    model: str
    file_ids: Sequence[str] = ()
    container: str | None = None

    def can_shrink(self) -> bool:
        """Whether anything of the input could be dropped."""
        shortest = evolve(self.draft, characters=1).request()
        return fitting.size(shortest["input"]) < self.characters


def ask(context: Context, snapshot: Snapshot, limits: Limits) -> Flow[Asked | None]:
    """The request of the leg; None where the run's prompt budget does not hold what must be sent."""
    run = snapshot.run
    asked_model = lifecycle.resolve(run.model, (yield from now()), context.options.models, context.profile.name).model
    known = yield from lessons_of(asked_model, context.upstream)
    wanted = limits.characters or model_families.window(asked_model) * CHARACTERS_PER_TOKEN
    last = run.truncation_strategy.get("last_messages")
    entries = yield from history(History(run.thread_id, run.id, wanted, last))
    for id in sorted(limits.gone):
        yield from warn("file_ids", f"the upstream does not have the file {id} (any more)")
    present = lending.without(run.tool_resources, limits.gone)
    run = evolve(run, tool_resources=(yield from lending.resources(present, run.expires_at, limits.gone)))
    container = yield from _container(snapshot, run, limits)
    draft = _Draft(run, asked_model, context, entries, wanted, container, known, limits.gone)
    asked = yield from _within_budget(context, draft)
    if asked is None:
        return None
    request = {**asked, "input": (yield from lending.images(asked["input"], limits.gone))}
    file_ids = lending.file_ids(run.tool_resources)
    if background.is_wanted(context, known):
        request = background.request(request)
    characters = fitting.size(asked["input"])
    return Asked(lessons.apply(request, known), draft, characters, asked_model, file_ids, container)


def is_overflow(refused: Refused) -> bool:
    """Whether the input is longer than the model can read."""
    return refused.code == "context_length_exceeded" or OVERFLOW.search(refused.message) is not None


def remedy(refused: Refused, asked: Asked | None, limits: Limits) -> Limits | None:
    """With which limits the leg is worth asking again after this refusal; None where there is nothing to be done."""
    if asked is None:
        return None
    gone = lending.named(asked.request, refused.message) - limits.gone
    if gone:
        return evolve(limits, gone=limits.gone | gone)
    if asked.container is not None and CONTAINER.search(refused.message):
        return evolve(limits, may_reuse_container=False)
    if is_overflow(refused) and asked.can_shrink():
        characters = min(asked.characters, limits.characters or asked.characters)
        return evolve(limits, characters=max(1, int(characters * _shorter(refused))))
    return None


def _shorter(refused: Refused) -> float:
    """How much of the input is tried next: in proportion, where the server told its limit and what it got."""
    said = [int(number) for number in re.findall(r"\d{3,}", refused.message.replace(",", ""))]
    takes, got = (said[0], max(said)) if len(said) > 1 else (0, 0)
    return 0.95 * takes / got if 0 < takes < got else SHORTER


@frozen
class _Draft:
    run: Run
    model: str
    context: Context
    entries: tuple[Entry, ...]
    characters: int
    container: str | None
    known: frozenset[str]
    gone: frozenset[str]

    def request(self, prompt_characters: int | None = None) -> Object:
        request = runs.to_responses(
            self.run,
            self.entries,
            first_leg=self.run.leg == 0,
            include_reasoning=self._takes_reasoning(),
            characters=self.characters,
            prompt_characters=prompt_characters,
            container=self.container,
        )
        return abilities.fit({**request, "model": self.model}, self.context.profile)

    def _takes_reasoning(self) -> bool:
        is_refused = self.context.profile.encrypted_reasoning is False or lessons.ENCRYPTED in self.known
        return not is_refused and model_families.reasons(self.model) is not False


def _container(snapshot: Snapshot, run: Run, limits: Limits) -> Flow[str | None]:
    if not limits.may_reuse_container or all(tool["type"] != "code_interpreter" for tool in run.tools):
        return None
    file_ids = lending.file_ids(run.tool_resources)
    at = yield from now()
    return (yield from containers.alive(snapshot.thread, file_ids, at, float(run.expires_at)))


# --- max_prompt_tokens


def _within_budget(context: Context, draft: _Draft) -> Flow[Object | None]:
    """The request whose input fits what the legs before left of the budget, as the upstream counts it (§5.2)."""
    left = runs.left_to_prompt(draft.run)
    if left is None:
        return draft.request()
    if context.profile.input_tokens is False or NO_COUNT in draft.known:
        yield from warn("max_prompt_tokens", ESTIMATED)
        return draft.request()
    request = draft.request(draft.characters)
    for _ in range(COUNTS):
        count = yield from _count(draft, request)
        if count is None:
            yield from warn("max_prompt_tokens", ESTIMATED)
            return draft.request()
        if count <= left:
            return request
        size = fitting.size(request["input"])
        shorter = draft.request(max(1, size * left // count - 1))
        if fitting.size(shorter["input"]) >= size:
            return None
        request = shorter
    return None


def _count(draft: _Draft, request: Object) -> Flow[int | None]:
    body: Object = {name: request[name] for name in COUNTED if name in request}
    body["input"] = yield from lending.images(request["input"], draft.gone)
    answer = yield from send(Send("POST", "/responses/input_tokens", body, until=float(draft.run.expires_at)))
    if isinstance(answer, Sent):
        count = answer.body.get("input_tokens")
        if answer.is_ok and isinstance(count, int):
            return count
        if answer.status in (404, 405, 501):
            yield from learn(draft.model, NO_COUNT, draft.context.upstream)
    return None
