"""The tables, in SQLAlchemy Core: what queries ask for has a column, the rest of a record is JSON in `record`.

One row a record. `seq` is the record's place in its thread, `threads.next_seq` the next one to give away. Lists are
read by (created_at, seq), history by seq, what a run made by (thread_id, run_id). Each has an index, so no read grows
with what it does not return; and all but the leases' begin with the thread, by which the tables could be spread.

The bytes of a file lie in `blobs`, a row a piece, its id ``<file id>.<try>/<number>``. Files outlive their thread, so
these rows name none.
"""

from __future__ import annotations

from typing import Any, Final

import sqlalchemy as sa

from bridge.records import Assistant, Counterpart, File, Item, Message, Observed, Run, Step, Thread

metadata: Final = sa.MetaData()

meta: Final = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

assistants: Final = sa.Table(
    "assistants",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Index("assistants_by_time", "created_at", "seq"),
)

threads: Final = sa.Table(
    "threads",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("active_run_id", sa.Text),
    sa.Column("next_seq", sa.BigInteger, nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
)

messages: Final = sa.Table(
    "messages",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("thread_id", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Index("messages_by_time", "thread_id", "created_at", "seq"),
    sa.Index("messages_by_seq", "thread_id", "seq"),
    sa.Index("messages_by_role", "thread_id", "role", "seq"),
    sa.Index("messages_by_run", "thread_id", "run_id", "created_at", "seq"),
)

runs: Final = sa.Table(
    "runs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("thread_id", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
    sa.Column("lease_owner", sa.Text),
    sa.Column("lease_number", sa.Integer, nullable=False),
    sa.Column("lease_until", sa.Float(53), nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Index("runs_by_time", "thread_id", "created_at", "seq"),
    sa.Index("runs_by_status", "status", "lease_until"),
    sa.Index("runs_by_owner", "lease_owner", "status"),
)

steps: Final = sa.Table(
    "steps",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("thread_id", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Index("steps_by_run", "thread_id", "run_id", "created_at", "seq"),
)

items: Final = sa.Table(
    "items",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("thread_id", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Index("items_by_seq", "thread_id", "seq"),
    sa.Index("items_by_run", "thread_id", "run_id", "seq"),
)

blobs: Final = sa.Table(
    "blobs",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("thread_id", sa.Text),
    sa.Column("bytes", sa.LargeBinary, nullable=False),
    sa.Index("blobs_by_thread", "thread_id"),
)

files: Final = sa.Table(
    "files",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("record", sa.LargeBinary, nullable=False),
)

observations: Final = sa.Table(
    "observations",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("thread_id", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Index("observations_by_time", "created_at", "seq"),
    sa.Index("observations_by_thread", "thread_id"),
)

counterparts: Final = sa.Table(
    "counterparts",
    metadata,
    sa.Column("seq", sa.Integer, primary_key=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("thread_id", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("record", sa.LargeBinary, nullable=False),
    sa.Index("counterparts_by_time", "created_at", "seq"),
    sa.Index("counterparts_by_thread", "thread_id", "created_at", "seq"),
)

TABLE_OF: Final[dict[type[Any], sa.Table]] = {
    Assistant: assistants,
    Thread: threads,
    Message: messages,
    Run: runs,
    Step: steps,
    Item: items,
    File: files,
    Observed: observations,
    Counterpart: counterparts,
}

FIRST_TABLES: Final = (meta, assistants, threads, messages, runs, steps, items, blobs)
"""What there was before files."""

BELOW_A_THREAD: Final = (messages, runs, steps, items, blobs, observations, counterparts)
