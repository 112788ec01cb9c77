"""What the model of the surface suite says: rules by the words of the last user message (docs/scripted-upstream.md)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any, Final

PNG: Final = b"\x89PNG\r\n\x1a\n and so on"
TABLE: Final = b"x,y\n1,2\n"
MADE: Final = [
    {"name": "plot.png", "base64": b64encode(PNG).decode(), "shown": True},
    {"name": "table.csv", "text": TABLE.decode()},
]
CITY: Final = {"city": "San Francisco, CA"}

RULES: Final[list[dict[str, Any]]] = [
    {
        "when": "weather twice",
        "call": {"name": "get_temperature", "arguments": CITY},
        "then": {"call": {"name": "get_rain"}, "then": {"say": "First {outputs[0]}, then {outputs[1]}."}},
    },
    {
        "when": "talk, then weather",
        "say": "Let me look.",
        "call": {"name": "get_rain"},
        "then": {"say": "Rain: {outputs}."},
    },
    {
        "when": "weather",
        "call": [{"name": "get_temperature", "arguments": CITY}, {"name": "get_rain"}],
        "then": {"say": "It is {outputs[get_temperature]} degrees, the chance of rain is {outputs[get_rain]}."},
    },
    {"when": "slowly", "do": [{"say": "One, two,"}, {"wait": 30}, {"say": " three."}]},
    {"when": "a moment", "do": [{"wait": 0.3}, {"say": "Here I am."}]},
    {"when": "long story", "say": "Once upon a time", "incomplete": "max_output_tokens"},
    {"when": "rude", "say": "You", "incomplete": "content_filter"},
    {"when": "crash", "say": "Let me", "fail": {"code": "server_error", "message": "The model crashed."}},
    {"when": "rate limit", "error": {"status": 429, "message": "Rate limit reached.", "code": "rate_limit_exceeded"}},
    {"when": "cut off", "say": "Let me", "cut": True},
    {"when": "bomb", "refuse": "I cannot help with that."},
    {"when": "two answers", "say": ["The first.", "The second."]},
    {"when": "instructions", "say": "I was told: {instructions}"},
    {"when": "hello", "say": "Hello there, my friend."},
    {"when": "search", "search": True, "say": "The dog is brown{cite[0]}."},
    {
        "when": "plot",
        "code": {"code": "plot()", "logs": "drawn", "files": MADE},
        "say": "Here is the [table]({file[table.csv]}).",
    },
    {"when": "always", "say": "You said: {text}"},
]
