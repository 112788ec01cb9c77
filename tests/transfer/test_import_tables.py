"""An application's own tables, read by a mapping, without a trace in them."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge.engine.effects import Key, Page
from bridge.errors import ConfigurationError
from bridge.records import Assistant, Message, Thread
from bridge.store.memory import MemoryStore
from bridge.transfer import tables
from bridge.transfer.importing import Wishes, imported

SCHEMA = """
CREATE TABLE chats (tid TEXT, extra TEXT);
CREATE TABLE chat_lines (nr INTEGER, tid TEXT, who TEXT, body TEXT, at, uid INTEGER);
CREATE TABLE bots (id TEXT, llm TEXT, prompt TEXT);
INSERT INTO chats VALUES ('thread_a', '{"plan": "pro"}');
INSERT INTO bots VALUES ('asst_a', 'gpt-4o', 'Be kind.');
INSERT INTO chat_lines VALUES
    (1, 'thread_a', 'human', 'Hello', '2024-01-02T03:04:05Z', 7),
    (2, 'thread_a', 'bot', 'Good day', '2024-01-02T03:04:05Z', NULL),
    (3, 'thread_b', 'human', NULL, 1704164646000, NULL),
    (4, 'thread_b', 'robot', 'x', 1704164646, NULL),
    (5, 'conversation 5', 'human', 'x', 1704164646, NULL),
    (6, 'thread_b', 'human', 'x', 'yesterday', NULL);
"""
MAPPING = """
database = "sqlite:///{database}"

[assistants]
query = "SELECT * FROM bots"
columns = {{id = "id", model = "llm", instructions = "prompt"}}

[threads]
table = "chats"
columns = {{id = "tid", metadata = "extra"}}

