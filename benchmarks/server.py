"""A server of ready-made answers, in a process of its own so that it shares no interpreter with what is measured.

POST {base}/responses             stream: the answer's events; else the response object they end with
POST {base}/threads/{id}/runs     the thread.* events that bridge makes of the same answer

``{base}`` names the answer and its pace: ``/words-500-1.0/v1`` is 500 deltas 1 ms apart; 0 is as fast as can be.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any

import orjson

BASE = re.compile(r"/words-(\d+)-([\d.]+)/v1")
WORD = "word "


@contextmanager
def serving() -> Iterator[str]:
    """The root URL of a server that runs until the block ends."""
    command = [sys.executable, "-m", "benchmarks.server"]
    root = Path(__file__).resolve().parents[1]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True, cwd=root)
    assert process.stdout is not None and process.stdin is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
    finally:
        process.stdin.close()
        process.wait(10)
        process.stdout.close()


def base_url(root: str, words: int, milliseconds: float = 0.0) -> str:
    return f"{root}/words-{words}-{milliseconds}/v1"


# --- the answers


def script(words: int) -> list[dict[str, Any]]:
    return [{"say": WORD * words}]


@cache
def response_events(words: int) -> list[dict[str, Any]]:
    """What a Responses server streams for so many deltas."""
    from bridge.calls import Credential
    from bridge.upstream.scripted import ScriptedUpstream

    upstream = ScriptedUpstream(script(words))
    request = {"model": "gpt-4o", "input": [{"role": "user", "content": "Go."}], "stream": True}
    events = list(upstream.open(request, Credential()))
    upstream.close()
    return events


@cache
def response_frames(words: int) -> list[bytes]:
    return [b"event: %b\ndata: %b\n\n" % (each["type"].encode(), orjson.dumps(each)) for each in response_events(words)]


@cache
def thread_frames(words: int) -> list[bytes]:
    """What bridge makes of the same answer, frame by frame."""
    from bridge.calls import Call
    from bridge.hands import feeds
    from bridge.service import Service
    from bridge.store.memory import MemoryStore
    from bridge.upstream.scripted import ScriptedUpstream

    feeds.LAG = 1_000_000  # type: ignore[misc]  # one frame for each delta, however late we read
    service = Service(MemoryStore(), ScriptedUpstream(script(words)))

    def ask(path: str, **body: Any) -> Any:
        reply = service.call(Call("POST", path, headers={"openai-beta": "assistants=v2"}, body=orjson.dumps(body)))
        return reply.stream or json.loads(reply.body)

    assistant = ask("/assistants", model="gpt-4o")
    thread = ask("/threads", messages=[{"role": "user", "content": "Go."}])
    stream = ask(f"/threads/{thread['id']}/runs", assistant_id=assistant["id"], stream=True)
    return [frame + b"\n\n" for frame in b"".join(stream).split(b"\n\n") if frame]


# --- HTTP, as little as the SDK needs


async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
        while True:
            await answer(reader, writer)
    writer.close()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    length = re.search(r"(?i)\r\ncontent-length: (\d+)", head)
    body = json.loads(await reader.readexactly(int(length[1]) if length else 0) or b"{}")
    path = head.split(" ", 2)[1]
    found = BASE.match(path)
    assert found is not None, path
    words, pause = int(found[1]), float(found[2]) / 1000
    if not body.get("stream"):
        whole = orjson.dumps(response_events(words)[-1]["response"])
        size = b"content-length: %d\r\n" % len(whole)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n" + size + b"\r\n" + whole)
        await writer.drain()
        return
    frames = response_frames(words) if path.endswith("/responses") else thread_frames(words)
    writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n")
    for frame in frames:
        writer.write(b"%x\r\n%b\r\n" % (len(frame), frame))
        if pause and b".delta" in frame[:60]:
            await writer.drain()
            await asyncio.sleep(pause)
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def main() -> None:
    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)  # until who started us closes it


if __name__ == "__main__":
    asyncio.run(main())
