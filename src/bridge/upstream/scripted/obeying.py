"""`tool_choice` and `parallel_tool_calls`, which a model has to follow whatever a script says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from attrs import evolve

from bridge.records import Object
from bridge.upstream.scripted.choice import Called, Calling, Chosen, Saying, dump
from bridge.upstream.scripted.samples import sample
from bridge.upstream.scripted.script import ENDINGS, Cite, Code, Link, Search

HOSTED: Final[dict[str, type[Any]]] = {"file_search": Search, "code_interpreter": Code}
MADE_UP: Final[dict[str, Search | Code]] = {"file_search": Search(), "code_interpreter": Code("print(1)", "1\n")}
"""What is done with a hosted tool that is forced, and that the script does not use."""


class Obeying:
    """`tools` are the function tools of the request, by name."""

    def __init__(self, request: Object, tools: Mapping[str, Object]) -> None:
        self.request, self.tools = request, tools
        choice = request.get("tool_choice") or "auto"
        self.forced = str(choice.get("type") if isinstance(choice, dict) else choice)
        self.name = choice.get("name") if isinstance(choice, dict) else None

    def actions(self, planned: list[Chosen]) -> Iterator[Chosen]:
        """The planned actions without the tools that may not be used, and with those that must be."""
        hosted = [action for action in planned if isinstance(action, (Search, Code)) and self.may_use(action)]
        calls = self.allowed([called for action in planned for called in calls_of(action)], bool(hosted))
        if self.must_host(hosted, calls):
            yield MADE_UP[self.hosted_kind()]
        is_cut = any(isinstance(action, (Search, Code)) and not self.may_use(action) for action in planned)
        for action in planned:
            if isinstance(action, Calling):
                if kept := tuple(called for called in action.calls if is_among(called, calls)):
                    yield Calling(kept)
            elif isinstance(action, Saying):
                yield without_marks(action) if is_cut else action
            elif not isinstance(action, (Search, Code)) or self.may_use(action):
                yield action
        added = tuple(called for called in calls if not any(is_among(called, calls_of(action)) for action in planned))
        if added and not (planned and isinstance(planned[-1], ENDINGS)):
            yield Calling(added)

    def may_use(self, action: Search | Code) -> bool:
        is_free = self.forced not in ("none", "function", *HOSTED)
        return is_free or isinstance(action, HOSTED.get(self.forced, ()))

    def hosted_kind(self) -> str:
        """The hosted tool that is forced, or the first one the request has."""
        kinds = [self.forced, *(tool.get("type") for tool in self.request.get("tools") or ())]
        return next((kind for kind in kinds if kind in HOSTED), "")

    def must_host(self, hosted: Iterable[Search | Code], calls: list[Called]) -> bool:
        if self.forced == "required":
            return not (list(hosted) or calls) and self.hosted_kind() != ""
        return self.forced in HOSTED and not list(hosted)

    def allowed(self, planned: list[Called], is_hosted: bool) -> list[Called]:
        calls = planned
        if self.forced == "none" or self.forced in HOSTED:
            calls = []
        elif self.forced == "required" and not planned and not is_hosted and self.tools:
            calls = [self.made_up(next(iter(self.tools)))]
        elif self.forced == "function" and self.name is not None:
            calls = [called for called in planned if called.name == self.name] or [self.made_up(self.name)]
        return calls[:1] if self.request.get("parallel_tool_calls") is False else calls

    def made_up(self, name: str) -> Called:
        return Called(name, dump(sample(self.tools[name].get("parameters"))))


def calls_of(action: Chosen) -> tuple[Called, ...]:
    return action.calls if isinstance(action, Calling) else ()


def is_among(called: Called, calls: Iterable[Called]) -> bool:
    return any(called is each for each in calls)


def without_marks(saying: Saying) -> Saying:
    """Who may not search cites nothing, and who may not run code links to nothing that is there."""
    return evolve(saying, texts=tuple(tuple(unmarked(text)) for text in saying.texts))


def unmarked(text: Iterable[str | Cite | Link]) -> Iterator[str]:
    for piece in text:
        if not isinstance(piece, Cite):
            yield f"sandbox:/mnt/data/{piece.name}" if isinstance(piece, Link) else piece
