"""An application's own tables → objects as the API would have answered them (docs/import.md).

    database = "postgresql+psycopg://…"          where; $NAME is a variable of the environment

    [messages]                                   and likewise [threads], [assistants]
    table = "chat_messages"                      or: query = "SELECT …"
    columns = {thread_id = "openai_thread", role = "author", text = "body", created_at = "sent_at"}
    roles = {human = "user", bot = "assistant"}  what the column says => what the API calls it

Rows are read once, one after the other, in a transaction that cannot write and is rolled back.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson
from attrs import field, frozen

from bridge import ids
from bridge.errors import ConfigurationError
from bridge.records import Object
from bridge.transfer import documents
from bridge.transfer.losses import Loss
from bridge.transfer.walking import Walker

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from bridge.transfer.importing import Source
    from bridge.transfer.staging import Staging

FIELDS: Final[dict[str, tuple[str, tuple[str, ...]]]] = {
    "assistants": ("assistant", ("id", "model", "name", "description", "instructions", "created_at", "metadata")),
    "threads": ("thread", ("id", "created_at", "metadata")),
    "messages": (
        "thread.message",
        ("thread_id", "role", "text", "created_at", "id", "metadata", "assistant_id", "run_id"),
    ),
}
NEEDED: Final = {
    "assistants": ("id", "model"),
    "threads": ("id",),
    "messages": ("thread_id", "role", "text", "created_at"),
}
READS: Final = re.compile(r"\s*(?:select|with)\b", re.IGNORECASE)
MILLISECONDS: Final = 10**11
"""A number of seconds that is larger lies beyond the year 5000: it is milliseconds."""

ROWS: Final = 1000
"""How many are fetched at a time."""


@frozen
class Table:
    """`columns`: the API's field => the column; of metadata also several, {key: column}."""

    name: str
    query: str
    columns: Mapping[str, Any]
    roles: Mapping[str, str] = field(factory=dict)


@frozen
class Tables:
    database: str = field(repr=False)
    tables: tuple[Table, ...]
    file: Path


def read(file: Path) -> Tables:
    """The mapping in a TOML, YAML or JSON file. Raises ConfigurationError."""
    value = documents.read(file)
    if not isinstance(value, dict) or not isinstance(value.get("database"), str):
        raise ConfigurationError(f'{file}: expected `database = "URL"` and a table [messages]')
    for name in value.keys() - {"database", *FIELDS}:
        raise ConfigurationError(f"{file}: `{name}` is none of database, {', '.join(FIELDS)}")
    tables = tuple(_table(name, value[name], file) for name in FIELDS if name in value)
    if not tables:
        raise ConfigurationError(f"{file}: there is no table [messages] in it")
    return Tables(_database(value["database"], file), tables, file)


def source(tables: Tables) -> Source:
    def read_all(staging: Staging) -> None:
        with _connected(tables) as connection:
            for table in tables.tables:
                _read(table, connection, staging)

    return read_all


# --- the mapping


def _table(name: str, given: Any, file: Path) -> Table:
    if not isinstance(given, dict):
        raise ConfigurationError(f"{file}: [{name}] must be a table")
    columns, roles = given.get("columns") or {}, given.get("roles") or {}
    if not isinstance(columns, dict) or not isinstance(roles, dict):
        raise ConfigurationError(f"{file}: [{name}]: `columns` and `roles` must be tables")
    for key in given.keys() - {"table", "query", "columns", "roles"}:
        raise ConfigurationError(f"{file}: [{name}] has `{key}`, which is none of table, query, columns, roles")
    for key in columns.keys() - {*FIELDS[name][1]}:
        raise ConfigurationError(f"{file}: [{name}] maps `{key}`, which is none of {', '.join(FIELDS[name][1])}")
    for key, column in columns.items():
        if not isinstance(column, str) and not (key == "metadata" and isinstance(column, dict)):
            raise ConfigurationError(f"{file}: [{name}] maps `{key}` to {column!r}, which is no name of a column")
    for key in NEEDED[name]:
        if key not in columns:
            raise ConfigurationError(f"{file}: [{name}] does not say which column is `{key}`")
    return Table(name, _query(name, given, file), columns, roles)


def _query(name: str, given: Object, file: Path) -> str:
    table, query = given.get("table"), given.get("query")
    if (table is None) == (query is None):
        raise ConfigurationError(f"{file}: [{name}] needs one of `table` and `query`")
    if table is not None:
        if not re.fullmatch(r"[\w.]+", str(table)):
            raise ConfigurationError(f"{file}: [{name}]: {table!r} is no name of a table; give a query instead")
        return f"SELECT * FROM {table}"
    if not READS.match(str(query)):
        raise ConfigurationError(f"{file}: [{name}]: a query begins with SELECT or WITH")
    return str(query)


