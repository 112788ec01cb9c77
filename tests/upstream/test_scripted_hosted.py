"""The hosted tools of the offline server: what searches find, what code leaves behind, what is cited of both."""

from __future__ import annotations

from base64 import b64encode
from struct import unpack
from typing import Any
from zlib import crc32

import pytest
from scripted_help import (
    CODE,
    Clock,
    annotations_of,
    ask,
    call,
    done,
    output,
    said,
    search_in,
    send,
    text_of,
    tool,
    user,
)

from bridge.upstream import UpstreamRefused
from bridge.upstream.scripted import ScriptedUpstream

PLOT = {
    "code": "plot()",
    "logs": "drawn",
    "files": [{"name": "plot.png", "shown": True}, {"name": "t.csv", "text": "1"}],
}
OUTPUTS, RESULTS = ["code_interpreter_call.outputs"], ["file_search_call.results"]
PETS = {"cat.txt": b"A cat is grey.", "dog.txt": b"The dog is brown.", "fish.txt": b"Wet."}


@pytest.fixture
def clock() -> Clock:
    return Clock()


def with_pets(script: Any, **options: Any) -> tuple[ScriptedUpstream, dict[str, Any]]:
    """An upstream with a vector store of three files, and the tool that searches it."""
    upstream = ScriptedUpstream(script, **options)
    ids = [upstream.add_file(name, content) for name, content in PETS.items()]
    return upstream, search_in(upstream, *ids)


# --- searches


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ({}, ["dog.txt", "cat.txt", "fish.txt"]),
        ({"max_num_results": 2}, ["dog.txt", "cat.txt"]),
        ({"ranking_options": {"score_threshold": 0.3}}, ["dog.txt"]),
        ({"ranking_options": {"score_threshold": 1}}, []),
    ],
)
def test_a_search_finds_what_shares_words_with_the_query(more: dict[str, Any], found: list[str]) -> None:
    upstream, tool = with_pets([{"search": True}])
    (item,) = done(upstream.open(ask("Is that dog brown?", {**tool, **more}, include=RESULTS)), "file_search_call")
    assert item["queries"] == ["Is that dog brown?"]
    assert [result["filename"] for result in item["results"]] == found
    assert all(0 <= result["score"] <= 1 and set(result) == FIELDS for result in item["results"])


FIELDS = {"attributes", "file_id", "filename", "score", "text"}


def test_results_are_told_when_they_are_asked_for() -> None:
    upstream, tool = with_pets([{"search": {"queries": ["a {text}?", "b"]}, "say": "Yes."}])
    (item,) = done(upstream.open(ask("dog", tool)), "file_search_call")
    assert (item["queries"], item["results"]) == (["a dog?", "b"], None)


def test_a_file_is_found_once_it_was_taken_in(clock: Clock) -> None:
    upstream, tool = with_pets({"rules": [{"search": True}], "ingestion": 5}, clock=clock)

    def count() -> int:
        return len(done(upstream.open(ask("dog", tool, include=RESULTS)), "file_search_call")[0]["results"])

    assert count() == 0
    clock.now += 6
    assert count() == 3
    upstream.hosted.delete_file(next(iter(upstream.files)))
    assert count() == 2


def test_a_file_of_two_stores_is_found_once() -> None:
    upstream, tool = with_pets([{"search": True}])
    tool = {**tool, "vector_store_ids": tool["vector_store_ids"] * 2}
    (item,) = done(upstream.open(ask("dog", tool, include=RESULTS)), "file_search_call")
    assert len(item["results"]) == 3


CITED = [
    ("It is brown{cite[0]}.", [(11, "dog.txt")]),
    ("{cite[dog.txt]}", [(0, "dog.txt")]),
    ("ä{cite[fish]}{cite[1]} b", [(1, "fish.txt"), (1, "cat.txt")]),
    ("no mark: {text}", []),
]


@pytest.mark.parametrize(("text", "expected"), CITED)
def test_citations_stand_where_they_are_written(text: str, expected: list[Any]) -> None:
    upstream, tool = with_pets([{"search": True, "say": text}])
    events = list(upstream.open(ask("{cite[0]} dog brown", tool)))
    assert [(each["index"], each["filename"]) for each in annotations_of(events)] == expected
    known = {file["filename"]: id for id, file in upstream.files.items()}
    assert all(each["file_id"] == known[each["filename"]] for each in annotations_of(events))
    (message,) = done(events, "message")
    assert message["content"][0]["annotations"] == annotations_of(events)
    assert text_of(message) == "".join(said(events))


def test_a_citation_counts_in_the_whole_part() -> None:
    upstream, tool = with_pets([{"do": [{"search": True}, {"say": "One."}, {"say": "Two{cite[0]}."}]}])
    assert [each["index"] for each in annotations_of(upstream.open(ask("dog", tool)))] == [7]


