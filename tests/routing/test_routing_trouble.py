"""A server that is silent, processes that die amid a move, two that move at once, streams that are left."""

from __future__ import annotations

import threading
from typing import Any

import openai
import pytest
from attrs import evolve

import bridge
from bridge.engine.effects import Commit, Key, Refused
from bridge.hands import rooms
from bridge.records import Erase, Message, Put, Run, Step, Thread
from bridge.routing import bringing, moving
from bridge.upstream import UpstreamRefused
from bridge.upstream.assistants import Answer, Server
from routing.two_servers import go_on, ids, said, text, thread_with


@pytest.fixture
def silence(monkeypatch):
    """Call it to make the other server silent, and once more with False to have it answer again."""
    answering = Server.ask

    def silent(*args: Any) -> Any:
        raise UpstreamRefused(Refused(0, "no route to host"))

    return lambda is_silent=True: monkeypatch.setattr(Server, "ask", silent if is_silent else answering)


def patient(client):
    """Without the SDK's own tries."""
    return client.with_options(max_retries=0)


def there(legacy) -> str:
    """The one thread that was made at the other server."""
    (found,) = {path.split("/")[3] for _, path, _ in legacy.seen if path.startswith("/v1/threads/thread_")}
    return found


def said_there(legacy) -> list[str]:
    found = legacy.client().beta.threads.messages.list(there(legacy), order="asc", limit=100)
    return [text(message) for message in found]


SILENT = "is routed to, did not answer: no route to host"


def test_nothing_is_answered_in_the_name_of_a_silent_server(client, theirs, ours, silence):
    client, thread_id = patient(client), thread_with(client, "one")
    silence()
    for call in (
        lambda: client.beta.threads.runs.create(thread_id, assistant_id=theirs.id),
        lambda: client.beta.threads.create_and_run(assistant_id=theirs.id),
        lambda: client.beta.threads.retrieve("thread_of_theirs"),
        lambda: client.beta.assistants.retrieve(theirs.id),
    ):
        with pytest.raises(openai.InternalServerError, match=SILENT) as refused:
            call()
        assert refused.value.status_code == 503
    assert go_on(client, thread_id, ours.id).status == "completed"  # neither locked nor any other's concern
    silence(False)
    assert go_on(client, thread_id, theirs.id).status == "completed"
    assert said(client, thread_id) == ["one", "bridge: one", "legacy: one"]


def test_a_run_whose_answer_got_lost_comes_along_with_the_next(client, theirs, legacy, monkeypatch):
    client, thread_id, answering = patient(client), thread_with(client, "one"), Server.ask

    def losing(self: Server, asked: Any) -> Any:
        answer = answering(self, asked)
        if (asked.method, asked.path.rpartition("/")[2]) == ("POST", "runs"):
            raise UpstreamRefused(Refused(0, "timed out"))
        return answer

    with monkeypatch.context() as patched, pytest.raises(openai.InternalServerError, match="timed out"):
        patched.setattr(Server, "ask", losing)
        client.beta.threads.runs.create(thread_id, assistant_id=theirs.id)
    until_said(legacy, ["one", "legacy: one"])
    client.beta.threads.messages.create(thread_id, role="user", content="two")
    go_on(client, thread_id, theirs.id)
    assert said_there(legacy) == ["one", "legacy: one", "two", "legacy: two"]
    assert said(client, thread_id) == ["one", "two", "legacy: one", "legacy: two"]  # it was not known here before


def until_said(legacy, words: list[str]) -> None:
    while said_there(legacy) != words:
        pass


def test_a_run_under_way_is_found_again_when_its_server_is(client, theirs, silence):
    client, thread_id = patient(client), thread_with(client, "one")
    run = client.beta.threads.runs.create(thread_id, assistant_id=theirs.id)
    silence()
    for call in (
        lambda: client.beta.threads.runs.retrieve(run.id, thread_id=thread_id),
        lambda: client.beta.threads.messages.list(thread_id),
        lambda: client.beta.threads.messages.create(thread_id, role="user", content="two"),
        lambda: client.beta.threads.runs.list(thread_id),
    ):
        with pytest.raises(openai.InternalServerError, match=SILENT):
            call()
    silence(False)
    assert client.beta.threads.runs.poll(run.id, thread_id=thread_id, poll_interval_ms=5).status == "completed"
    assert said(client, thread_id) == ["one", "legacy: one"]


