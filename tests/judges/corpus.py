"""A table of Assistants programs that together make bridge send all that it can send."""

from __future__ import annotations

from typing import Any, Final

from attrs import field, frozen

Object = dict[str, Any]


def function(name: str, strict: bool | None = None, **properties: str) -> Object:
    parameters = {"type": "object", "properties": {key: {"type": kind} for key, kind in properties.items()}}
    if strict:
        parameters |= {"required": list(properties), "additionalProperties": False}
    told: Object = {"name": name, "description": f"Tells the {name}.", "parameters": parameters}
    return {"type": "function", "function": told if strict is None else {**told, "strict": strict}}


def user(text: str, **more: Any) -> Object:
    return {"role": "user", "content": text, **more}


def pictures(*details: str | None) -> Object:
    """Two pictures for each detail, one by its address, one uploaded."""
    parts: list[Object] = [{"type": "text", "text": "look"}]
    for detail in details:
        said = {} if detail is None else {"detail": detail}
        parts.append({"type": "image_url", "image_url": {"url": "https://example.com/a.png", **said}})
        parts.append({"type": "image_file", "image_file": {"file_id": "FILE", **said}})
    return {"role": "user", "content": parts}


SEARCH: Final[Object] = {"type": "file_search"}
CODE: Final[Object] = {"type": "code_interpreter"}
WEATHER: Final = function("weather", place="string")
TIME: Final = function("time", True, zone="string")
BARE: Final[Object] = {"type": "function", "function": {"name": "bare"}}
STORE: Final[Object] = {"file_search": {"vector_store_ids": ["STORE"]}}
GIVEN_CODE: Final[Object] = {"code_interpreter": {"file_ids": ["FILE"]}}
SCHEMA: Final[Object] = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
LONG: Final = "word " * 300
DOG: Final = [{"filename": "dog.txt", "score": 1, "text": "The dog is brown."}]

SCRIPT: Final[list[Object]] = [
    {"when": "rounds", "call": "weather", "then": {"call": "weather", "then": {"say": "Twice {outputs}."}}},
    {"when": "weather and time", "say": "Let me see.", "call": ["weather", "time"], "then": {"say": "{outputs}"}},
    {"when": "weather", "reason": "They ask.", "call": "weather", "then": {"say": "It is {outputs}."}},
    {"when": "search", "reason": "Look.", "search": {"results": DOG}, "say": "Found{cite[0]}."},
    {
        "when": "plot",
        "code": {
            "code": "plot()",
            "logs": "ok",
            "files": [{"name": "p.png", "shown": True}, {"name": "t.csv", "text": "1"}],
        },
        "say": "See [it]({file[t.csv]}).",
    },
    {"when": "refuse", "refuse": "No."},
    {"when": "cut short", "say": "One two three", "incomplete": "max_output_tokens"},
    {"when": "always", "say": ["You said: {text}", "And more."]},
]


@frozen
class Program:
    """A thread and its runs. FILE and STORE stand for the ids of a file and a vector store."""

    name: str
    messages: list[Object] = field(factory=lambda: [user("Hello")])
    assistant: Object = field(factory=dict)
    run: Object = field(factory=dict)
    thread: Object = field(factory=dict)
    again: list[Object] = field(factory=list)
    output: str = "21 degrees"


def formats() -> list[Program]:
    schema: Object = {"name": "answer", "schema": SCHEMA}
    told = {
        "auto": "auto",
        "text": {"type": "text"},
        "json_object": {"type": "json_object"},
        "json_schema": {"type": "json_schema", "json_schema": schema},
        "strict": {"type": "json_schema", "json_schema": {**schema, "strict": True, "description": "An answer."}},
        "no strict": {"type": "json_schema", "json_schema": {**schema, "strict": None}},
    }
    json_words = [user("Answer in JSON")]
    return [Program(f"format {name}", json_words, run={"response_format": one}) for name, one in told.items()]


def choices() -> list[Program]:
    told = ["none", "auto", "required", {"type": "function", "function": {"name": "weather"}}, CODE, SEARCH]
    given: Object = {"tools": [WEATHER, TIME, BARE, CODE, SEARCH], "tool_resources": STORE}
    return [
        Program(f"choice {one}", [user("weather")], given, {"tool_choice": one, "parallel_tool_calls": flag})
        for one in told
        for flag in (True, False)
    ]


