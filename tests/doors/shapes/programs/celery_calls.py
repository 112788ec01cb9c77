"""python celery_calls.py COUNT: so many callers at once, each waiting for its task; then runs that nobody waits for."""

from __future__ import annotations

import sys

from celery_app import begin, hold
from common import SECONDS, at_once, say

found = at_once(lambda number: hold.delay(f"c{number}", number).get(SECONDS, interval=0.05), int(sys.argv[1]))
say("threads", len({thread_id for _, thread_id in found}))
say("workers", len({worker for worker, _ in found}))
say("slow", begin.delay("slow").get(SECONDS, interval=0.05)[0])
say("left", *[begin.delay("a while").get(SECONDS, interval=0.05)[1] for _ in range(4)])
