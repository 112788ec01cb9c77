"""The file of a SQLite store, its schema, and the settings that name it."""

from __future__ import annotations

import contextlib
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlite_files import FILE, RUN, THREAD, open_file, opened, put

from bridge.engine.effects import Commit, Key
from bridge.errors import ConfigurationError, StoreError
from bridge.records import Erase, File, Thread
from bridge.store import migrations, schema
from bridge.store.open import default_path, open_store


@pytest.fixture
def path(tmp_path):
    return tmp_path / "bridge.db"


@pytest.fixture
def store(path):
    store = open_file(path)
    yield store
    store.close()


# --- the file


def test_the_file_is_ours_alone_and_its_folder_stays_out_of_version_control(tmp_path):
    path = tmp_path / ".bridge" / "bridge.db"
    store = open_file(path)
    put(store, THREAD)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (path.parent / ".gitignore").read_text() == "*\n"
    store.close()


def test_a_folder_that_was_there_is_left_as_it_is(path, store):
    put(store, THREAD)
    assert not (path.parent / ".gitignore").exists()


def test_a_schema_from_the_future_is_refused_with_the_way_out(path, store):
    put(store, THREAD)
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE meta SET value = '999' WHERE name = 'schema_version'")
    with pytest.raises(StoreError, match=r"schema 999.*upgrade assistants-bridge"):
        open_file(path).load([Key(Thread, "thread_a")])


def test_the_database_of_another_program_is_refused_and_left_as_it_was(path):
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE threads (subject TEXT)")
    with pytest.raises(StoreError, match=r"another program's database: it has tables threads already"):
        open_file(path).load([])
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("threads",)]


def test_a_step_that_fails_leaves_the_schema_as_it_was(path, store, monkeypatch):
    put(store, THREAD)
    store.close()

    def broken(connection):
        connection.exec_driver_sql("CREATE TABLE half_done (x TEXT)")
        connection.exec_driver_sql("no SQL at all")

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", (*migrations.STEPS, broken))
        with pytest.raises(StoreError, match=r"bridge\.db cannot be opened.*syntax error"):
            store.load([])
    assert store.load([Key(Thread, "thread_a")]) == (THREAD,)
    with contextlib.closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'half_done'").fetchone() == (0,)


def test_a_later_step_is_taken_once(store, monkeypatch):
    put(store, THREAD)
    store.close()
    taken = []
    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, taken.append))
    for _ in range(2):
        assert store.load([Key(Thread, "thread_a")]) == (THREAD,)
        store.close()
    assert len(taken) == 1


@pytest.mark.parametrize("version", [1, 2, 3, 4])
def test_the_schema_is_the_one_that_was_released(path, store, version, monkeypatch):
    """A change of schema.py is a new migration, with those before frozen as they were: never a change of them."""
    monkeypatch.setattr(migrations, "STEPS", migrations.STEPS[:version])
    store.load([])
    with contextlib.closing(sqlite3.connect(path)) as connection:
        found = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY tbl_name, sql")
        statements = [" ".join(sql.split()).replace("( ", "(").replace(" )", ")") for (sql,) in found]
    assert statements == (Path(__file__).parent / f"schema_{version:03}.sql").read_text().splitlines()


@pytest.mark.parametrize(
    "make", [Path.mkdir, lambda path: path.write_text("The quick brown fox jumps over the dog. " * 99)]
)
def test_what_is_no_store_is_named(path, make):
    make(path)
    with pytest.raises(StoreError, match=r"the store .*bridge\.db cannot be opened"):
        open_file(path).load([])


def test_a_read_that_fails_is_an_error_of_the_store(path, store):
    put(store, THREAD)
    with contextlib.closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("DROP TABLE threads")
    with pytest.raises(StoreError, match=r"could not be read: no such table"):
        store.load([Key(Thread, "thread_a")])
    with pytest.raises(StoreError, match=r"could not be written: no such table"):
        put(store, RUN)


def test_a_path_may_hold_what_a_url_may_not(tmp_path):
    store = open_file(tmp_path / "50% off? #1 & more.db")
    put(store, THREAD)
    store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["50% off? #1 & more.db"]


