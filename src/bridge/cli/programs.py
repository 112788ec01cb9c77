"""The weather assistant as `bridge demo` runs it: legacy code, statement by statement (empty lines part them).

What is shown is what is run. The names TOOLS, ANSWERS and show come from here and from the demo.
"""

from __future__ import annotations

from typing import Any, Final

QUESTION: Final = "What is the weather in San Francisco today, and will it rain?"
ANSWERS: Final = {"get_current_temperature": "57", "get_rain_probability": "0.06"}

_PLACE: Final = {"type": "string", "description": "City and state, as in San Francisco, CA"}
_UNIT: Final = {"type": "string", "enum": ["Celsius", "Fahrenheit"]}


def _function(name: str, description: str, properties: dict[str, Any]) -> dict[str, Any]:
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


TOOLS: Final = [
    _function("get_current_temperature", "The temperature at a place, right now", {"location": _PLACE, "unit": _UNIT}),
    _function("get_rain_probability", "How likely rain is at a place", {"location": _PLACE}),
]

_BEGIN: Final = """
from bridge import OpenAI
client = OpenAI()

def answer(call):
    name = call.function.name
    return {
        "tool_call_id": call.id,
        "output": ANSWERS[name],
    }

assistant = client.beta.assistants.create(
    model=MODEL,
    instructions="You tell the weather.",
    tools=TOOLS,
)

threads = client.beta.threads
thread = threads.create()

message = threads.messages.create(
    thread_id=thread.id,
    role="user",
    content=QUESTION,
)
"""

_END: Final = """
messages = threads.messages.list(thread.id)
"""

POLLING: Final = (
    _BEGIN
    + """
runs = threads.runs
run = runs.create_and_poll(
    thread_id=thread.id,
    assistant_id=assistant.id,
)

while run.required_action:
    action = run.required_action
    asked = action.submit_tool_outputs
    calls = asked.tool_calls
    run = runs.submit_tool_outputs_and_poll(
        thread_id=thread.id,
        run_id=run.id,
        tool_outputs=[*map(answer, calls)],
    )
"""
    + _END
)

STREAMING: Final = (
    _BEGIN
    + """
runs = threads.runs
with runs.stream(
    thread_id=thread.id,
    assistant_id=assistant.id,
) as stream:
    for event in stream:
        show(event)
run = stream.get_final_run()

while run.required_action:
    action = run.required_action
    asked = action.submit_tool_outputs
    calls = asked.tool_calls
    with runs.submit_tool_outputs_stream(
        thread_id=thread.id,
        run_id=run.id,
        tool_outputs=[*map(answer, calls)],
    ) as stream:
        for event in stream:
            show(event)
    run = stream.get_final_run()
"""
    + _END
)


def statements(program: str) -> list[str]:
    return program.strip().split("\n\n")
