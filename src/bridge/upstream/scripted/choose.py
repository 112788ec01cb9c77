"""Which answer a request gets. By content: whoever replays the same history gets the same answer, in any process.

The last user text chooses the rule; the rounds of calls since then lead through its `then`. Only `times` counts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import TypeAlias

from attrs import evolve

from bridge.forks import Lock
from bridge.records import Object
from bridge.upstream.scripted.choice import Called, Calling, Choice, Chosen, Saying, dump
from bridge.upstream.scripted.history import History, read_history, text_of
from bridge.upstream.scripted.models import is_plain
from bridge.upstream.scripted.obeying import Obeying
from bridge.upstream.scripted.refusals import mismatch
from bridge.upstream.scripted.samples import sample
from bridge.upstream.scripted.script import (
    Action,
    Answer,
    Call,
    Code,
    Error,
    Fail,
    Reason,
    Refuse,
    Rule,
    Say,
    Script,
    Search,
    ToolCall,
)
from bridge.upstream.scripted.templates import Context

Round: TypeAlias = tuple[tuple[str, str], ...]


def choose(script: Script, request: Object, take: Callable[[Rule], bool]) -> Choice:
    """The answer of `script` to `request`. `take` tells whether a rule may still answer, and counts that it does.

    Raises UpstreamRefused (script_mismatch) when the script and the request do not fit together.
    """
    return Chooser(script, request, take).choice()


class Turns:
    """How often rules answered, for those that may do so only some times. Any thread may call it."""

    def __init__(self) -> None:
        self._fired: Counter[str] = Counter()
        self._lock = Lock()

    def take(self, rule: Rule) -> bool:
        """Whether the rule may answer once more; if so, it did."""
        if rule.times is None:
            return True
        with self._lock:
            self._fired[rule.place] += 1
            return self._fired[rule.place] <= rule.times


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
        planned = list(self.ready(found.actions)) if found is not None else []
        actions = Obeying(self.request, self.tools).actions(planned or [self.fallback()])
        quirks = self.script.quirks | (found.quirks if found is not None else frozenset())
        return Choice(tuple(actions) or (self.fallback(),), quirks, self.history.text)

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

    def ready(self, actions: Iterable[Action]) -> Iterator[Chosen]:
        fill, pieces = self.context.fill, self.context.pieces
        for action in actions:
            if isinstance(action, Say):
                yield Saying(tuple(pieces(text) for text in action.texts))
            elif isinstance(action, Refuse):
                yield Refuse(fill(action.text))
            elif isinstance(action, Reason):
                if not is_plain(self.context.model):
                    yield Reason(fill(action.text))
            elif isinstance(action, Search):
                yield evolve(action, queries=tuple(fill(query) for query in action.queries))
            elif isinstance(action, Code):
                yield evolve(action, code=fill(action.code), logs=action.logs and fill(action.logs))
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

    # --- without a rule

    def fallback(self) -> Saying:
        return Saying(((self.friendly(),),))

    def friendly(self) -> str:
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