[messages]
table = "chat_lines"
columns = {{id = "nr", thread_id = "tid", role = "who", text = "body", created_at = "at", metadata = {{user = "uid"}}}}
roles = {{human = "user", bot = "assistant"}}
"""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("app") / "app.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(SCHEMA)
    connection.close()
    return path


@pytest.fixture
def mapping(tmp_path: Path, database: Path) -> Path:
    path = tmp_path / "tables.toml"
    path.write_text(MAPPING.format(database=database))
    return path


def bring(mapping: Path, store: Any) -> tuple[dict[str, dict[str, int]], list[tuple[str, str]]]:
    with imported([tables.source(tables.read(mapping))], store, Wishes()) as done:
        return done.tally.counts(), [(loss.reason, loss.detail) for loss in done.staging.losses()]


def test_rows_become_messages_of_their_threads(mapping: Path, database: Path) -> None:
    before, store = database.read_bytes(), MemoryStore()
    _, losses = bring(mapping, store)
    assert losses == [
        ("invalid", "its thread_id does not begin with thread_"),
        ("invalid", "created_at: 'yesterday' is no time"),
        ("thread_made", ""),
        ("invalid", "role: Input should be 'user' or 'assistant'"),
    ]
    thread, assistant = store.load([Key(Thread, "thread_a"), Key(Assistant, "asst_a")])
    assert (thread.created_at, thread.metadata) == (1704164645, {"plan": "pro"}), "as old as its first message"
    assert (assistant.model, assistant.instructions) == ("gpt-4o", "Be kind.")
    found = store.page(Page(Message, thread_id="thread_a", order="asc")).records
    assert [(each.role, each.content[0]["text"]["value"], each.created_at) for each in found] == [
        ("user", "Hello", 1704164645),
        ("assistant", "Good day", 1704164645),
    ]
    assert [each.metadata for each in found] == [{"user": "7"}, {}]
    (empty,) = store.page(Page(Message, thread_id="thread_b")).records
    assert empty.content[0]["text"]["value"] == ""
    assert database.read_bytes() == before
    assert {each: n for each, n in bring(mapping, store)[0]["message"].items() if n} == {"same": 3, "lost": 1}


ZONE = timezone(timedelta(hours=1))
TIMES = [
    (1704164645, 1704164645),
    (1704164645.9, 1704164645),
    (1704164645999, 1704164645),
    (Decimal("1704164645.5"), 1704164645),
    ("1704164645", 1704164645),
    ("1704164645000", 1704164645),
    ("2024-01-02T03:04:05Z", 1704164645),
    ("2024-01-02 03:04:05", 1704164645),
    ("2024-01-02T04:04:05+01:00", 1704164645),
    (datetime(2024, 1, 2, 3, 4, 5), 1704164645),
    (datetime(2024, 1, 2, 4, 4, 5, tzinfo=ZONE), 1704164645),
]


@pytest.mark.parametrize(("value", "seconds"), TIMES)
def test_times_of_all_kinds(value: Any, seconds: int) -> None:
    assert tables._seconds(value) == seconds


@pytest.mark.parametrize("value", [None, True, b"x", "soon", "", [1]])
def test_what_is_no_time(value: Any) -> None:
    with pytest.raises(ValueError, match="is no time"):
        tables._seconds(value)


ROWS = [
    ("SELECT NULL AS t, 'user' AS r, 1 AS at", ("no_thread", "")),
    ("SELECT 'thread_a' AS t, 'user' AS r, 9e999 AS at", ("invalid", "cannot convert float infinity to integer")),
]


@pytest.mark.parametrize(("query", "loss"), ROWS)
def test_a_row_that_says_too_little_is_a_loss(tmp_path: Path, database: Path, query: str, loss: Any) -> None:
    columns = {"thread_id": "t", "role": "r", "text": "r", "created_at": "at"}
    path = tmp_path / "tables.json"
    path.write_text(json.dumps({"database": f"sqlite:///{database}", "messages": {"query": query, "columns": columns}}))
    assert bring(path, MemoryStore())[1] == [loss]


def mapped(**messages: Any) -> dict[str, Any]:
    columns = {"thread_id": "tid", "role": "who", "text": "body", "created_at": "at"}
    return {"database": "sqlite:///{database}", "messages": {"table": "chat_lines", "columns": columns, **messages}}


WRONG: list[tuple[Any, str]] = [
    ([], "expected `database"),
    ({"messages": {}}, "expected `database"),
    ({"database": "sqlite:///x"}, "there is no table \\[messages\\]"),
    ({"database": "x", "talks": {}}, "`talks` is none of database, assistants, threads, messages"),
    ({"database": "x", "messages": []}, "\\[messages\\] must be a table"),
    (mapped(columns={"thread_id": "tid"}), "does not say which column is `role`"),
    (mapped(columns={"mood": "tid"}), "maps `mood`, which is none of"),
    (mapped(table=None), "needs one of `table` and `query`"),
    (mapped(query="SELECT 1"), "needs one of `table` and `query`"),
    (mapped(table=None, query="DELETE FROM chat_lines"), "begins with SELECT or WITH"),
    (mapped(table="a; DROP TABLE b"), "is no name of a table"),
    (mapped(columns=["tid"]), "`columns` and `roles` must be tables"),
    (mapped(roles="user"), "`columns` and `roles` must be tables"),
    (mapped(columns={**mapped()["messages"]["columns"], "role": {"a": "who"}}), "which is no name of a column"),
    (mapped(filter="x"), "has `filter`, which is none of"),
    ({**mapped(), "database": "$NO_SUCH_VARIABLE"}, "the environment has no NO_SUCH_VARIABLE"),
    ({**mapped(), "database": "sqlite:////nowhere/x.db"}, "there is no database /nowhere/x.db"),
    ({**mapped(), "database": "nonsense"}, "Could not parse"),
    ({**mapped(), "database": "nosuchdialect://x"}, "nosuchdialect"),
    (mapped(table="nowhere"), "no such table: nowhere"),
    (mapped(table=None, query="WITH x AS (SELECT 1) INSERT INTO bots SELECT 1, 2, 3 RETURNING 1"), "readonly database"),
    (mapped(table=None, query="SELECT tid FROM chat_lines"), "has no column 'who' for `role`: tid"),
]


@pytest.mark.parametrize(("value", "said"), WRONG)
def test_what_is_wrong_with_a_mapping_is_said(tmp_path: Path, database: Path, value: Any, said: str) -> None:
    before = database.read_bytes()
    path = tmp_path / "tables.json"
    path.write_text(json.dumps(value).replace("{database}", str(database)))
    with pytest.raises(ConfigurationError, match=said):
        bring(path, MemoryStore())
    assert database.read_bytes() == before
