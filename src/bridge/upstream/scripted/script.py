"""A script: what the offline upstream answers, and when. Frozen data; `reading.py` makes it of YAML or Python data.

Script ── Rule(when, Answer) ── actions: Say, Refuse, Reason, Call, Search, Code, Annotate, Wait, Pace, Fail, …
                             └─ then: the rules for what follows the outputs of the answer's calls
"""

from __future__ import annotations

import re
from typing import Any, Literal, TypeAlias

from attrs import field, frozen

from bridge.records import Object


@frozen
class Say:
    """Each text is a message of its own; the first goes on with the message that is open, if one is."""

    texts: tuple[str, ...]


@frozen
class Refuse:
    """A refusal content part."""

    text: str


@frozen
class Reason:
    """A reasoning item; left out for models that do not reason (responses-mapping §19)."""

    text: str


@frozen
class ToolCall:
    """One call. `name` is the very name of a tool, `like` a part of the name of any number of tools.

    `arguments`: an object, a string sent as it is, or None for a sample made of the tool's parameters.
    """

    name: str | None = None
    like: str | None = None
    arguments: Object | str | None = None
    call_id: str | None = None

    def fits(self, name: str) -> bool:
        """Whether a call of the function `name` may be this call."""
        return name == self.name if self.like is None else plain(self.like) in plain(name)


@frozen
class Call:
    """Function calls, made in parallel unless the request forbids that."""

    calls: tuple[ToolCall, ...]


@frozen
class Search:
    """A file_search call. Without `results` they are found in the vector stores of the request."""

    queries: tuple[str, ...] = ()
    results: tuple[Object, ...] | None = None


@frozen
class Made:
    """A file that the code leaves in its container; without content a picture. `shown` is what plt.show() does."""

    name: str
    content: bytes | None = None
    shown: bool = False


@frozen
class Code:
    """A code_interpreter call, what it printed, and what it made."""

    code: str
    logs: str | None = None
    files: tuple[Made, ...] = ()


@frozen
class Annotate:
    """An annotation of the text so far, sent as it is."""

    annotation: Object


@frozen
class Cite:
    """``{cite[…]}`` in a text: a result of the newest search, by number or filename."""

    key: str


@frozen
class Link:
    """``{file[…]}`` in a text: a file that the code made, by name."""

    name: str


@frozen
class Wait:
    """Seconds of silence, here."""

    seconds: float


@frozen
class Pace:
    """Seconds before each delta from here on."""

    seconds: float


@frozen
class Fail:
    """The response ends with response.failed."""

    code: str
    message: str


@frozen
class Error:
    """An HTTP error instead of a response. `retry_after` is in seconds."""

    status: int
    message: str
    code: str | None = None
    type: str = "invalid_request_error"
    param: str | None = None
    retry_after: float | None = None


@frozen
class Cut:
    """The stream ends without a terminal event: cleanly, or with the connection reset.

    A response in the background goes on, with the actions that follow.
    """

    how: Literal["clean", "reset"] = "clean"


@frozen
class Incomplete:
    """The response ends with response.incomplete."""

    reason: Literal["max_output_tokens", "content_filter"]


Action: TypeAlias = (
    Say | Refuse | Reason | Call | Search | Code | Annotate | Wait | Pace | Fail | Error | Cut | Incomplete
)
ENDINGS = (Fail, Error, Cut, Incomplete)


@frozen
class Answer:
    """Actions in their order, and the rules for the outputs of their calls. `quirks` are names from `quirks.py`."""

    actions: tuple[Action, ...]
    then: tuple[Rule, ...] = ()
    quirks: frozenset[str] = frozenset()

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        return tuple(call for action in self.actions if isinstance(action, Call) for call in action.calls)


@frozen
class When:
    """A condition on a text: it holds the words, or the words as a regular expression match somewhere in it.

    Upper and lower case are the same. None is always true.
    """

    words: str | None = None
    pattern: re.Pattern[str] | None = field(init=False)

    @pattern.default
    def _compiled(self) -> re.Pattern[str] | None:
        try:
            return re.compile(self.words, re.IGNORECASE | re.DOTALL) if self.words is not None else None
        except re.error:
            return None

    def holds(self, text: str) -> bool:
        if self.words is None or self.words.casefold() in text.casefold():
            return True
        return self.pattern is not None and self.pattern.search(text) is not None


@frozen
class Rule:
    """`place` is where it stands in the script (``rules[2].then[0]``). It answers `times` times; None is for ever."""

    place: str
    when: When
    answer: Answer
    times: int | None = None


@frozen
class Script:
    """Rules in their order, the first that fits answers. `strict`: a request that fits none is an error.

    `window` is how many tokens of input the models read; `ingestion` how many seconds a vector store needs for a file;
    `container_seconds` how long an idle container lives.
    """

    rules: tuple[Rule, ...]
    strict: bool = False
    quirks: frozenset[str] = frozenset()
    window: int | None = None
    ingestion: float = 0.0
    container_seconds: float | None = None


def plain(name: Any) -> str:
    """A name without case and punctuation: ``get_current_temperature`` and ``getCurrentTemperature`` are the same."""
    return re.sub(r"[^a-z0-9]", "", str(name).casefold())
