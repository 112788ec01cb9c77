"""The native side of a program that takes turns with legacy code: one turn a call, by stored history or conversation.

python native_side.py STORE UPSTREAM_URL    a turn for each line of stdin, {"thread_id", "how", "text"}; prints {"said"}
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

MODEL = "gpt-4o"


def history(client: Any, thread_id: str, text: str) -> str:
    """Asks with all of the thread, and brings back what it asked and got."""
    import bridge

    native = bridge.native(client, thread_id)
    asked = [*native.input(), {"role": "user", "content": text}]
    response = client.responses.create(model=MODEL, input=asked, store=False)
    native.add(response, input=asked)
    return str(response.output_text)


def streamed(client: Any, thread_id: str, text: str) -> str:
    """The same, the response streamed."""
    import bridge

    native = bridge.native(client, thread_id)
    asked = [*native.input(), {"role": "user", "content": text}]
    events = client.responses.create(model=MODEL, input=asked, store=False, stream=True)
    response = next(event.response for event in events if event.type == "response.completed")
    native.add(response, input=text)
    return str(response.output_text)


def conversation(client: Any, thread_id: str, text: str) -> str:
    """Asks in the thread's conversation, and brings the response back."""
    import bridge

    native = bridge.native(client, thread_id)
    response = client.responses.create(model=MODEL, input=text, conversation=native.conversation())
    native.add(response)
    return str(response.output_text)


def synced(client: Any, thread_id: str, text: str) -> str:
    """Asks in the conversation; that it is brought into step is what brings it back."""
    import bridge

    native = bridge.native(client, thread_id)
    response = client.responses.create(model=MODEL, input=text, conversation=native.conversation())
    native.conversation()
    return str(response.output_text)


TURNS = {each.__name__: each for each in (history, streamed, conversation, synced)}


def main() -> None:
    store, url = sys.argv[1:]
    os.environ |= {"BRIDGE_STORE": store, "OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": url}
    from bridge import OpenAI

    with OpenAI() as client:
        for line in sys.stdin:
            turn = json.loads(line)
            said = TURNS[turn["how"]](client, turn["thread_id"], turn["text"])
            print(json.dumps({"said": said}), flush=True)


if __name__ == "__main__":
    main()
