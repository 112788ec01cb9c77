"""The hosted tools of the offline server: what searches find, what code leaves behind, what time does to both."""

from __future__ import annotations

import time
from typing import Any

import pytest
from scripted_help import ask

from bridge.engine.effects import Resume, Send, Upload
from bridge.upstream import UpstreamRefused
from bridge.upstream.scripted import ScriptedUpstream

PLOT = {
    "code": "plot()",
    "logs": "drawn",
    "files": [{"name": "plot.png", "shown": True}, {"name": "t.csv", "text": "1"}],
}
CODE = {"type": "code_interpreter", "container": {"type": "auto"}}


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def send(upstream: ScriptedUpstream, method: str, path: str, body: dict[str, Any] | None = None, **query: str) -> Any:
    sent = upstream.send(Send(method, path, body, query))
    return sent.body if sent.status == 200 else (sent.status, sent.body["error"]["message"])


def done(events: Any, kind: str) -> Any:
    return [e["item"] for e in events if e["type"] == "response.output_item.done" and e["item"]["type"] == kind]


def annotations(events: Any) -> list[Any]:
    return [e["annotation"] for e in events if e["type"] == "response.output_text.annotation.added"]


def test_files_are_what_was_uploaded() -> None:
    upstream = ScriptedUpstream()
    file = upstream.send(Send("POST", "/files", {"purpose": "vision"}, upload=Upload("a.txt", b"some bytes"))).body
    assert (file["filename"], file["bytes"], file["purpose"]) == ("a.txt", 10, "vision")
    assert send(upstream, "GET", f"/files/{file['id']}") == file and send(upstream, "GET", "/files")["data"] == [file]
    assert b"".join(upstream.fetch(f"/files/{file['id']}/content")) == b"some bytes"
    assert send(upstream, "DELETE", f"/files/{file['id']}")["deleted"]
    assert send(upstream, "GET", f"/files/{file['id']}") == (404, f"No such File object: {file['id']}")
    with pytest.raises(UpstreamRefused):
        upstream.fetch(f"/files/{file['id']}/content")


def test_a_vector_store_takes_files_in_and_expires(clock: Clock) -> None:
    upstream = ScriptedUpstream({"rules": [], "ingestion": 30}, clock=clock)
    one, two = upstream.add_file("a.txt", b"a"), upstream.add_file("b.txt", b"b")
    store = send(upstream, "POST", "/vector_stores", {"file_ids": [one], "expires_after": {"days": 7}})
    path = f"/vector_stores/{store['id']}"
    assert (store["status"], store["file_counts"]["in_progress"]) == ("in_progress", 1)
    clock.now += 31
    assert send(upstream, "POST", f"{path}/files", {"file_id": two})["status"] == "in_progress"
    assert send(upstream, "GET", path)["file_counts"] == {
        "in_progress": 1,
        "completed": 1,
        "failed": 0,
        "cancelled": 0,
        "total": 2,
    }
    assert [file["id"] for file in send(upstream, "GET", f"{path}/files")["data"]] == [one, two]
    assert send(upstream, "DELETE", f"{path}/files/{two}")["deleted"]
    assert send(upstream, "POST", path, {"name": "mine"})["name"] == "mine"
    clock.now += 8 * 86_400
    assert send(upstream, "GET", path)["status"] == "expired"
    assert send(upstream, "POST", f"{path}/files", {"file_id": two})[0] == 400
    assert send(upstream, "DELETE", path)["deleted"] and send(upstream, "GET", path)[0] == 404


def test_a_search_finds_what_shares_words_with_the_query(clock: Clock) -> None:
    rules = {"rules": [{"search": True, "say": "It is brown{cite[0]}."}], "ingestion": 5}
    upstream = ScriptedUpstream(rules, clock=clock)
    ids = [upstream.add_file("cat.txt", b"A cat is grey."), upstream.add_file("dog.txt", b"The dog is brown.")]
    store = send(upstream, "POST", "/vector_stores", {"file_ids": ids})["id"]
    tool = {"type": "file_search", "vector_store_ids": [store], "max_num_results": 2}
    include = ["file_search_call.results"]
    with pytest.raises(UpstreamRefused, match="found were"):
        list(upstream.open(ask("Which colour is the dog?", tool, include=include)))
    clock.now += 6
    events = list(upstream.open(ask("Which colour is the dog?", tool, include=include)))
    (item,) = done(events, "file_search_call")
    assert item["queries"] == ["Which colour is the dog?"]
    assert [(r["filename"], r["file_id"]) for r in item["results"]] == [("dog.txt", ids[1]), ("cat.txt", ids[0])]
    assert annotations(events) == [{"type": "file_citation", "file_id": ids[1], "filename": "dog.txt", "index": 11}]
    (item,) = done(upstream.open(ask("Which colour is the dog?", tool)), "file_search_call")
    assert item["results"] is None, "not asked for"


