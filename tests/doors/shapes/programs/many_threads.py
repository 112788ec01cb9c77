"""python many_threads.py NAME COUNT: one client, COUNT threads, each with conversations of its own."""

from __future__ import annotations

import sys

from common import assistant_of, at_once, converse, say

from bridge import OpenAI

name, count = sys.argv[1], int(sys.argv[2])
client = OpenAI()
assistant_id = assistant_of(client)
ids = at_once(lambda number: converse(client, assistant_id, f"{name}-{number}", number), count)
say("threads", len(set(ids)))
client.close()
