"""A Celery app on files: the client is made, and used once, when the module is loaded, before the pool is forked."""

from __future__ import annotations

import os
from pathlib import Path

from celery import Celery
from common import assistant_of, begun, converse

from bridge import OpenAI

folder = Path(os.environ["CELERY_FOLDER"])
for name in ("queue", "processed", "results"):
    (folder / name).mkdir(parents=True, exist_ok=True)

app = Celery("celery_app", broker="filesystem://", backend=f"file://{folder}/results")
app.conf.broker_transport_options = {
    "data_folder_in": str(folder / "queue"),
    "data_folder_out": str(folder / "queue"),
    "processed_folder": str(folder / "processed"),
    "control_folder": str(folder / "control"),
}
app.conf.update(broker_connection_retry_on_startup=True, worker_prefetch_multiplier=1)

client = OpenAI()
assistant_id = assistant_of(client)


@app.task
def hold(name: str, way: int) -> tuple[int, str]:
    return os.getpid(), converse(client, assistant_id, name, way)


@app.task
def begin(text: str) -> tuple[str, str]:
    """A run that nobody waits for."""
    run = begun(client, text)
    return run.id, run.thread_id