@pytest.mark.slow
def test_a_share_that_bridge_answers_needs_no_server(stage, theirs, silence):
    here = f'[[route]]\nassistants = ["{theirs.id}"]\npercent = 99.99\nto = "bridge"\n'
    client = patient(stage.route(here + f'[[route]]\nassistants = ["{theirs.id}"]\nto = "URL"\n'))
    thread_id = thread_with(client, "one")
    go_on(client, thread_id, theirs.id)
    silence()
    go_on(client, thread_id, theirs.id)
    assert said(client, thread_id) == ["one", "bridge: one", "bridge: one"]


def test_who_never_asks_again_finds_everything_at_the_next_call(client, theirs):
    thread_id = thread_with(client, "one")
    stream = client.beta.threads.runs.create(thread_id, assistant_id=theirs.id, stream=True)
    run_id = next(iter(stream)).data.id
    stream.close()
    while client.beta.threads.runs.list(thread_id).data[0].status != "completed":
        pass
    assert said(client, thread_id) == ["one", "legacy: one"]
    assert client.beta.threads.runs.retrieve(run_id, thread_id=thread_id).status == "completed"


def test_native_code_finds_what_nobody_asked_about_any_more(client, theirs, legacy):
    thread_id = thread_with(client, "one")
    client.beta.threads.runs.create(thread_id, assistant_id=theirs.id)
    until_said(legacy, ["one", "legacy: one"])
    output = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "native: two"}]}
    bridge.native(client, thread_id).add({"id": "resp_1", "output": [output]}, input="two")
    assert said(client, thread_id) == ["one", "legacy: one", "two", "native: two"]


# --- processes that die


class Died(BaseException):
    """In place of SIGKILL: no code of ours takes it for an error."""


def dies(*args: Any) -> Any:
    raise Died


def test_a_run_whose_name_was_not_noted_is_found_at_its_server(client, theirs, monkeypatch):
    thread_id = thread_with(client, "one")
    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(moving, "paired", dies)
        client.beta.threads.runs.create(thread_id, assistant_id=theirs.id)
    (run,) = client.beta.threads.runs.list(thread_id).data
    assert run.status == "queued"  # as long as the other process may be at it
    with pytest.raises(openai.BadRequestError, match=f"already has an active run {run.id}"):
        client.beta.threads.runs.create(thread_id, assistant_id=theirs.id)
    monkeypatch.setattr(moving, "LOST_SECONDS", 0)
    while (found := client.beta.threads.runs.retrieve(run.id, thread_id=thread_id)).status != "completed":
        pass
    assert (found.id, said(client, thread_id)) == (run.id, ["one", "legacy: one"])


def test_a_run_that_is_found_again_is_cancelled_at_its_server(client, theirs, legacy, monkeypatch):
    thread_id = thread_with(client, "How is the weather?")
    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(moving, "paired", dies)
        client.beta.threads.runs.create(thread_id, assistant_id=theirs.id)
    (run,) = client.beta.threads.runs.list(thread_id).data
    monkeypatch.setattr(moving, "LOST_SECONDS", 0)
    client.beta.threads.runs.cancel(run.id, thread_id=thread_id)
    assert legacy.client().beta.threads.runs.list(there(legacy)).data[0].status in ("cancelling", "cancelled")
    assert [path.rpartition("/")[2] for method, path, _ in legacy.seen if method == "POST"][-1] == "cancel"


def test_a_thread_that_is_deleted_while_it_is_moved_is_not_found(client, theirs, stage, monkeypatch):
    client, thread_id, answering = patient(client), thread_with(client, "one"), Server.ask

    def deleting(self: Server, asked: Any) -> Any:
        answer = answering(self, asked)
        if (asked.method, asked.path.rpartition("/")[2]) == ("GET", "messages"):
            stage.store.commit(Commit((Erase(Thread, thread_id),))).result()
        return answer

    monkeypatch.setattr(Server, "ask", deleting)
    with pytest.raises(openai.NotFoundError, match=f"No thread found with id '{thread_id}'"):
        client.beta.threads.runs.create(thread_id, assistant_id=theirs.id)


def test_a_run_that_its_server_never_got_fails_and_frees_the_thread(client, theirs, legacy, monkeypatch):
    thread_id = thread_with(client, "one")
    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(moving, "_made", dies)
        client.beta.threads.runs.create(thread_id, assistant_id=theirs.id)
    monkeypatch.setattr(moving, "LOST_SECONDS", 0)
    (run,) = client.beta.threads.runs.list(thread_id).data
    assert (run.status, run.last_error.message) == ("failed", moving.LOST)
    assert go_on(client, thread_id, theirs.id).status == "completed"
    assert said_there(legacy) == said(client, thread_id) == ["one", "legacy: one"]


