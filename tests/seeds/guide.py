"""The programs of the function-calling guide as it prints them, from the copy that lies beside the project.

That copy has lost its line breaks, and its comments can no longer be told from the code behind them. So here stands how
the lines begin and how deep: all else is the guide's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ASSISTANT = """
from openai
client =
assistant =
"""
THREAD = """
thread =
message =
"""
STREAMING = """
from typing_extensions
from openai
class EventHandler
    @override
    def on_event
        if event.event
            run_id =
            self.handle_requires_action
    def handle_requires_action
        tool_outputs =
        for tool in
            if tool
                tool_outputs.append
            elif tool
                tool_outputs.append
        self.submit_tool_outputs
    def submit_tool_outputs
        with client
            for text
                print(text
            print()
with client
    stream.until_done
"""
POLLING = """
run =
if run
    messages =
    print(messages
else
    print(run
tool_outputs =
for tool in
    if tool
        tool_outputs.append
    elif tool
        tool_outputs.append
if tool_outputs
    try
        run =
        print("Tool
    except
        print("Failed
else
    print("No
if run
    messages =
    print(messages
else
    print(run
"""


def programs(shared: Path) -> dict[str, str]:
    """The guide's assistant with each of the two ways to run it, and with strict schemas."""
    text = (shared / "seeds" / "function-calling.txt").read_text("utf-8")
    assistant, thread, streaming, polling, strict = re.findall(r"```python(.*?)```", text, re.DOTALL)
    begun, asked = restored(assistant, ASSISTANT), restored(thread, THREAD)
    return {
        "polling": begun + asked + restored(polling, POLLING),
        "streaming": begun + asked + restored(streaming, STREAMING),
        "strict": restored(strict, ASSISTANT) + asked + restored(polling, POLLING),
    }


def restored(flat: str, layout: str) -> str:
    """The program with the line breaks of its layout, and without comments."""
    begins = list(_begins(flat, layout))
    ends = [place for place, _ in begins[1:]] + [len(flat)]
    lines = (
        indent + flat[place:end].partition(" # ")[0].strip() for (place, indent), end in zip(begins, ends, strict=True)
    )
    return "".join(f"{line}\n" for line in lines)


def _begins(flat: str, layout: str) -> Iterator[tuple[int, str]]:
    at = 0
    for line in layout.split("\n")[1:-1]:
        begin = line.lstrip()
        place = flat.index(begin, at)
        yield place, line.removesuffix(begin)
        at = place + len(begin)