def efforts() -> list[Program]:
    tools: Object = {"tools": [WEATHER, CODE], "model": "o4-mini"}
    told = ["minimal", "low", "medium", "high", None]
    return [
        Program(
            f"effort {one}", [user("weather")], {**tools, "reasoning_effort": one}, again=[user("weather and more")]
        )
        for one in told
    ]


def rankings() -> list[Program]:
    told: list[Object] = [
        {"max_num_results": 3},
        {"ranking_options": {"score_threshold": 0.5}},
        {"ranking_options": {"score_threshold": 0, "ranker": "auto"}},
        {"ranking_options": {"score_threshold": 1, "ranker": "default_2024_08_21"}, "max_num_results": 50},
    ]
    return [
        Program(
            f"ranking {one}",
            [user("search the dog")],
            {"tools": [{**SEARCH, "file_search": one}], "tool_resources": STORE},
            {"include": ["step_details.tool_calls[*].file_search.results[*].content"]},
            again=[user("search again")],
        )
        for one in told
    ]


def attachments() -> list[Program]:
    told: list[tuple[str, list[Object]]] = [("search", [SEARCH]), ("plot", [CODE]), ("plot", [SEARCH, CODE])]
    return [
        Program(f"attached {tools}", [user(text, attachments=[{"file_id": "FILE", "tools": tools}])], {"tools": tools})
        for text, tools in told
    ]


PROGRAMS: Final[list[Program]] = [
    Program("plain", again=[user("more")]),
    Program(
        "all words", assistant={"instructions": "Be kind.", "temperature": 0.2, "top_p": 0.9, "metadata": {"a": "b"}}
    ),
    Program("edges", run={"temperature": 2, "top_p": 1, "instructions": "", "metadata": {}}),
    Program("overrides", run={"model": "gpt-4.1", "instructions": "Be brief.", "additional_instructions": "Rhyme."}),
    Program("additional", run={"additional_messages": [user("and this"), {"role": "assistant", "content": "Well"}]}),
    Program("both roles", [user("a"), {"role": "assistant", "content": "b"}, user("c")]),
    Program("a refusal is part of the history", [user("refuse")], again=[user("Why?")]),
    Program("pictures", [pictures(None, "auto", "low", "high")], again=[user("what was it?")]),
    Program("pictures of the assistant", [user("look"), {**pictures(None), "role": "assistant"}, user("and?")]),
    Program("two calls", [user("weather and time")], {"tools": [WEATHER, TIME]}, again=[user("thanks")]),
    Program("three legs", [user("rounds of weather")], {"tools": [WEATHER]}, again=[user("rounds")]),
    Program("an empty output", [user("weather")], {"tools": [WEATHER]}, again=[user("ok")], output=""),
    Program("code", [user("plot")], {"tools": [CODE], "tool_resources": GIVEN_CODE}, again=[user("plot again")]),
    Program("search of the thread", [user("search")], {"tools": [SEARCH]}, thread={"tool_resources": STORE}),
    Program("search without a store", [user("Hello")], {"tools": [SEARCH]}),
    Program(
        "every tool", [user("weather")], {"tools": [WEATHER, SEARCH, CODE], "tool_resources": {**STORE, **GIVEN_CODE}}
    ),
    Program("completion budget", [user("rounds")], {"tools": [WEATHER]}, {"max_completion_tokens": 500}),
    Program("cut short", [user("cut short")], run={"max_completion_tokens": 300}, again=[user("go on")]),
    Program("prompt budget", [user(LONG)] * 5, {"tools": [WEATHER, CODE]}, {"max_prompt_tokens": 800}),
    Program("automatic", [user(LONG)] * 5, run={"truncation_strategy": {"type": "auto"}}),
    Program(
        "last messages",
        [user("a"), user("b")],
        run={"truncation_strategy": {"type": "last_messages", "last_messages": 1}},
    ),
    *formats(),
    *choices(),
    *efforts(),
    *rankings(),
    *attachments(),
]
