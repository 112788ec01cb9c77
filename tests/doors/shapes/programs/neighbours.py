"""python neighbours.py NUMBER COUNT FOLDER: one of COUNT processes that poll and cancel each other's runs.

What each has begun it tells the others in a file of the folder.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

from common import SECONDS, assistant_of, at_once, begun, converse, say, texts

from bridge import OpenAI

number, count, folder = int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3])
client = OpenAI()
runs = client.beta.threads.runs


def tell(name: str, value: Any) -> None:
    (folder / f"{name}.tmp").write_text(json.dumps(value))
    (folder / f"{name}.tmp").rename(folder / f"{name}.json")


def told(name: str) -> Any:
    end = time.monotonic() + SECONDS
    while not (folder / f"{name}.json").exists():
        assert time.monotonic() < end, f"nobody told {name}"
        time.sleep(0.02)
    return json.loads((folder / f"{name}.json").read_text())


def polled_elsewhere(other: int) -> str:
    run_id, thread_id = told(f"moment-{other}")
    status = str(runs.poll(run_id, thread_id=thread_id).status)
    assert texts(client, thread_id) == ["a moment", "Wait, here."]
    return status


assistant_id = assistant_of(client)
moment, slow = begun(client, "a moment"), begun(client, "slow")
tell(f"moment-{number}", [moment.id, moment.thread_id])
tell(f"slow-{number}", [slow.id, slow.thread_id])
others = [other for other in range(count) if other != number]
at_once(lambda each: converse(client, assistant_id, f"{number}-{each}", each), 4)
assert at_once(lambda each: polled_elsewhere(others[each]), len(others)) == ["completed"] * len(others)
run_id, thread_id = told(f"slow-{(number + 1) % count}")
assert runs.cancel(run_id, thread_id=thread_id).status in ("cancelling", "cancelled")
say("status", runs.poll(slow.id, thread_id=slow.thread_id).status)
client.close()
