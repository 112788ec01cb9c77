"""The schema's history: numbered steps, applied in order under the write lock when a store is opened.

A new step is appended with the next number and never changed once released. Steps must be safe while processes of the
version before still run on the same database (add, never rename or drop in the same release).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from bridge.errors import StoreError
from bridge.store import schema

VERSION_NAME: Final = "schema_version"


def _001_first_tables(connection: Connection) -> None:
    """The tables of schema.py that there were then, for as long as they are what they were. The step that changes one
    of them first gives this one a copy of its own (tests/store/schema_001.sql holds them to it)."""
    schema.metadata.create_all(connection, tables=list(schema.FIRST_TABLES))


def _002_files(connection: Connection) -> None:
    schema.files.create(connection)


def _003_observations(connection: Connection) -> None:
    schema.observations.create(connection)


def _004_counterparts(connection: Connection) -> None:
    schema.counterparts.create(connection)


STEPS: Final[tuple[Callable[[Connection], None], ...]] = (
    _001_first_tables,
    _002_files,
    _003_observations,
    _004_counterparts,
)


def version(connection: Connection) -> int:
    """The version of the schema that is there; 0 for an empty database."""
    if not sa.inspect(connection).has_table("meta"):
        return 0
    stored = connection.execute(sa.select(schema.meta.c.value).where(schema.meta.c.name == VERSION_NAME)).scalar()
    return int(stored or 0)


def upgrade(connection: Connection, name: str) -> int:
    """Bring the schema up to date inside the caller's transaction; answers its version. Raises StoreError when it is
    newer than this program knows."""
    current = version(connection)
    if current > len(STEPS):
        raise StoreError(
            f"the store {name} has schema {current}, this version of bridge knows {len(STEPS)}: "
            "upgrade assistants-bridge, or point BRIDGE_STORE to another store"
        )
    if current == 0:
        _refuse_foreign(connection, name)
    for step in STEPS[current:]:
        step(connection)
    if current < len(STEPS):
        connection.execute(sa.delete(schema.meta).where(schema.meta.c.name == VERSION_NAME))
        connection.execute(sa.insert(schema.meta), {"name": VERSION_NAME, "value": str(len(STEPS))})
    return len(STEPS)


def _refuse_foreign(connection: Connection, name: str) -> None:
    """A database without our version is empty, or another program's; tables of its own beside ours are its business."""
    same = sorted(schema.metadata.tables.keys() & set(sa.inspect(connection).get_table_names()))
    if same:
        raise StoreError(f"the store {name} is another program's database: it has tables {', '.join(same)} already")