def test_a_database_of_the_first_release_takes_files_and_keeps_what_it_had(path, store, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", migrations.STEPS[:1])
        put(store, THREAD, RUN)
        store.close()
    put(store, FILE)
    store.write_piece(FILE.copy, 0, b"bytes").result()
    assert store.load([Key(Thread, "thread_a"), Key(File, FILE.id)]) == (THREAD, FILE)
    assert store.piece(FILE.copy, 0) == b"bytes"
    with contextlib.closing(sqlite3.connect(path)) as connection:
        version = connection.execute("SELECT value FROM meta WHERE name = 'schema_version'").fetchall()
    assert version == [(str(len(migrations.STEPS)),)]


def test_blobs_that_name_a_thread_go_with_it(store):
    put(store, THREAD)
    with opened(store).writing.begin() as connection:
        rows = [{"id": f"file-{name}", "thread_id": f"thread_{name}", "bytes": b"..."} for name in "ab"]
        connection.execute(schema.blobs.insert(), rows)
    store.commit(Commit((Erase(Thread, "thread_a"),))).result()
    with opened(store).reading.begin() as connection:
        assert connection.execute(schema.blobs.select()).scalars().all() == ["file-b"]


# --- settings


@pytest.mark.parametrize(
    ("setting", "says"),
    [
        ("postgresql://localhost/x", "extra 'postgres'"),
        ("postgresql+psycopg://localhost/x", "PostgreSQL"),
        ("mysql://localhost/x", "mysql"),
        ("sqlite:///", "path"),
        ("sqlite:///:memory:", "'memory'"),
        (":memory:", "'memory'"),
        ("sqlite:///x.db?synchronous=sometimes", "synchronous=sometimes"),
        ("sqlite:///x.db?mode=ro", "mode"),
    ],
)
def test_a_setting_that_cannot_work_is_named(setting, says):
    with pytest.raises(ConfigurationError, match=says):
        open_store(setting)


def test_one_object_for_each_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert open_store("a.db") is open_store(str(tmp_path / "a.db")) is open_store("sqlite:///a.db")
    assert open_store("a.db") is open_store("sub/../a.db")
    assert open_store("a.db") is not open_store("b.db")
    assert open_store("memory") is open_store("memory")


@pytest.mark.parametrize(("first", "second"), [("", "?synchronous=full"), ("?synchronous=full", "?synchronous=NORMAL")])
def test_one_file_is_written_one_way(tmp_path, first, second):
    store = open_store(f"sqlite:///{tmp_path}/a.db{first}")
    assert open_store(f"{tmp_path}/a.db") is store
    with pytest.raises(ConfigurationError, match="in use here with synchronous="):
        open_store(f"sqlite:///{tmp_path}/a.db{second}")


@pytest.mark.parametrize(("query", "level"), [("", 1), ("?synchronous=full", 2)])
def test_the_disk_is_waited_for_as_asked(tmp_path, query, level):
    store = open_store(f"sqlite:///{tmp_path}/a.db{query}")
    with opened(store).writing.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == level
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    store.close()


def test_no_database_library_is_loaded_before_it_is_needed():
    check = """
import sys, bridge.store.open, bridge.store.memory
bridge.store.open.open_store("memory").load([])
assert "sqlalchemy" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", check], check=True)


def test_the_default_place_is_found_from_below(tmp_path):
    deep = tmp_path / "project" / "src" / "app"
    deep.mkdir(parents=True)
    assert default_path(deep).parent.parent in (deep, *deep.parents)
    (tmp_path / "project" / "pyproject.toml").touch()
    assert default_path(deep) == tmp_path / "project" / ".bridge" / "bridge.db"
    (tmp_path / "project" / "src" / "bridge.toml").touch()
    assert default_path(deep) == tmp_path / "project" / "src" / ".bridge" / "bridge.db"


def test_a_file_deleted_under_the_store_is_an_error_and_never_a_new_file_readable_by_all(path, store):
    put(store, THREAD)
    for file in path.parent.glob("bridge.db*"):
        file.unlink()
    with ThreadPoolExecutor(4) as pool:  # more readers than connections are open
        outcomes = list(pool.map(lambda _: _told(store), range(8)))
    assert any("unable to open" in outcome for outcome in outcomes)
    assert not path.exists()
    store.close()
    assert store.load([Key(Thread, "thread_a")]) == (None,)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def _told(store) -> str:
    try:
        return str(store.load([Key(Thread, "thread_a")]))
    except StoreError as error:
        return str(error)
