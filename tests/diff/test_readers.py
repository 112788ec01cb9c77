"""Foreign recordings: one conversation in every form is one tape, and what is broken is told, never a crash."""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("yaml", reason="the extra `tools` is missing")

import samples
from hypothesis import given
from hypothesis import strategies as st

from bridge.diff import bodies, tape
from bridge.diff.readers import parsed, raw, read_any
from bridge.diff.tape import Event, Exchange, Tape
from bridge.errors import ConfigurationError

PICTURE = "(18 bytes of image/png)"
FILES = {
    "vcr.yaml": samples.vcr_yaml(),
    "a proxy's vcr.yaml": samples.vcr_yaml("http://localhost:4000/llm/v1"),
    "azure's vcr.yaml": samples.vcr_yaml("https://res.openai.azure.com//openai/deployments/gpt"),
    "old httpx vcr.yaml": samples.old_httpx_vcr(),
    "vcr.json": json.dumps(samples.vcr(binary=False)).encode(),
    "ruby.json": samples.ruby_vcr(),
    "ruby.yml": samples.ruby_vcr(),
    "browser.har": samples.har(),
    "wide.har": samples.har().decode().encode("utf-16"),
}
FOLDERS = {"raw http": samples.raw_http(), "raw json": samples.raw_json()}


def everything() -> dict[str, Tape]:
    return {**{name: parsed(data, name) for name, data in FILES.items()}, **_folders()}


def _folders() -> dict[str, Tape]:
    return {name: raw.read(files, name) for name, files in FOLDERS.items()}


TAPES = everything()


@pytest.mark.parametrize("made", TAPES.values(), ids=TAPES)
def test_every_form_is_the_same_tape(made: Tape) -> None:
    assert [(each.number, each.request.method, each.request.path) for each in made.exchanges] == [
        (number, method, path.partition("?")[0]) for number, (method, path, *_) in enumerate(samples.CALLS, 1)
    ]
    assert [each.request.query for each in made.exchanges] == [(), (), (), (("limit", "2"), ("order", "asc")), ()]
    assert [each.request.body for each in made.exchanges] == [call[2] for call in samples.CALLS]
    answers = [each.answer for each in made.exchanges]
    assert [each and each.status for each in answers] == [200, 200, 404, 200, 200]
    assert [each and each.body for each in answers[:4]] == [samples.THREAD, None, samples.ERROR, samples.LIST]
    assert answers[1] is not None and answers[1].events == (
        Event("thread.run.created", {"id": "run_a1", "object": "thread.run", "status": "queued"}),
        Event("thread.message.delta", {"id": "msg_a1", "delta": {"content": [{"type": "text"}]}}),
        Event("done", "[DONE]"),
    )


@pytest.mark.parametrize("made", TAPES.values(), ids=TAPES)
def test_only_what_says_something_is_kept_of_headers(made: Tape) -> None:
    first = made.exchanges[0]
    assert first.request.headers == {"openai-beta": "assistants=v2", "content-type": "application/json"}
    assert first.answer is not None
    assert first.answer.headers == {"content-type": "application/json", "x-request-id": "req_1"}
    assert samples.KEY.encode() not in b"".join(tape.written(made))


def test_bytes_are_told_by_their_size() -> None:
    for name in ("vcr.yaml", "ruby.json", "browser.har", "raw http"):
        answer = TAPES[name].exchanges[4].answer
        assert answer is not None and answer.body == PICTURE, name


def test_a_har_file_has_times_and_its_noise_is_counted() -> None:
    found = TAPES["browser.har"]
    assert [each.at for each in found.exchanges] == [0.0, 1.0, 2.0, 3.0, 4.0]
    assert [each.answer.seconds for each in found.exchanges if each.answer] == [0.25] * 5
    assert found.notes == (
        "left out: 1 OPTIONS requests, which browsers send on their own",
        "left out, of other servers or paths: 1 of https://telemetry.example",
    )


def test_azures_version_is_no_part_of_the_call() -> None:
    made = samples.vcr("https://res.openai.azure.com/openai")
    for each in made["interactions"]:
        each["request"]["uri"] += ("&" if "?" in each["request"]["uri"] else "?") + "api-version=2024-05-01-preview"
    found = parsed(json.dumps(made, default=_text).encode(), "x")
    assert [each.request.query for each in found.exchanges] == [(), (), (), (("limit", "2"), ("order", "asc")), ()]


def _text(data: bytes) -> str:
    return gzip.decompress(data).decode("utf-8", "replace")


