"""What can be known of a store without opening it for use: where it is, and which schema it has."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from attrs import frozen

from bridge.errors import ConfigurationError, StoreError
from bridge.store import Store
from bridge.store.open import open_store


@frozen
class Found:
    """`schema` is None where no file is yet; `known` is the schema this version of bridge makes."""

    name: str
    path: Path | None
    schema: int | None
    known: int


def find(setting: str | None) -> Found:
    """The store of a setting. Nothing is made or changed. Raises ConfigurationError, or StoreError for a file that is
    no store."""
    from bridge.store import migrations

    store = open_store(setting)
    known = len(migrations.STEPS)
    if setting == "memory":
        return Found(store.name, None, None, known)
    path = Path(store.name)
    return Found(store.name, path, _schema(path) if path.exists() else None, known)


def _schema(path: Path) -> int:
    import sqlalchemy as sa

    from bridge.store import migrations

    query = {"mode": "ro", "uri": "true"}
    engine = sa.create_engine(
        sa.engine.URL.create("sqlite", database=f"file:{quote(str(path))}", query=query), future=True
    )
    try:
        with engine.connect() as connection:
            return migrations.version(connection)
    except sa.exc.SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise StoreError(f"the store {path} cannot be read: {cause}") from error
    finally:
        engine.dispose()


def opened(setting: str | None, *, may_make: bool = True) -> Store:
    """The store of a setting, for a command that changes it; one in memory would be gone with the command. Without
    `may_make` none is made, and none changed: where there is none an empty one in memory stands for it, and one of an
    older schema, which opening would change, is refused. Raises ConfigurationError."""
    from bridge.store.memory import MemoryStore

    if may_make and setting == "memory":
        raise ConfigurationError("the store is `memory`, which ends with this command: name a file (--store FILE)")
    if may_make:
        return open_store(setting)
    found = find(setting)
    if found.schema is None:
        return MemoryStore()
    if found.schema != found.known:
        raise ConfigurationError(f"the store {found.name} has schema {found.schema}: `bridge db upgrade` comes first")
    return open_store(setting)


def upgrade(setting: str | None) -> None:
    """Make the store, or bring its schema up to date. Raises StoreError when it is newer than this program."""
    store = open_store(setting)
    store.load(())
    store.close()
