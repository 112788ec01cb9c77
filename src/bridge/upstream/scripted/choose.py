"""Which answer a request gets. By content: whoever replays the same history gets the same answer, in any process.

The last user text chooses the rule; the rounds of calls since then lead through its `then`. Only `times` counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

import orjson
from attrs import evolve, frozen

from bridge.records import Object
from bridge.upstream.scripted.history import History, read_history, text_of
from bridge.upstream.scripted.models import is_plain
from bridge.upstream.scripted.refusals import mismatch
from bridge.upstream.scripted.samples import sample
from bridge.upstream.scripted.script import (
    ENDINGS,
    Action,
    Answer,
    Call,
    Error,
    Fail,
    Reason,
    Refuse,
    Rule,
    Say,
    Script,
    ToolCall,
)
from bridge.upstream.scripted.templates import Context

Round: TypeAlias = tuple[tuple[str, str], ...]


@frozen
class Called:
    """One call as it goes out. `call_id` None: the upstream makes one."""

    name: str
    arguments: str
    call_id: str | None = None


@frozen
class Calling:
    calls: tuple[Called, ...]


@frozen
class Choice:
    """Filled in and ready to be written: no templates, no Call (each is a Calling). `text` is the last user text."""

    actions: tuple[Action | Calling, ...]
    quirks: frozenset[str] = frozenset()
    text: str = ""


def choose(script: Script, request: Object, take: Callable[[Rule], bool]) -> Choice:
    """The answer of `script` to `request`. `take` tells whether a rule may still answer, and counts that it does.

    Raises UpstreamRefused (script_mismatch) when the script and the request do not fit together.
    """
    return Chooser(script, request, take).choice()


class Chooser:
    def __init__(self, script: Script, request: Object, take: Callable[[Rule], bool]) -> None:
        self.script, self.request, self.take = script, request, take
        self.history: History = read_history(request)
        self.tools: dict[str, Object] = {
            tool["name"]: tool for tool in request.get("tools") or () if tool.get("type") == "function"
        }
        self.context = Context(
            text=self.history.text,
            instructions=text_of(request.get("instructions")),
            model=request["model"],
            outputs=self.history.called,
        )

    def choice(self) -> Choice:
        found = self.find(self.script.rules, self.history.text, self.history.rounds)
        if found is None and self.script.strict:
            raise mismatch(f"No rule of the script fits {self.history.text!r} after {list(self.history.called)}.")
        answer = found or Answer((Say((self.fallback(),)),))
        actions = tuple(self.obey(self.ready(answer.actions)))
        said = actions or (Say((self.fallback(),)),)
        return Choice(said, self.script.quirks | answer.quirks, self.history.text)

    # --- the rule

    def find(self, rules: Iterable[Rule], text: str, rounds: tuple[Round, ...]) -> Answer | None:
        """The first rule whose condition holds and whose calls are those made so far."""
        for rule in rules:
            if rule.when.holds(text) and (answer := self.follow(rule, rounds)):
                return answer
        return None

    def follow(self, rule: Rule, rounds: tuple[Round, ...]) -> Answer | None:
        answer = rule.answer
        if not rounds:
            return answer if self.can_call(answer) and self.take(rule) else None
        due, outputs = Counter(self.names(answer.calls)), list[str]()
        while rounds and due:
            made = Counter(name for name, _ in rounds[0])
            if made - due:
                return None
            due, outputs, rounds = due - made, [*outputs, *(output for _, output in rounds[0])], rounds[1:]
        if not outputs:
            return None
        if due:
            return Answer((Call(tuple(self.left(answer.calls, due))),), answer.then, answer.quirks)
        return self.find(answer.then, " and ".join(outputs), rounds)

    def left(self, calls: Iterable[ToolCall], due: Counter[str]) -> Iterator[ToolCall]:
        """What of `calls` was not made yet: without parallel calls each waits for the one before."""
        for call in calls:
            for name in self.names([call]):
                if due[name] > 0:
                    due[name] -= 1
                    yield call if call.like is None else ToolCall(like=name, arguments=call.arguments)

    def can_call(self, answer: Answer) -> bool:
        """An answer that only calls tools alike, none of which is there, is passed over."""
        only_calls = all(isinstance(action, Call) for action in answer.actions)
        return not only_calls or bool(self.names(answer.calls))

    def names(self, calls: Iterable[ToolCall]) -> list[str]:
        known = dict.fromkeys([*self.tools, *(name for name, _ in self.history.called)])
        return [
            name
            for call in calls
            for name in ([call.name or ""] if call.like is None else [name for name in known if call.fits(name)])
        ]

    # --- the actions

    def ready(self, actions: Iterable[Action]) -> Iterator[Action | Calling]:
        fill = self.context.fill
        for action in actions:
            if isinstance(action, Say):
                yield Say(tuple(fill(text) for text in action.texts))
            elif isinstance(action, Refuse):
                yield Refuse(fill(action.text))
            elif isinstance(action, Reason):
                if not is_plain(self.context.model):
                    yield Reason(fill(action.text))
            elif isinstance(action, (Fail, Error)):
                yield evolve(action, message=fill(action.message))
            elif isinstance(action, Call):
                yield Calling(tuple(called for call in action.calls for called in self.resolve(call)))
            else:
                yield action

    def resolve(self, call: ToolCall) -> Iterator[Called]:
        """Calls of tools the request really has: a model cannot call what it was not told of."""
        if call.like is not None:
            for name in [name for name in self.tools if call.fits(name)]:
                hints = self.context.fill_all(call.arguments)
                yield Called(name, dump(sample(self.tools[name].get("parameters"), hints)))
            return
        if call.name not in self.tools:
            raise mismatch(f"The script calls {call.name}, the request has only the tools {list(self.tools)}.")
        arguments = self.context.fill_all(call.arguments)
        if arguments is None:
            arguments = sample(self.tools[call.name].get("parameters"))
        yield Called(call.name, arguments if isinstance(arguments, str) else dump(arguments), call.call_id)

    def obey(self, actions: Iterator[Action | Calling]) -> Iterator[Action | Calling]:
        """`tool_choice` and `parallel_tool_calls`, as a model has to follow them."""
        listed = list(actions)
        planned = [called for action in listed if isinstance(action, Calling) for called in action.calls]
        calls = self.allowed(planned)
        for action in listed:
            if not isinstance(action, Calling):
                yield action
            elif kept := tuple(called for called in action.calls if any(called is each for each in calls)):
                yield Calling(kept)
        added = tuple(called for called in calls if not any(called is each for each in planned))
        if added and not (listed and isinstance(listed[-1], ENDINGS)):
            yield Calling(added)

    def allowed(self, planned: list[Called]) -> list[Called]:
        wanted = self.request.get("tool_choice") or "auto"
        calls = planned
        if wanted == "none":
            calls = []
        elif wanted == "required" and not planned and self.tools:
            calls = [self.made_up(next(iter(self.tools)))]
        elif isinstance(wanted, dict) and wanted.get("type") == "function":
            name = wanted["name"]
            calls = [called for called in planned if called.name == name] or [self.made_up(name)]
        return calls[:1] if self.request.get("parallel_tool_calls") is False else calls

    def made_up(self, name: str) -> Called:
        return Called(name, dump(sample(self.tools[name].get("parameters"))))

    # --- without a rule

    def fallback(self) -> str:
        format = (self.request.get("text") or {}).get("format") or {}
        if format.get("type") == "json_schema":
            return dump(sample(format.get("schema")))
        if format.get("type") == "json_object":
            return dump({"answer": self.history.text})
        if self.history.called:
            return self.context.fill("I found that {named_outputs}.")
        if not self.history.text:
            return "Hello! What can I do for you?"
        return self.context.fill("Hello! I am a script, not a model, and I heard: {text}")


def dump(value: object) -> str:
    return orjson.dumps(value).decode()