def test_a_forum_has_threads_too() -> None:
    """Its pages are another server's, as long as anything says that it is the Assistants API."""
    recording = json.loads(samples.har())
    forum = json.loads(json.dumps(recording["log"]["entries"][1]))
    forum["request"] |= {"url": "https://forum.example/threads/how-to-bake", "headers": []}
    recording["log"]["entries"].insert(0, forum)
    found = parsed(json.dumps(recording).encode(), "x")
    assert len(found.exchanges) == 5 and "1 of https://forum.example" in found.notes[-1]
    recording["log"]["entries"] = [forum]
    with pytest.raises(
        ConfigurationError, match=r"no call of the Assistants API: its 1 exchanges are 1 of https://for"
    ):
        parsed(json.dumps(recording).encode(), "x")


# --- folders, and files of ours


def write(folder: Path, files: dict[str, bytes]) -> Path:
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    return folder


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_recognised(name: str, tmp_path: Path) -> None:
    assert read_any(write(tmp_path, FOLDERS[name])).exchanges == TAPES[name].exchanges


def test_a_request_without_an_answer(tmp_path: Path) -> None:
    files = {name: data for name, data in samples.raw_http().items() if name != "8.response.http"}
    found = read_any(write(tmp_path, {**files, "notes.txt": b"", "13.request.http": b"nonsense"}))
    assert [each.answer is None for each in found.exchanges] == [True, False, False, False, False]
    assert found.notes == ("13 could not be read: b'nonsense' is no request line",)


def test_our_own_tape(tmp_path: Path) -> None:
    path = tmp_path / "a.tape"
    tape.write(TAPES["browser.har"], path)
    assert read_any(path) == TAPES["browser.har"]


def test_a_tape_whose_writer_was_killed() -> None:
    lines = list(tape.written(TAPES["browser.har"]))
    found = parsed(b"".join([*lines[:2], b'{"kind":"fr\n', *lines[2:5], lines[5][:40]]), "x")
    assert [each.number for each in found.exchanges] == [1, 2, 3, 4]
    assert [note.partition(":")[0] for note in found.notes[2:]] == ["line 3 could not be read", "line 7 breaks off"]


# --- what is none of all that

ALIASES = b", ".join([b"*a?"] * 9)
BOMB = b"".join(b"- &a%d [%s]\n" % (n, ALIASES.replace(b"?", b"%d" % (n - 1))) for n in range(1, 12))
OTHERS: list[tuple[bytes, str]] = [
    (b"", r"x is empty\."),
    (b" \n", r"x is empty\."),
    (b"SQLite format 3\x00...", r"x is an SQLite file"),
    (b"PK\x03\x04...", r"x is a zip archive"),
    (gzip.compress(samples.har()), r"x is compressed with gzip"),
    (b"Dear diary", r"x begins with b'Dear diary': it is none of a tape of bridge, a vcr"),
    (b'{"a": 1, "b"', r"x looks like JSON, but cannot be read"),
    (b"interactions:\n- [", r"x looks like YAML, but cannot be read"),
    (b'{"a": 1, "b": 2}', r"x is an object with the keys a, b: none of"),
    (b"[1, 2]", r"x is a list of 2 values"),
    (b"17", r"x is a single value \(int\)"),
    (b'{"log": {"entries": []}}', r"x \(HAR file\) holds no call of the Assistants API: it is empty"),
    (b'{"log": {"entries": [1]}}', r"x \(HAR file\) holds no call .* entry 1 could not be read"),
    (b'{"interactions": [{"request": {"method": "GET"}}]}', r"x \(vcr cassette\) .* interaction 1 could not be read"),
    (b"[" * 100_000, r"x looks like JSON, but cannot be read"),
    (b"interactions:\n" + b"- [" * 50_000, r"x (looks like|is)"),
    (b"interactions: &a [*a]", r"x looks like YAML, but cannot be read: an alias stands within what it stands for"),
    (
        b"interactions:\n- &a0 [1]\n" + BOMB,
        r"x looks like YAML, but cannot be read: its aliases stand for more values",
    ),
]


