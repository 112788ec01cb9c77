"""What a server can do, found out by asking it: a few small calls, and what their answers mean (profiles.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from attrs import frozen

from bridge.calls import Credential
from bridge.engine.effects import Refused, Send, Sent
from bridge.profiles import PROFILES, Profile
from bridge.records import Object
from bridge.translate import loose
from bridge.upstream import StreamBroken, Upstream, UpstreamRefused

Answer = Sent | Refused

NOBODY: Final = "resp_bridge_doctor_made_this_up"
TOOL: Final[Object] = {
    "type": "function",
    "name": "f",
    "parameters": {"type": "object", "properties": {}},
    "strict": False,
}
SEALED: Final = "reasoning.encrypted_content"
HELLO: Final = [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Say hello."}]}]


@frozen
class Probe:
    """One question. `ability` is the one of a profile that its answer tells; None: whether responses work at all."""

    name: str
    ability: str | None
    ask: Callable[[str], Send]
    means: Callable[[Answer], bool | None]


def responses(**more: object) -> Callable[[str], Send]:
    """A small response that is not streamed."""
    base: Object = {"input": HELLO, "stream": False, "store": False, "max_output_tokens": 64}
    return lambda model: Send("POST", "/responses", {"model": model, **base, **more})


def works(answer: Answer) -> bool | None:
    """A refusal of the key says nothing about the server."""
    if isinstance(answer, Refused) or answer.status in (401, 403, 429) or answer.status >= 500:
        return None
    return answer.status < 400


def is_there(answer: Answer) -> bool | None:
    """Whether there is such an endpoint: what is wrong with a call to it does not matter."""
    if isinstance(answer, Refused) or answer.status in (401, 403, 429) or answer.status >= 500:
        return None
    return answer.status not in (404, 405, 501)


def is_kept_apart(answer: Answer) -> bool | None:
    """An unknown previous response must be refused; where it is not, it is ignored."""
    found = works(answer)
    return None if found is None else not found


def gave_sealed(answer: Answer) -> bool | None:
    """A model that does not reason refuses too, so a refusal tells nothing."""
    if works(answer) is not True or isinstance(answer, Refused):
        return None
    items = loose.objects(answer.body, "output")
    return True if any(loose.text(item, "encrypted_content") for item in items) else None


PROBES: Final = (
    Probe("answers", None, responses(), works),
    Probe("function tools", None, responses(tools=[TOOL]), works),
    Probe("previous_response_id", "previous_ids", responses(previous_response_id=NOBODY), is_kept_apart),
    Probe("metadata", "metadata", responses(metadata={"a": "b"}), works),
    Probe("tool_choice", "tool_choice", responses(tools=[TOOL], tool_choice="none"), works),
    Probe("encrypted reasoning", "encrypted_reasoning", responses(include=[SEALED]), gave_sealed),
    Probe(
        "input_tokens",
        "input_tokens",
        lambda model: Send("POST", "/responses/input_tokens", {"model": model, "input": HELLO}),
        is_there,
    ),
    Probe("conversations", "conversations", lambda model: Send("POST", "/conversations", {}), is_there),
    Probe("vector stores", "vector_stores", lambda model: Send("GET", "/vector_stores"), is_there),
    Probe("files", "files", lambda model: Send("GET", "/files"), is_there),
    Probe("containers", "containers", lambda model: Send("GET", "/containers"), is_there),
)


@frozen
class Found:
    """What a probe found: True, False, or None where the answer does not tell; `said` is the server's own word."""

    probe: Probe
    value: bool | None
    said: str = ""


def probe(upstream: Upstream, model: str) -> list[Found]:
    """Every probe, and one stream. Stops when responses do not work at all."""
    found: list[Found] = []
    for each in PROBES:
        answer = _asked(upstream, each.ask(model))
        found.append(Found(each, each.means(answer), _said(answer)))
        if each.name == "answers" and not found[-1].value:
            return found
    return [*found, _streamed(upstream, model)]


def nearest(found: list[Found]) -> Profile:
    """The profile that agrees with most of what was found; ties go to the one that claims least."""
    known: Mapping[str, bool | None] = {each.probe.ability: each.value for each in found if each.probe.ability}

    def agreement(profile: Profile) -> int:
        pairs = [(value, getattr(profile, name)) for name, value in known.items() if value is not None]
        return sum((1 if value == said else -2) for value, said in pairs if said is not None)

    candidates = [profile for profile in PROFILES.values() if profile.name not in ("scripted", "azure")]
    return max(reversed(candidates), key=agreement)


def _streamed(upstream: Upstream, model: str) -> Found:
    body = {**(responses()(model).body or {}), "stream": True}
    try:
        types = [event.get("type") for event in upstream.open(body, Credential())]
    except (UpstreamRefused, StreamBroken) as error:
        return Found(Probe("streaming", None, responses(), works), False, str(error))
    is_whole = bool(types) and types[-1] in ("response.completed", "response.incomplete")
    return Found(Probe("streaming", None, responses(), works), is_whole, "" if is_whole else "the stream has no end")


def _asked(upstream: Upstream, effect: Send) -> Answer:
    try:
        return upstream.send(effect, Credential())
    except UpstreamRefused as error:
        return error.refused


def _said(answer: Answer) -> str:
    if isinstance(answer, Refused):
        return answer.message
    if answer.is_ok:
        return ""
    return f"{answer.status} {loose.text(loose.object(answer.body, 'error'), 'message') or ''}".strip()