def test_the_results_of_an_earlier_answer_can_be_cited() -> None:
    rule = {"search": True, "call": "f", "then": {"say": "Brown{cite[dog]}."}}
    upstream, search = with_pets([rule])
    (item,) = done(upstream.open(ask("dog", tool("f"), search, include=RESULTS)), "file_search_call")
    history = [user("dog"), item, call("c", "f"), output("c", "")]
    (annotation,) = annotations_of(upstream.open(ask(history, tool("f"), search)))
    assert (annotation["filename"], annotation["index"]) == ("dog.txt", 5)


def test_results_of_the_script_have_the_ids_of_known_files() -> None:
    upstream, tool = with_pets([{"search": {"results": [{"filename": "dog.txt"}, {"filename": "new.txt"}]}}])
    (item,) = done(upstream.open(ask("x", tool, include=RESULTS)), "file_search_call")
    known, made_up = item["results"]
    assert upstream.files[known["file_id"]]["filename"] == "dog.txt" and made_up["file_id"] not in upstream.files


# --- code


def test_code_leaves_files_in_its_container(clock: Clock) -> None:
    upstream = ScriptedUpstream([{"code": PLOT, "say": "See ä ({file[t.csv]})."}], clock=clock)
    events = list(upstream.open(ask("Hi", CODE, include=OUTPUTS)))
    (item,) = done(events, "code_interpreter_call")
    assert (item["code"], item["outputs"]) == ("plot()", [{"type": "logs", "logs": "drawn"}])
    listed = send(upstream, "GET", f"/containers/{item['container_id']}/files", order="asc")["data"]
    picture, table = listed
    assert picture["path"] == f"/mnt/data/{picture['id']}.png" and table["path"] == "/mnt/data/t.csv"
    assert {file["source"] for file in listed} == {"assistant"}
    content = f"/containers/{item['container_id']}/files/{table['id']}/content"
    assert b"".join(upstream.fetch(content)) == b"1"
    link, shown = annotations_of(events)
    (message,) = done(events, "message")
    assert text_of(message)[link["start_index"] : link["end_index"]] == "sandbox:/mnt/data/t.csv"
    assert (link["filename"], link["file_id"]) == ("t.csv", table["id"])
    assert shown == {
        "type": "container_file_citation",
        "container_id": item["container_id"],
        "end_index": 0,
        "file_id": picture["id"],
        "filename": f"{picture['id']}.png",
        "start_index": 0,
    }
    assert message["content"][0]["annotations"] == [link, shown]


def test_files_are_there_when_the_code_was_run_and_not_before() -> None:
    upstream = ScriptedUpstream([{"code": PLOT}])
    counted: list[tuple[str, int]] = []
    for event in upstream.open(ask("Hi", CODE)):
        (container,) = upstream.hosted.containers.values()
        counted.append((event["type"].rpartition(".")[2], len(container.files)))
    assert ("interpreting", 0) in counted and ("completed", 2) in counted


def test_outputs_are_told_when_they_are_asked_for() -> None:
    upstream = ScriptedUpstream([{"code": PLOT}])
    (item,) = done(upstream.open(ask("Hi", CODE)), "code_interpreter_call")
    assert item["outputs"] is None


def test_a_picture_that_was_shown_is_cited_by_the_next_message() -> None:
    rule = {"do": [{"say": "I draw."}, {"code": PLOT}, {"say": "There."}, {"code": "print(1)"}, {"say": "And 1."}]}
    messages = done(ScriptedUpstream([rule]).open(ask("Hi", CODE)), "message")
    assert [len(message["content"][0]["annotations"]) for message in messages] == [0, 1, 0]


def test_calls_of_one_answer_share_a_container() -> None:
    rule = {"do": [{"code": "a"}, {"code": {"code": "b", "files": [{"name": "b.bin", "base64": "AAE="}]}}]}
    upstream = ScriptedUpstream([rule])
    first, second = done(upstream.open(ask("Hi", CODE)), "code_interpreter_call")
    assert first["container_id"] == second["container_id"] and list(upstream.containers) == [first["container_id"]]
    (file,) = upstream.hosted.containers[first["container_id"]].files.values()
    assert file.content == b"\0\1"


def test_a_container_is_used_again_as_long_as_it_lives(clock: Clock) -> None:
    script = {"rules": [{"code": PLOT, "say": "{file[t.csv]}"}], "container_seconds": 60}
    upstream = ScriptedUpstream(script, clock=clock)
    file_id, other = upstream.add_file("in.csv", b"1"), upstream.add_file("more.csv", b"2")
    auto = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": [file_id]}}
    (item,) = done(upstream.open(ask("Hi", auto)), "code_interpreter_call")
    container = upstream.hosted.containers[item["container_id"]]
    assert next(file.shown["path"] for file in container.files.values()) == f"/mnt/data/{file_id}-in.csv"
    clock.now += 59
    named = {"type": "code_interpreter", "container": item["container_id"]}
    (second,) = done(upstream.open(ask("Hi", named)), "code_interpreter_call")
    clock.now += 59
    auto = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": [file_id, other]}}
    (third,) = done(upstream.open(ask([user("Hi"), item, user("again")], auto)), "code_interpreter_call")
    assert item["container_id"] == second["container_id"] == third["container_id"]
    assert [file.shown["source"] for file in container.files.values()].count("user") == 2
    clock.now += 61
    with pytest.raises(UpstreamRefused, match=r"Container is expired\."):
        upstream.open(ask("Hi", named))
    (fourth,) = done(upstream.open(ask([user("Hi"), item, user("again")], auto)), "code_interpreter_call")
    assert fourth["container_id"] != item["container_id"]


