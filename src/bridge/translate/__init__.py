"""What the Assistants API's words mean in those of the Responses API, and back: pure functions on plain JSON.

    Assistants                                              Responses
    tools, tool_resources, tool_choice     tools      =>    tools, tool_choice              and back
    response_format                        formats    =>    text.format                     and back
    a thread's message                     messages   =>    input items;              content blocks <= output item
    a step's tool call, tool outputs       steps      =>    function_call, its output;     tool call <= output item
    a thread's messages and items          history    =>    input
    truncation_strategy                    context    =>    what of a thread is sent
    a run                                  runs       =>    request;               status, usage … <= response
    run and step usage                     usage     <=     response.usage
    last_error                             failures  <=     an HTTP error, response.error
    thread.* events, as facts              events    <=     response.* events

Each module is named for what it translates; its functions for where they lead: `to_responses`, `to_assistants`. JSON
goes in and out as dicts and lists. Nothing here reads, writes, or knows the time, so all of it can be used by hand:
docs/translate.md shows how. What cannot be said on the other side raises `Untranslatable`, which names it.
"""

from __future__ import annotations

from bridge.translate import context, events, facts, failures, formats, history, messages, runs, steps, tools, usage
from bridge.translate.loose import Untranslatable

__all__ = [
    "Untranslatable",
    "context",
    "events",
    "facts",
    "failures",
    "formats",
    "history",
    "messages",
    "runs",
    "steps",
    "tools",
    "usage",
]
