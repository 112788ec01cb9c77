"""The corpus: programs as their users wrote them, what each becomes, and what the model says to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
PROGRAMS = sorted((HERE / "programs").glob("*.py"))
SEEDS = sorted((HERE.parent / "seeds" / "python").glob("*.py"))
"""Programs in the shape of the function calling guide's."""

CONVERTED = [
    "chat_loop",
    "class_bot",
    "code_interpreter",
    "create_and_run",
    "event_handler",
    "file_search",
    "flask_route",
    "gather",
    "handler_by_methods",
    "handler_tools",
    "helpers",
    "json_mode",
    "outputs_in_try",
    "overrides",
    "parallel_tools",
    "polling",
    "polling_loop",
    "raw_events",
    "retry_wrapper",
    "several_assistants",
    "text_deltas",
    "tool_loop_by_hand",
    "transcript",
    "vision",
    "wait_on_run",
    "worker",
]
LEFT = [
    "annotations",
    "attachments",
    "azure",
    "database_thread",
    "django_view",
    "known_assistant",
    "metadata",
    "steps",
]

SCRIPT: list[dict[str, Any]] = [
    {
        "when": "weather",
        "call": [
            {"like": "temperature", "arguments": {"city": "Ulm", "location": "Ulm", "unit": "Celsius"}},
            {"like": "rain", "arguments": {"city": "Ulm", "location": "Ulm"}},
        ],
        "then": {"say": "The tools say {outputs}."},
    },
    {"when": "JSON", "say": '{"city": "Ulm"}'},
    {"when": "compute", "code": {"code": "print(6 * 7)", "logs": "42"}, "say": "It is 42."},
    {"when": "instructions", "say": "{model}: {instructions}"},
    {"when": "holidays", "search": True, "say": "Thirty days."},
    {"when": "always", "say": 'You said "{text}".'},
]
"""What the model says to the programs."""


def expected(program: Path) -> Path:
    return HERE / "expected" / program.name


IN_CONVERSATIONS = sorted((HERE / "expected_conversation").glob("*.py"))
"""What some of them become with --state conversation."""


def stdin(program: Path) -> str:
    typed = program.with_suffix(".stdin")
    return typed.read_text("utf-8") if typed.exists() else ""