def test_what_an_earlier_answer_made_can_be_linked_to() -> None:
    upstream = ScriptedUpstream([{"when": "plot", "code": PLOT}, {"say": "See {file[t.csv]}"}])
    (item,) = done(upstream.open(ask("plot", CODE)), "code_interpreter_call")
    named = {"type": "code_interpreter", "container": item["container_id"]}
    (link,) = annotations_of(upstream.open(ask("where?", named)))
    assert (link["start_index"], link["filename"]) == (4, "t.csv")


def test_a_picture_without_content_is_a_png() -> None:
    files = [{"name": "a.png"}, {"name": "b.png", "base64": b64encode(b"own").decode()}, {"name": "c", "shown": True}]
    upstream = ScriptedUpstream([{"code": {"code": "x", "files": files}}])
    list(upstream.open(ask("Hi", CODE)))
    (container,) = upstream.hosted.containers.values()
    one, own, other = (file.content for file in container.files.values())
    assert own == b"own" and one == other
    assert one.startswith(b"\x89PNG\r\n\x1a\n") and list(chunks(one)) == [b"IHDR", b"IDAT", b"IEND"]


def chunks(picture: bytes) -> Any:
    """The kinds of a PNG's chunks, their checksums looked at."""
    place = 8
    while place < len(picture):
        (length,) = unpack(">I", picture[place : place + 4])
        kind, end = picture[place + 4 : place + 8], place + 8 + length
        assert unpack(">I", picture[end : end + 4]) == (crc32(picture[place + 4 : end]),)
        yield kind
        place = end + 4


def test_code_that_is_too_long_is_incomplete() -> None:
    events = list(ScriptedUpstream([{"code": "word " * 40}]).open(ask("Hi", CODE, max_output_tokens=16)))
    (item,) = done(events, "code_interpreter_call")
    assert (events[-1]["type"], item["status"]) == ("response.incomplete", "incomplete")
    assert item["code"] == "".join(event["delta"] for event in events if "delta" in event)


# --- what a script and a request have to agree on


MISMATCHES = [
    ([{"code": PLOT}], "uses code_interpreter, which is not among the tools"),
    ([{"search": True}], "uses file_search, which is not among the tools"),
    ([{"say": "{cite[0]}"}], r"cites '0'; found were \[\]"),
    ([{"say": "{file[a.csv]}"}], "links to 'a.csv'; the code made"),
]


@pytest.mark.parametrize(("script", "message"), MISMATCHES)
def test_what_does_not_fit_is_refused_before_the_first_event(script: Any, message: str) -> None:
    with pytest.raises(UpstreamRefused, match=message) as caught:
        ScriptedUpstream(script).open(ask("Hi"))
    assert (caught.value.refused.status, caught.value.refused.code) == (400, "script_mismatch")


ALL = [{"search": True, "code": PLOT, "say": "A{cite[0]} {file[t.csv]}."}]
FORCED: list[tuple[Any, Any, list[str], str]] = [
    (ALL, "auto", ["file_search_call", "code_interpreter_call", "message"], "A sandbox:/mnt/data/t.csv."),
    (ALL, "none", ["message"], "A sandbox:/mnt/data/t.csv."),
    (ALL, {"type": "file_search"}, ["file_search_call", "message"], "A sandbox:/mnt/data/t.csv."),
    (ALL, "required", ["file_search_call", "code_interpreter_call", "message"], "A sandbox:/mnt/data/t.csv."),
    ([{"say": "B"}], "required", ["file_search_call", "message"], "B"),
    ([{"say": "B"}], {"type": "code_interpreter"}, ["code_interpreter_call", "message"], "B"),
]


@pytest.mark.parametrize(("script", "choice", "kinds", "text"), FORCED)
def test_choice_is_obeyed(script: Any, choice: Any, kinds: list[str], text: str) -> None:
    upstream, search = with_pets(script)
    final = list(upstream.open(ask("dog", search, CODE, tool_choice=choice)))[-1]["response"]
    assert [item["type"] for item in final["output"]] == kinds
    assert text_of(final["output"][-1]) == text


def test_the_window_is_how_much_is_read() -> None:
    upstream = ScriptedUpstream({"rules": [{"say": "Yes."}], "window": 50})
    upstream.open(ask("short"))
    with pytest.raises(UpstreamRefused) as caught:
        upstream.open(ask("long " * 60))
    refused = caught.value.refused
    assert (refused.status, refused.code, refused.param) == (400, "context_length_exceeded", "input")
    assert refused.message == (
        "Your input exceeds the context window of this model. Please adjust your input and try again."
    )
    upstream.open(ask("long " * 60, truncation="auto"))