def test_code_leaves_files_in_its_container(clock: Clock) -> None:
    upstream = ScriptedUpstream([{"code": PLOT, "say": "See ä ({file[t.csv]})."}], clock=clock)
    events = list(upstream.open(ask("Hi", CODE, include=["code_interpreter_call.outputs"])))
    (item,) = done(events, "code_interpreter_call")
    assert (item["code"], item["outputs"]) == ("plot()", [{"type": "logs", "logs": "drawn"}])
    listed = send(upstream, "GET", f"/containers/{item['container_id']}/files", order="asc")["data"]
    picture, table = listed
    assert picture["path"] == f"/mnt/data/{picture['id']}.png" and table["path"] == "/mnt/data/t.csv"
    assert {file["source"] for file in listed} == {"assistant"}
    content = f"/containers/{item['container_id']}/files/{table['id']}/content"
    assert b"".join(upstream.fetch(content)) == b"1"
    link, shown = annotations(events)
    (message,) = done(events, "message")
    text = message["content"][0]["text"]
    assert text[link["start_index"] : link["end_index"]] == "sandbox:/mnt/data/t.csv"
    assert (shown["file_id"], shown["start_index"], shown["end_index"]) == (picture["id"], 0, 0)
    assert message["content"][0]["annotations"] == [link, shown]


def test_containers_go_on_and_end(clock: Clock) -> None:
    upstream = ScriptedUpstream({"rules": [{"code": PLOT}], "container_seconds": 60}, clock=clock)
    file_id = upstream.add_file("in.csv", b"1")
    tool = {"type": "code_interpreter", "container": {"type": "auto", "file_ids": [file_id]}}
    (item,) = done(upstream.open(ask("Hi", tool)), "code_interpreter_call")
    again = {"type": "code_interpreter", "container": item["container_id"]}
    clock.now += 59
    (second,) = done(upstream.open(ask("Hi", again)), "code_interpreter_call")
    assert second["container_id"] == item["container_id"]
    path = f"/containers/{item['container_id']}/files"
    assert [f["source"] for f in send(upstream, "GET", path, order="asc")["data"]] == ["user", *["assistant"] * 4]
    first = send(upstream, "GET", path, order="asc", limit="2")
    rest = send(upstream, "GET", path, order="asc", after=first["data"][-1]["id"])
    assert first["has_more"] and len(rest["data"]) == 3 and not rest["has_more"]
    clock.now += 61
    with pytest.raises(UpstreamRefused, match="Container is expired"):
        upstream.open(ask("Hi", again))


def test_without_the_tool_there_is_no_call() -> None:
    upstream = ScriptedUpstream([{"code": PLOT}])
    with pytest.raises(UpstreamRefused, match="not among the tools"):
        list(upstream.open(ask("Hi")))


def test_the_window_is_how_much_is_read() -> None:
    upstream = ScriptedUpstream({"rules": [{"say": "Yes."}], "window": 50})
    upstream.open(ask("short"))
    with pytest.raises(UpstreamRefused) as caught:
        upstream.open(ask("long " * 60))
    assert caught.value.refused.code == "context_length_exceeded"


# --- background


def test_a_background_response_is_read_again_from_any_event() -> None:
    upstream = ScriptedUpstream([{"do": [{"say": "One,"}, {"wait": 0.05}, {"say": " two."}]}])
    stream = iter(upstream.open(ask("Hi", background=True)))
    id = next(stream)["response"]["id"]
    assert send(upstream, "GET", f"/responses/{id}")["status"] == "in_progress"
    whole = list(upstream.resume(Resume(id)))
    assert whole[-1]["type"] == "response.completed" and upstream.closed_early == 0
    for after in range(len(whole)):
        assert list(upstream.resume(Resume(id, after))) == whole[after + 1 :]
    assert send(upstream, "GET", f"/responses/{id}") == whole[-1]["response"]


def test_a_cancel_ends_it() -> None:
    upstream = ScriptedUpstream([{"do": [{"say": "One,"}, {"wait": 30}, {"say": " two."}]}])
    stream = iter(upstream.open(ask("Hi", background=True)))
    id = next(stream)["response"]["id"]
    began = time.monotonic()
    assert send(upstream, "POST", f"/responses/{id}/cancel")["status"] == "cancelled"
    assert list(stream)[-1]["type"] != "response.completed" and time.monotonic() - began < 10
    assert send(upstream, "DELETE", f"/responses/{id}")["deleted"]
    with pytest.raises(UpstreamRefused):
        upstream.resume(Resume(id))


def test_other_responses_are_not_kept() -> None:
    upstream = ScriptedUpstream([{"say": "Yes."}])
    id = list(upstream.open(ask("Hi")))[-1]["response"]["id"]
    assert send(upstream, "GET", f"/responses/{id}") == (404, f"Response with id '{id}' not found.")