@pytest.mark.slow
def test_a_message_that_was_sent_and_not_noted_is_not_sent_twice(client, theirs, legacy, monkeypatch):
    thread_id = thread_with(client, "one")
    go_on(client, thread_id, theirs.id)
    for word in ("two", "three"):
        client.beta.threads.messages.create(thread_id, role="user", content=word)
    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(bringing, "noted", dies)
        client.beta.threads.runs.create(thread_id, assistant_id=theirs.id)
    monkeypatch.setattr(moving, "LOST_SECONDS", 0)
    assert client.beta.threads.runs.list(thread_id).data[0].status == "failed"
    go_on(client, thread_id, theirs.id)
    expected = ["one", "legacy: one", "two", "three", "legacy: three"]
    assert said_there(legacy) == said(client, thread_id) == expected


def test_a_run_that_its_server_forgot_ends(client, theirs, legacy):
    thread_id = thread_with(client, "How is the weather?")
    run = go_on_to_tools(client, thread_id, theirs.id)
    legacy.refuses = lambda method, path: 404 if "/runs/" in path else None
    (found,) = client.beta.threads.runs.list(thread_id).data
    assert (found.id, found.status, found.last_error.message) == (run.id, "expired", moving.GONE)


def go_on_to_tools(client, thread_id, assistant_id):
    run = client.beta.threads.runs.create_and_poll(
        thread_id=thread_id, assistant_id=assistant_id, poll_interval_ms=5
    )  # fmt: skip
    assert run.status == "requires_action"
    return run


# --- at once


def test_of_two_that_move_a_thread_at_once_one_wins(client, theirs, legacy, stage):
    thread_id = thread_with(client, *"abcdefgh")
    outcomes: list[Any] = []

    def begin() -> None:
        try:
            outcomes.append(client.beta.threads.runs.create(thread_id, assistant_id=theirs.id).id)
        except openai.BadRequestError as error:
            outcomes.append(error.message)

    threads = [threading.Thread(target=begin) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    won = [outcome for outcome in outcomes if outcome.startswith("run_")]
    assert len(won) == 1
    assert all(f"already has an active run {won[0]}" in lost for lost in outcomes if lost not in won)
    client.beta.threads.runs.poll(won[0], thread_id=thread_id, poll_interval_ms=5)
    assert said_there(legacy) == said(client, thread_id) == [*"abcdefgh", "legacy: h"]


@pytest.mark.slow
def test_a_thread_looked_at_by_many_is_brought_in_once(client, theirs, legacy):
    thread = legacy.client().beta.threads.create(messages=[{"role": "user", "content": "one"}])
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(ids(client, thread.id))) for _ in range(4)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len({tuple(each) for each in found}) == 1


# --- what cannot come along


def test_files_that_a_server_does_not_know_stay_behind_and_that_is_said(client, theirs, legacy):
    image = {"type": "image_file", "image_file": {"file_id": "file-abc"}}
    thread = client.beta.threads.create(
        messages=[{"role": "user", "content": [{"type": "text", "text": "look"}, image]}]
    )  # fmt: skip
    tried: list[str] = []

    def refuses(method: str, path: str) -> int | None:
        tried.append(path)
        return 404 if (method, path) == ("POST", "/v1/threads") and tried.count(path) == 1 else None

    legacy.refuses = refuses
    answer = client.beta.threads.runs.with_raw_response.create(thread.id, assistant_id=theirs.id)
    assert answer.headers["bridge-degraded"] == "attachments"
    (sent,) = legacy.client().beta.threads.messages.list(there(legacy), order="asc", limit=1).data
    assert [block.type for block in sent.content] == ["text"]
    (here,) = client.beta.threads.messages.list(thread.id, order="asc", limit=1).data
    assert [block.type for block in here.content] == ["text", "image_file"]


@pytest.mark.slow
def test_a_server_that_lists_fewer_messages_than_it_got_gets_none_twice(client, theirs, legacy, monkeypatch):
    thread_id, answering = thread_with(client, "one", "two"), Server.ask

    def forgetful(self: Server, asked: Any) -> Any:
        answer = answering(self, asked)
        is_list = (asked.method, asked.path.rpartition("/")[2]) == ("GET", "messages")
        return evolve(answer, body=b'{"data": []}') if is_list else answer

    with monkeypatch.context() as patched:
        patched.setattr(Server, "ask", forgetful)
        patched.setattr(moving, "_caught_up", dies)
        with pytest.raises(Died):
            client.beta.threads.runs.create(thread_id, assistant_id=theirs.id)
    monkeypatch.setattr(moving, "LOST_SECONDS", 0)
    client.beta.threads.runs.list(thread_id)
    go_on(client, thread_id, theirs.id)
    assert said_there(legacy) == said(client, thread_id) == ["one", "two", "legacy: two"]