def _database(url: str, file: Path) -> str:
    name = url.removeprefix("$")
    if name == url:
        return url
    if not os.environ.get(name):
        raise ConfigurationError(f"{file}: the environment has no {name}, which `database` names")
    return os.environ[name]


# --- the database


@contextmanager
def _connected(tables: Tables) -> Iterator[Connection]:
    import sqlalchemy as sa

    try:
        url = sa.engine.make_url(tables.database)
        is_file = url.get_backend_name() == "sqlite"
        if is_file and not Path(url.database or "").is_file():
            raise ConfigurationError(f"{tables.file}: there is no database {url.database}")
        engine = sa.create_engine(url, future=True)
        with engine.connect().execution_options(stream_results=True, postgresql_readonly=True) as connection:
            if is_file:
                connection.exec_driver_sql("PRAGMA query_only = ON")
            yield connection
            connection.rollback()
    except (sa.exc.SQLAlchemyError, ImportError) as error:
        raise ConfigurationError(f"{tables.file}: {getattr(error, 'orig', None) or error}") from error
    engine.dispose()


def _read(table: Table, connection: Connection, staging: Staging) -> None:
    import sqlalchemy as sa

    walker = Walker(staging)
    rows = connection.execute(sa.text(table.query)).yield_per(ROWS)
    _check_columns(table, list(rows.keys()))
    for number, row in enumerate(rows.mappings(), 1):
        place = f"[{table.name}] row {number}"
        try:
            value = _object(table, dict(row))
        except (ValueError, ArithmeticError) as error:  # infinity is no time, and no ValueError
            staging.lose(Loss("invalid", FIELDS[table.name][0], place, str(error)))
        else:
            walker.take(value, place)


def _check_columns(table: Table, there: list[str]) -> None:
    for field_name, column in table.columns.items():
        for each in column.values() if isinstance(column, dict) else [column]:
            if each not in there:
                known = ", ".join(there)
                raise ConfigurationError(f"[{table.name}] has no column {each!r} for `{field_name}`: {known}")


# --- a row


def _object(table: Table, row: Mapping[str, Any]) -> Object:
    """Raises ValueError."""
    kind = FIELDS[table.name][0]
    given = {name: _cell(name, column, row) for name, column in table.columns.items()}
    value = {name: each for name, each in given.items() if each is not None and name not in ("text", "created_at")}
    value |= {"object": kind, "created_at": _seconds(given.get("created_at", 0))}
    if kind != "thread.message":
        return value
    role = table.roles.get(str(value.get("role")), value.get("role"))
    text = given.get("text")
    value |= {"role": role, "content": "" if text is None else str(text)}
    return {**value, "id": _message_id(value)}


def _cell(name: str, column: Any, row: Mapping[str, Any]) -> Any:
    if name != "metadata":
        return row[column]
    if isinstance(column, dict):
        return {key: str(row[each]) for key, each in column.items() if row[each] is not None}
    value = row[column]
    return orjson.loads(value) if isinstance(value, (str, bytes)) and value else value


def _seconds(value: Any) -> int:
    """Unix seconds of a number of seconds or milliseconds, a date and time, or one written by ISO 8601; without a zone
    it is UTC."""
    if isinstance(value, str):
        value = float(value) if re.fullmatch(r"\d+(\.\d+)?", value) else _moment(value)
    if isinstance(value, datetime):
        value = (value if value.tzinfo else value.replace(tzinfo=timezone.utc)).timestamp()
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        raise ValueError(f"created_at: {value!r} is no time")
    return int(value / 1000) if value >= MILLISECONDS else int(value)


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
    except ValueError as error:
        raise ValueError(f"created_at: {text!r} is no time") from error


def _message_id(value: Object) -> str:
    """The row's own id, if it is one of a message; else one that is made of it, or of all that the row says. It is the
    same each time, so that an import may be run again."""
    own = value.get("id")
    if isinstance(own, str) and ids.has_prefix("message", own):
        return own
    said = [value.get("thread_id"), *([str(own)] if own is not None else [value["created_at"], value["role"]])]
    if own is None:
        said.append(value["content"])
    digest = sha256(orjson.dumps([str(each) for each in said])).digest()
    return ids.make("message", int.from_bytes(digest, "big"))
