"""What the model says to the programs, and what is said to it in words."""

from __future__ import annotations

from typing import Any

Object = dict[str, Any]

SCRIPT: list[Object] = [
    {
        "when": "ask your colleague",
        "call": {"like": "SendMessage", "arguments": {"recipient": "Forecaster", "message": "Tell the weather."}},
        "then": {"say": "My colleague says: {outputs}"},
    },
    {
        "when": "weather",
        "call": {"like": "weather", "arguments": {"city": "Paris"}},
        "then": {"say": "It is {outputs} in Paris."},
    },
    {"when": "dog", "search": True, "say": "It is brown{cite[0]}."},
    {
        "when": "plot",
        "code": {
            "code": "plot(1, 2)",
            "logs": "done",
            "files": [{"name": "plot.png", "shown": True}, {"name": "table.csv", "text": "1,2"}],
        },
        "say": "The numbers are in {file[table.csv]}",
    },
    {"when": "count", "code": {"code": "len(rows)", "logs": "1"}, "say": "There is one row."},
    {"when": "JSON", "say": '{"city": "Paris", "degrees": 21}'},
    {"when": "the time", "call": {"like": "time"}, "then": {"say": "It is {outputs}."}},
    {"when": "crash", "say": "Let me", "fail": {"code": "server_error", "message": "The model crashed."}},
    {"when": "which city", "say": "You asked about Paris."},
    {"when": "always", "say": 'You said "{text}".'},
]


def in_words(request: Object) -> list[str]:
    """A request's input, an item a line; a word tells what hosted tools it has."""
    return [_item(item) for item in request["input"]]


def _item(item: Object) -> str:
    if item["type"] == "function_call":
        return f"call {item['arguments']}"
    if item["type"] == "function_call_output":
        return f"output {item['output']}"
    return f"{item['role']} {' '.join(_part(part) for part in item['content'])}"


def _part(part: Object) -> str:
    return str(part.get("text") or part.get("refusal") or part["type"])