@pytest.mark.slow
def test_a_message_that_went_without_its_files_is_found_again(client, theirs, legacy, monkeypatch):
    image = {"type": "image_file", "image_file": {"file_id": "file-abc"}}
    thread_id, answering = thread_with(client, "one"), Server.ask
    go_on(client, thread_id, theirs.id)
    client.beta.threads.messages.create(thread_id, role="user", content=[{"type": "text", "text": "look"}, image])
    with monkeypatch.context() as patched, pytest.raises(Died):
        patched.setattr(bringing, "noted", dies)
        patched.setattr(Server, "ask", without_files(answering))
        client.beta.threads.runs.create(thread_id, assistant_id=theirs.id)
    monkeypatch.setattr(moving, "LOST_SECONDS", 0)
    assert client.beta.threads.runs.list(thread_id).data[0].status == "failed"
    go_on(client, thread_id, theirs.id)
    assert said_there(legacy) == said(client, thread_id) == ["one", "legacy: one", "look", "legacy: look"]


def without_files(answering):
    """A server that refuses messages with files."""

    def ask(self: Server, asked: Any) -> Any:
        blocks = asked.body.get("content", ()) if asked.body else ()
        is_refused = any(block["type"] == "image_file" for block in blocks)
        return Answer(404, (), b'{"error": {"message": "No such file."}}') if is_refused else answering(self, asked)

    return ask


@pytest.mark.slow
def test_a_long_thread_comes_along_whole(client, theirs, legacy):
    words = [f"word {number}" for number in range(moving.AT_ONCE + 3)]
    thread_id = thread_with(client, *words)
    go_on(client, thread_id, theirs.id)
    assert legacy.heard() == words
    assert said_there(legacy) == said(client, thread_id) == [*words, f"legacy: {words[-1]}"]


# --- what else is at work


def test_no_process_of_ours_takes_up_a_run_of_another_server(client, theirs, stage):
    thread_id = thread_with(client, "How is the weather?")
    run = client.beta.threads.runs.create(thread_id, assistant_id=theirs.id)
    rooms.runner_for(stage.store, stage).take_up(dead_too=True)
    assert stage.store.load([Key(Run, run.id)])[0].status == "queued"
    client.beta.threads.runs.cancel(run.id, thread_id=thread_id)
    assert stage.upstream.requests == []


# --- ids that are taken


def test_a_run_whose_answer_has_an_id_that_is_taken_ends_and_that_is_said(client, theirs, stage, caplog):
    thread_id = thread_with(client, "How is the weather?")
    run = go_on_to_tools(client, thread_id, theirs.id)
    (step,) = client.beta.threads.runs.steps.list(run.id, thread_id=thread_id).data
    other = Step(step.id, "run_b", "thread_b", "asst_b", 5, 605, "tool_calls", {})
    stage.store.commit(Commit((Put(Thread("thread_b", 5), is_new=True), Put(other, is_new=True)))).result()
    outputs: Any = [{"tool_call_id": run.required_action.submit_tool_outputs.tool_calls[0].id, "output": "rain"}]
    client.beta.threads.runs.submit_tool_outputs_and_poll(
        run_id=run.id, thread_id=thread_id, tool_outputs=outputs, poll_interval_ms=5
    )  # fmt: skip
    assert client.beta.threads.runs.retrieve(run.id, thread_id=thread_id).status == "completed"
    assert f"what run {run.id} made {bringing.NOT_BROUGHT_IN} {step.id}" in caplog.text
    assert client.beta.threads.messages.create(thread_id, role="user", content="not locked").id


def test_a_thread_with_an_id_that_is_taken_is_not_found_and_that_is_said(client, legacy, stage, caplog):
    thread = legacy.client().beta.threads.create(messages=[{"role": "user", "content": "one"}])
    (message,) = ids(legacy.client(), thread.id)
    taken = Message(message, "thread_b", 5, "user")
    stage.store.commit(Commit((Put(Thread("thread_b", 5), is_new=True), Put(taken, is_new=True)))).result()
    with pytest.raises(openai.NotFoundError):
        client.beta.threads.retrieve(thread.id)
    assert f"{bringing.NOT_BROUGHT_IN} {message}" in caplog.text
