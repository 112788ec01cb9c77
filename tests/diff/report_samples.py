"""Comparisons for tests and papers, made without tapes.

`python tests/diff/samples.py DIRECTORY` writes the page of each, to be looked at.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from attrs import evolve

from bridge.diff.observations import MISSING, Comparison, Mismatch, Observation, Side
from bridge.diff.tape import Answer, Event, Exchange, Leg, Request

Make = Callable[[], Comparison]
CONTROL: Final = Side("assistants-2026-07", "vcr cassette tests/cassettes/weather.yaml")
CANDIDATE: Final = Side("bridge", "replayed, upstream tape")
THREAD: Final = "thread_7kQmZr2XwVbN4tLd"


def exchange(number: int, request: Request, answer: Answer | None) -> Exchange:
    return Exchange(number, request, answer, at=number * 1.5)


def paired(number: int, request: Request, one: Answer | None, other: Answer | None, *found: Mismatch) -> Observation:
    return Observation(number, exchange(number, request, one), exchange(number, request, other), found)


def run(side: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"run_{side}0a1b2c3d",
        "object": "thread.run",
        "created_at": 1764066000,
        "thread_id": THREAD,
        "status": status,
        "model": "gpt-4o",
        "tools": [],
        "last_error": None,
        "usage": None,
        **more,
    }


def message(text: str, **more: Any) -> dict[str, Any]:
    content = [{"type": "text", "text": {"value": text, "annotations": []}}]
    return {"id": "msg_a", "object": "thread.message", "role": "assistant", "content": content, **more}


# --- all kinds


WORDS: Final = "In Oslo it is 4 °C now, with light rain from the west.\nTake a coat; the evening stays dry."
OTHER_WORDS: Final = "In Oslo it is 5 °C now, with light rain from the south-west.\nTake a coat, the evening stays dry."


def every_kind() -> Comparison:
    """A small program: an assistant, a thread, a tool call, a stream, and something of every kind and severity."""
    return Comparison(
        CONTROL,
        CANDIDATE,
        (
            _assistant(),
            _thread(),
            _calls(),
            _outputs(),
            _stream(),
            _listed(),
            _refused(),
            _control_only(),
            _broken(),
            _native(),
        ),
        repeats=3,
        notes=("2 lines of the cassette were no JSON and are compared as text.",),
    )


def _assistant() -> Observation:
    request = Request("POST", "/assistants", body={"model": "gpt-4o", "instructions": "Be brief.", "tools": []})
    body = {"id": "asst_1", "object": "assistant", "model": "gpt-4o", "instructions": "Be brief.", "metadata": {}}
    one, other = Answer(200, body=body, seconds=0.41), Answer(200, body={**body, "id": "asst_2"}, seconds=0.02)
    return paired(1, request, one, other)


def _thread() -> Observation:
    request = Request("POST", "/threads", body={"messages": [{"role": "user", "content": "The weather in Oslo?"}]})
    body = {"id": THREAD, "object": "thread", "metadata": {}, "tool_resources": {}}
    one = Answer(200, {"openai-version": "2020-10-01"}, body, seconds=0.38)
    other = Answer(200, {"openai-version": "2020-10-01"}, {**body, "tool_resources": None}, seconds=0.03)
    return paired(2, request, one, other, Mismatch("structure", "null", "$.tool_resources", {}, None, "notice"))


def _calls() -> Observation:
    def waiting(side: str, *arguments: str) -> dict[str, Any]:
        calls = [{"id": f"call_{n}", "function": {"name": "weather", "arguments": a}} for n, a in enumerate(arguments)]
        return run(side, "requires_action", required_action={"submit_tool_outputs": {"tool_calls": calls}})

    path = "$.required_action.submit_tool_outputs.tool_calls"
    argued = f"{path}[0].function.arguments"
    return evolve(
        paired(
            3,
            Request("GET", f"/threads/{THREAD}/runs/run_x", headers={"x-stainless-poll-helper": "true"}),
            Answer(200, body=waiting("c", '{"city":"Oslo","unit":"C"}', '{"city":"Bergen","unit":"C"}'), seconds=1.9),
            Answer(200, body=waiting("d", '{"city":"Oslo, NO"}'), seconds=1.2),
            Mismatch("tool", "arguments", argued, '{"city":"Oslo","unit":"C"}', '{"city":"Oslo, NO"}', "breaking"),
            Mismatch("tool", "parallelism", path, 2, 1, "notice"),
        ),
        legs=((_leg("Be brief.", "C"), _leg("Be brief. Use tools.", "C")),),
    )


def _leg(instructions: str, run: str) -> Leg:
    tool = {"type": "function", "name": "weather", "parameters": {"type": "object", "properties": {"city": {}}}}
    asked = [{"type": "message", "role": "user", "content": "The weather in Oslo?"}]
    request = {"model": "gpt-4o", "instructions": instructions, "input": asked, "tools": [tool], "store": False}
    usage = {"input_tokens": 84, "output_tokens": 31}
    return Leg(request, run, {"id": "resp_1", "object": "response", "usage": usage, "status": "completed"}, 2.2)


def _outputs() -> Observation:
    outputs = [{"tool_call_id": "call_0", "output": '{"celsius": 4}'}]
    request = Request("POST", f"/threads/{THREAD}/runs/run_x/submit_tool_outputs", body={"tool_outputs": outputs})
    one = Answer(200, body=run("c", "queued"), seconds=0.44)
    return paired(4, request, one, Answer(200, body=run("d", "queued"), seconds=0.05))


def _stream() -> Observation:
    request = Request("POST", f"/threads/{THREAD}/runs", body={"assistant_id": "asst_x", "stream": True})
    one, other = streamed("c", WORDS, 0.07, 1180), streamed("d", OTHER_WORDS, 0.02, 1420)
    late = evolve(other, events=(*(other.events or ())[:2], *(other.events or ())[3:]))
    status = "a message over REST has a status, as the schema requires"
    return paired(
        5,
        request,
        one,
        late,
        Mismatch("structure", "events", "events[2]", "thread.run.step.created", MISSING, "breaking"),
        Mismatch("structure", "missing-key", "events[3].data.role", "assistant", MISSING, "breaking"),
        Mismatch(
            "text",
            "similarity",
            "events[24].data.content[0].text.value",
            WORDS,
            OTHER_WORDS,
            "notice",
            None,
            "similarity 0.93",
        ),
        Mismatch("cost", "costlier", "events[25].data.usage.total_tokens", 1180, 1420, "notice", None, "+20%"),
        Mismatch("latency", "faster", "timing.seconds", one.seconds, late.seconds, "info"),
        Mismatch("structure", "extra-key", "events[24].data.status", MISSING, "completed", "info", status),
    )


def streamed(side: str, text: str, pace: float, tokens: int) -> Answer:
    """The events of a run that says the text, a word every `pace` seconds."""
    role = {"role": "assistant"} if side == "c" else {}
    first = [
        Event("thread.run.created", run(side, "queued"), 0.1),
        Event("thread.run.in_progress", run(side, "in_progress"), 0.2),
        Event("thread.run.step.created", {"id": "step_a", "object": "thread.run.step"}, 0.5),
        Event("thread.message.created", {"id": "msg_a", "object": "thread.message", "content": [], **role}, 0.6),
    ]
    words = [
        Event(
            "thread.message.delta",
            {"delta": {"content": [{"text": {"value": f"{word} "}}]}},
            round(0.7 + place * pace, 2),
        )
        for place, word in enumerate(text.split())
    ]
    end = round(0.8 + len(words) * pace, 2)
    usage = {"prompt_tokens": tokens - 180, "completion_tokens": 180, "total_tokens": tokens}
    state = {} if side == "c" else {"status": "completed"}
    last = [
        Event("thread.message.completed", message(text, **state), end),
        Event("thread.run.completed", run(side, "completed", usage=usage), round(end + 0.1, 2)),
        Event("done", "[DONE]", round(end + 0.1, 2)),
    ]
    return Answer(200, {"content-type": "text/event-stream"}, None, (*first, *words, *last), round(end + 0.12, 2))


def _listed() -> Observation:
    request = Request("GET", f"/threads/{THREAD}/messages", (("limit", "20"), ("order", "desc")))
    said = [message(WORDS), message("The weather in Oslo?", role="user")]
    says = [message(OTHER_WORDS, status="completed"), message("The weather in Oslo?", role="user", status="completed")]
    answers = [{"object": "list", "data": data, "first_id": "msg_a", "has_more": False} for data in (said, says)]
    status, temperature = "a message over REST has a status, as the schema requires", "rule 2: weather.diff.toml"
    return paired(
        6,
        request,
        Answer(200, body=answers[0], seconds=0.35),
        Answer(200, body=answers[1], seconds=0.01),
        Mismatch("structure", "extra-key", "$.data[0].status", MISSING, "completed", "info", status),
        Mismatch("structure", "extra-key", "$.data[1].status", MISSING, "completed", "info", status),
        Mismatch("text", "similarity", "$.data[0].content[0].text.value", WORDS, OTHER_WORDS, "notice", temperature),
    )


def _refused() -> Observation:
    request = Request("POST", f"/threads/{THREAD}/messages", body={"role": "system", "content": "x"})
    texts = "Invalid value: 'system'. Supported values are: 'user' and 'assistant'.", "Invalid value: 'system'."
    one, other = ({"error": {"message": text, "type": "invalid_request_error", "param": "role"}} for text in texts)
    return paired(
        7,
        request,
        Answer(400, body=one, seconds=0.2),
        Answer(422, body=other, seconds=0.01),
        Mismatch("structure", "status", "status", 400, 422, "breaking"),
        Mismatch("structure", "error-text", "$.error.message", *texts, "breaking"),
    )


def _control_only() -> Observation:
    asked = exchange(8, Request("DELETE", f"/threads/{THREAD}"), Answer(200, body={"deleted": True}, seconds=0.3))
    return Observation(8, asked, None, (Mismatch("structure", "exchange", "$", "DELETE", MISSING, "notice"),))


def _broken() -> Observation:
    request = Request("GET", "/files/file-a/content")
    return paired(9, request, Answer(200, body="a,b\n1,2\n", seconds=0.2), None)


def _native() -> Observation:
    """Legs that belong to no exchange."""
    found = Mismatch(
        "structure", "leg-value", "legs[0].model", "gpt-4o", "gpt-4.1", "notice", "rule 3: weather.diff.toml"
    )
    other = _leg("Be brief.", "D")
    legs = ((_leg("Be brief.", "C"), evolve(other, request={**other.request, "model": "gpt-4.1"})),)
    return Observation(10, None, None, (found,), legs)


# --- others


def same(count: int = 3) -> Comparison:
    body = {"id": "thread_a", "object": "thread"}
    answer = Answer(200, body=body, seconds=0.1)
    request = Request("GET", "/threads/thread_a")
    return Comparison(CONTROL, CANDIDATE, tuple(paired(n, request, answer, answer) for n in range(1, count + 1)))


HOSTILE: Final = (
    "<script>document.title='owned';alert(1)</script>",
    "</script><script>document.title='owned'</script>",
    "<!--<script>",
    '"><img src=x onerror="document.title=\'owned\'">',
    "' onfocus='document.title=1' autofocus='",
    "javascript:document.title='owned'",
    "<svg onload=fetch('http://127.0.0.1:9/')>",
    "<style>*{display:none}</style>",
    "</textarea></template></title></style>",
    "\x1b[2J\x1b[31mred\x1b]0;owned\x07\x1b]8;;http://x\x07link\x9b2J\r over \b\b\x00",
    "[bold red]markup[/] [link=http://x]x[/link] :smile:",
    "user\u202enimda\u202c \u2066isolated\u2069 \u200e\u200f\u061c",
    "zero\u200bwidth\u200d\ufeff\u2060 soft\xad \U000e0041tags",
    "half \ud800 a pair \udfff",
    "stacked" + "\u0301" * 60,
    "${title} $control {{x}} %s",
    "line\u2028separators\u2029and\nbreaks\ttabs",
)


def deep(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = {"a": [value]}
    return value


def hostile(size: int = 5_000_000) -> Comparison:
    """Every place of a comparison that can hold foreign text holds some; one text is of `size` characters."""
    observations = [_hostile(number, text) for number, text in enumerate(HOSTILE, 1)]
    long = "word " * (size // 5)
    number = len(observations) + 1
    values = ((long, long[: size // 2] + "changed " + long[size // 2 :]), (deep(2000), deep(2001)))
    for one, other in (*values, (float("nan"), 10**400)):
        found = Mismatch("text", "exact", "$.text", one, other, "notice")
        answers = (Answer(200, body={"text": one}), Answer(200, body={"text": other}))
        observations.append(paired(number, Request("GET", "/x"), *answers, found))
        number += 1
    secret = {"api_key": "hunter2", "text": "Bearer abcdefghijklmnop"}
    found = Mismatch("structure", "type", "$", secret, "sk-abcdefghijklmnopqrst", "info")
    answers = (Answer(200, body=secret), Answer(200, body="sk-abcdefghijklmnopqrst"))
    observations.append(paired(number, Request("GET", "/secret"), *answers, found))
    every = " ".join(HOSTILE)
    return Comparison(Side(every, every), Side("candidate", every), tuple(observations), 0, HOSTILE)


def _hostile(number: int, text: str) -> Observation:
    body = {text: text, "list": [text], "same": text}
    request = Request("POST", f"/{text}", ((text, text),), {text: text}, body)
    events = tuple(Event(text, {"x": text}, at) for at in (0.1, 0.2))
    note = text if number % 2 else None
    return Observation(
        number,
        exchange(number, request, Answer(200, {text: text}, body, seconds=0.1)),
        exchange(number, request, Answer(200, {text: text}, events=events, seconds=0.1)),
        (Mismatch("text", text, f"$.{text}", text, {"value": f"{text} too", text: [text]}, "notice", note),),
        ((Leg({"instructions": text}, text), Leg({"instructions": f"{text}!"}, text)),),
    )


def big(count: int = 10_000) -> Comparison:
    """As `every_kind`, over and over, every fourth time with mismatches; numbered through."""
    kinds = every_kind().observations
    observations = []
    for number in range(1, count + 1):
        like = kinds[number % len(kinds)]
        keeps = number % 4 == 0
        control = evolve(like.control, number=number) if like.control else None
        candidate = evolve(like.candidate, number=number) if like.candidate else None
        observations.append(Observation(number, control, candidate, like.mismatches if keeps else (), like.legs))
    return Comparison(CONTROL, CANDIDATE, tuple(observations))


def main(directory: Path) -> None:
    from bridge.diff.report import html

    for make in (every_kind, same, hostile, big):
        with (directory / f"{make.__name__}.html").open("wb") as file:
            file.writelines(html.page(make()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
