"""Tapes: what is written is what is read, and no secret is."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge import masking
from bridge.diff.tape import Answer, Event, Exchange, Leg, Request, Tape, parsed, read, write, written
from bridge.errors import ConfigurationError

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20).filter(lambda text: masking.masked(text) == text)
NAMES = TEXTS.filter(lambda name: not masking.NAMES.match(name))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)
SECONDS = st.none() | st.floats(0, 1e6)
EVENTS = st.none() | st.lists(st.builds(Event, st.none() | TEXTS, JSON, SECONDS), max_size=3).map(tuple)
CUT = st.sampled_from((None, "caller", "server"))
REQUESTS = st.builds(
    Request,
    st.sampled_from(("GET", "POST", "DELETE")),
    TEXTS,
    st.lists(st.tuples(TEXTS, TEXTS), max_size=2).map(tuple),
    st.dictionaries(NAMES, TEXTS, max_size=2),
    JSON,
)
ANSWERS = st.builds(
    Answer, st.integers(100, 599), st.dictionaries(NAMES, TEXTS, max_size=2), JSON, EVENTS, SECONDS, CUT
)
OBJECTS = st.dictionaries(NAMES, JSON, max_size=3)
EXCHANGES = st.builds(Exchange, st.integers(1, 10**9), REQUESTS, st.none() | ANSWERS, SECONDS)
LEGS = st.builds(Leg, OBJECTS, st.none() | TEXTS, st.none() | OBJECTS, SECONDS)
TAPES = st.builds(
    Tape,
    st.lists(EXCHANGES, max_size=3).map(tuple),
    st.lists(LEGS, max_size=2).map(tuple),
    TEXTS,
    st.none() | TEXTS,
    st.lists(TEXTS, max_size=2).map(tuple),
)


@given(TAPES)
def test_what_is_written_is_what_is_read(tape: Tape) -> None:
    assert parsed(written(tape), "a tape") == tape


def test_a_file(tmp_path: Path) -> None:
    tape = Tape(
        (Exchange(1, Request("GET", "/threads/thread_a"), Answer(200, body={"id": "thread_a"}), 0.0),), source="x"
    )
    write(tape, tmp_path / "a.tape")
    assert read(tmp_path / "a.tape") == tape
    assert os.name != "posix" or (tmp_path / "a.tape").stat().st_mode & 0o077 == 0
    first, second = (tmp_path / "a.tape").read_bytes().splitlines()
    assert orjson.loads(first) == {"kind": "tape", "format": "bridge-tape/v1", "source": "x", "made": None}
    assert orjson.loads(second) == {
        "kind": "exchange",
        "number": 1,
        "at": 0.0,
        "request": {"method": "GET", "path": "/threads/thread_a"},
        "answer": {"status": 200, "body": {"id": "thread_a"}},
    }


HEADER = b'{"kind":"tape","format":"bridge-tape/v1"}\n'
ASKED = HEADER + b'{"kind":"exchange","request":{"method":"GET","path":"/"},"answer":'
WRONG = [
    (b"", r"x is empty: a tape begins with a header line\."),
    (b"nonsense", r"x, line 1: "),
    (b'{"kind":"tape","format":"v0"}', r"x, line 1: a tape begins with a line of the kind `tape` and the format"),
    (b'{"kind":"exchange"}', r"x, line 1: a tape begins"),
    (HEADER + b'{"kind":"exchange"}', r"x, line 2: 'request' is missing"),
    (HEADER + b'{"kind":"frob"}', r"x, line 2: there is no kind 'frob' of line"),
    (HEADER + b"[]", r"x, line 2: "),
    (b'{"kind":"tape","format":"bridge-tape/v1","source":[1]}', r"x, line 1: `source` cannot be '\[1\]'"),
    (HEADER + b'{"kind":"exchange","request":{"method":1,"path":"/"}}', r"x, line 2: `method` cannot be '1'"),
    (HEADER + b'{"kind":"exchange","request":{"method":"GET","path":null}}', r"`path` cannot be 'None'"),
    (HEADER + b'{"kind":"exchange","number":"1","request":{"method":"GET","path":"/"}}', r"`number` cannot be '1'"),
    (HEADER + b'{"kind":"exchange","at":NaN,"request":{"method":"GET","path":"/"}}', r"`at` is no number of seconds"),
    (HEADER + b'{"kind":"exchange","request":{"method":"GET","path":"/","query":[["a",[]]]}}', r"`query` is a list of"),
    (ASKED + b'{"status":"200"}}', r"x, line 2: `status` cannot be '200'"),
    (ASKED + b'{"status":200,"headers":["a"]}}', r"x, line 2: `headers` cannot be"),
    (ASKED + b'{"status":200,"seconds":1e999}}', r"x, line 2: `seconds` is no number of seconds"),
    (ASKED + b'{"status":200,"seconds":1' + b"0" * 400 + b"}}", r"x, line 2: `seconds` is no number of seconds"),
    (ASKED + b'{"status":200,"events":[{"event":1}]}}', r"x, line 2: `event` cannot be '1'"),
    (ASKED + b'{"status":200,"events":[{"event":"a","at":true}]}}', r"x, line 2: `at` cannot be 'True'"),
    (HEADER + b'{"kind":"leg","request":[]}', r"x, line 2: `request` cannot be '\[\]'"),
    (HEADER + b'{"kind":"leg","request":{},"run":{}}', r"x, line 2: `run` cannot be '{}'"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_what_is_no_tape_is_told_with_its_line(text: bytes, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parsed(text.splitlines(keepends=True), "x")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        read(tmp_path / "none.tape")


SECRETS: list[tuple[Any, Any]] = [
    ("Bearer sk-proj-abcdefghijklmnop", "Bearer [removed]"),
    ("the key sk-abcdefghijklmnop, keep it", "the key sk-[removed], keep it"),
    ("eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.c2lnbmF0dXJl", "[removed]"),
    (
        {"authorization": "x", "Api-Key": "y", "api_key": "z"},
        dict.fromkeys(("authorization", "Api-Key", "api_key"), "[removed]"),
    ),
    (
        {"server": {"headers": {"Authorization": "Bearer abcdefgh"}}},
        {"server": {"headers": {"Authorization": "[removed]"}}},
    ),
    ([{"password": "p", "token_count": 3}], [{"password": "[removed]", "token_count": 3}]),
    (
        {"openai_api_key": "x", "X-Session-Cookie": "y"},
        {"openai_api_key": "[removed]", "X-Session-Cookie": "[removed]"},
    ),
    ('{"city": "Oslo", "api_key": "abc", "days": 2}', '{"city": "Oslo", "api_key": "[removed]", "days": 2}'),
    (r'{"db_password":"a\"b"}', '{"db_password":"[removed]"}'),
    (r'"{\"password\": \"abc\", \"x\": \"y\"}"', r'"{\"password\": \"[removed]\", \"x\": \"y\"}"'),
    ({"sk-abcdefghijklmnop": 1}, {"sk-[removed]": 1}),
    ("https://a.blob.test/x.png?sv=1&sig=a%2Fb%3D&se=2", "https://a.blob.test/x.png?sv=1&sig=[removed]&se=2"),
    ("api_key=abc&q=x", "api_key=[removed]&q=x"),
    ("see postgres://me:pw-1@db:5432/x", "see postgres://me:[removed]@db:5432/x"),
    ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [removed]"),
    ("Cookie: session=abc; other=def\nHost: x", "Cookie: [removed]\nHost: x"),
    ("Incorrect API key provided: sk-proj-abcdefghijklmnop.", "Incorrect API key provided: sk-[removed]."),
]
HARMLESS: list[Any] = [
    "asst_D2BqLQ9rNgOjd5A3NpS9m9s4",
    "call_abcdefghijklmnopqrstuvwx",
    "file-abcdefghijklmnopqrstuvwx",
    "What is an API key? A task-oriented one.",
    "Set password = x; the sig=1 of b, x?a=1&design=2.",
    "Basic understanding of authorization means little.",
    "A cookie: 200 g of flour. See http://localhost:8080/a@b and http://a:80 or me@b.",
    'The "password": forgotten. {"token": "Hel", "design": "x", "password_hint": "y"}',
    {"secret": 1, "signature": None, "password": ""},
    {"type": "function", "function": {"parameters": {"properties": {"password": {"type": "string"}}}}},
]


@pytest.mark.parametrize(("value", "expected"), SECRETS)
def test_secrets_are_masked(value: Any, expected: Any) -> None:
    assert masking.masked(value) == expected
    if isinstance(value, str):
        assert masking.masked(f"{value}\n{' x' * masking.LONG}") == f"{expected}\n{' x' * masking.LONG}"


@pytest.mark.parametrize("value", HARMLESS)
def test_what_is_no_secret_stays(value: Any) -> None:
    assert masking.masked(value) == value


LONG = ("-eyJabcdefghij", "bearer ", "?a_", "://a:", '\\\\"', '"password":"', '"a_')


@pytest.mark.parametrize("piece", LONG)
def test_secrets_are_sought_in_time_linear_in_the_text(piece: str) -> None:
    text = piece * (600_000 // len(piece))
    began = time.process_time()
    masking.masked(text)
    assert time.process_time() - began < 3


def test_a_query_is_masked_by_name_and_by_looks() -> None:
    pairs = (("api-key", "abc"), ("token", "abc"), ("limit", "2"), ("q", "sk-abcdefghijklmnop"))
    masked = (("api-key", "[removed]"), ("token", "[removed]"), ("limit", "2"), ("q", "sk-[removed]"))
    assert masking.query(pairs) == masked


def test_a_tape_is_written_without_secrets() -> None:
    request = Request("POST", "/threads", body={"metadata": {"api_key": "abc"}, "text": "Bearer abcdefghijkl"})
    (_, line) = written(Tape((Exchange(1, request, None),)))
    assert b"abc" not in line and line.count(b"[removed]") == 2


def test_a_header_is_written_without_secrets() -> None:
    (line,) = written(
        Tape((), source="from http://me:abc@host/v1", notes=("'https://x?k=sk-abcdefghijklmnop' is none",))
    )
    assert b":abc" not in line and b"abcdef" not in line and line.count(b"[removed]") == 2


def test_lines_without_a_number_are_counted_as_they_began() -> None:
    def line(path: str, at: float) -> bytes:
        return orjson.dumps({"kind": "exchange", "at": at, "request": {"method": "GET", "path": path}}) + b"\n"

    tape = parsed([HEADER, line("/threads/late", 2.5), line("/threads/early", 0.5)], "x")
    assert [(each.number, each.request.path) for each in tape.exchanges] == [
        (1, "/threads/early"),
        (2, "/threads/late"),
    ]


def test_an_exchange_without_a_number_is_written_without_one() -> None:
    (_, line) = written(Tape((Exchange(0, Request("GET", "/threads"), None),)))
    assert orjson.loads(line) == {"kind": "exchange", "request": {"method": "GET", "path": "/threads"}}


@pytest.mark.parametrize("value", ["half a pair \ud83d", 2**70])
def test_what_orjson_refuses_is_kept(value: Any) -> None:
    tape = Tape((Exchange(1, Request("POST", "/threads", body={"x": value}), None),))
    assert parsed(written(tape), "x") == tape