@pytest.mark.parametrize(("data", "message"), OTHERS, ids=[str(data[:20]) for data, _ in OTHERS])
def test_what_is_no_recording_is_told_what_it_looked_like(data: bytes, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        parsed(data, "x")


def test_folders_and_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read: No such file"):
        read_any(tmp_path / "none")
    with pytest.raises(ConfigurationError, match="is a folder with nothing: neither pairs like"):
        read_any(tmp_path)
    write(tmp_path, {"a.yaml": b"interactions: []", "b.json": b"{"})
    with pytest.raises(ConfigurationError, match=r"with a.yaml, b.json: .* b.json could not be read: .*name one\."):
        read_any(tmp_path)


BROKEN_BODIES = [
    (b"\x1f\x8b\x08 no gzip at all", {"content-encoding": "gzip"}, "the compressed body is broken"),
    (b"\xff\xfe\xfd", {"content-encoding": "br"}, "content-encoding 'br' needs the package brotli|body is broken"),
    (gzip.compress(b"0" * 20_000), {}, "it unpacks to more than 10000 bytes"),
    (b"\xff\xfe\xfd", {"content-encoding": "rot13"}, "the content-encoding 'rot13' is not known here"),
]


@pytest.mark.parametrize(("data", "headers", "message"), BROKEN_BODIES)
def test_a_body_that_cannot_be_read_is_noted(
    data: bytes, headers: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "LIMIT", 10_000)
    monkeypatch.setattr(bodies, "TOO_LARGE", "it unpacks to more than 10000 bytes")
    files: dict[str, bytes] = {**samples.raw_json()}
    head = "\r\n".join(["HTTP/1.1 200 OK", *(f"{name}: {value}" for name, value in headers.items()), "", ""])
    del files["0001.response.json"]
    found = raw.read({**files, "0001.response.http": head.encode() + data}, "x")
    assert found.exchanges[0].answer is not None
    assert found.exchanges[0].answer.body == f"({len(data)} bytes of something)"
    assert len(found.notes) == 1 and found.notes[0].startswith("the body of answer 1 could not be read: ")
    assert any(each in found.notes[0] for each in message.split("|"))


class Expanding:
    """In the place of brotli: each byte stands for a thousand."""

    def process(self, piece: bytes) -> bytes:
        return piece * 1000


def test_an_encoding_without_a_limit_of_its_own_is_given_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "brotli", SimpleNamespace(Decompressor=Expanding))
    assert bodies.unpacked(b"\xff\xfe", "br") == b"\xff\xfe" * 1000
    with pytest.raises(ValueError, match="it unpacks to more than"):
        bodies.unpacked(b"\xff" * (bodies.LIMIT // 1000 + 2), "br")


def test_base64_that_is_none_is_noted() -> None:
    made = json.loads(samples.har())
    made["log"]["entries"][0]["response"]["content"] = {"text": "%%%", "encoding": "base64"}
    found = parsed(json.dumps(made).encode(), "x.har")
    assert found.notes[0].startswith("entry 1 could not be read: ")


def test_values_of_any_depth_are_no_crash() -> None:
    deep: Any = b'{"a":' * 700 + b"1" + b"}" * 700
    files = {**samples.raw_json(), "0001.response.http": b"HTTP/1.1 200 OK\r\n\r\n" + deep}
    del files["0001.response.json"]
    answer = raw.read(files, "x").exchanges[0].answer
    assert answer is not None and isinstance(answer.body, str)


# --- truncation

WHOLE = {
    **FILES,
    "own.tape": b"".join(tape.written(TAPES["browser.har"])),
}


@given(st.sampled_from(sorted(WHOLE)), st.floats(0, 1))
def test_any_part_of_a_file_is_a_tape_or_an_error_of_ours(name: str, share: float) -> None:
    data = WHOLE[name][: int(len(WHOLE[name]) * share)]
    try:
        found = parsed(data, name)
    except ConfigurationError:
        return
    whole = TAPES["browser.har"] if name == "own.tape" else TAPES[name]
    is_between_lines = name == "own.tape" and data.endswith((b"\n", b"}"))
    assert found.notes or is_between_lines or found.exchanges == whole.exchanges


@given(st.sampled_from(sorted(FOLDERS)), st.data())
def test_any_part_of_a_message_too(name: str, data: st.DataObject) -> None:
    files = dict(FOLDERS[name])
    cut = data.draw(st.sampled_from(sorted(files)))
    files[cut] = files[cut][: data.draw(st.integers(0, len(files[cut])))]
    found = raw.read(files, "x")
    assert len(found.exchanges) + len(found.notes) >= 5


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(max_size=3),
        lambda inner: (
            st.lists(inner, max_size=2)
            | st.dictionaries(st.sampled_from(["log", "entries", "request", "response", "url", "method"]), inner)
        ),
        max_leaves=8,
    )
)
def test_any_value_in_the_place_of_an_entry(value: Any) -> None:
    for form in ({"log": {"entries": [value]}}, {"interactions": [value]}, value):
        with pytest.raises(ConfigurationError):
            parsed(json.dumps(form).encode(), "x")


# --- real ones


@pytest.mark.needs("shared")
@pytest.mark.parametrize(
    ("name", "count", "events"),
    [
        ("test_existing_assistant", 20, 0),
        ("test_new_assistant_with_polling", 25, 0),
        ("test_streaming_new_assistant", 5, 95),
    ],
)
def test_recorded_cassettes(name: str, count: int, events: int, shared: Path) -> None:
    found = read_any(shared / "recordings" / "vcr" / f"{name}.yaml")
    assert (len(found.exchanges), found.notes) == (count, ())
    assert all(_is_whole(each) for each in found.exchanges)
    assert sum(len(each.answer.events or ()) for each in found.exchanges if each.answer) == events


def _is_whole(exchange: Exchange) -> bool:
    assert exchange.answer is not None and exchange.request.path.startswith(("/assistants", "/threads"))
    return isinstance(exchange.answer.body, dict) or exchange.answer.events is not None
