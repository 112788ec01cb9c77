"""The service as the doors see it: every route, every kind of answer, sync and async, and what must never be told."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from bridge.calls import Call, Credential, Reply
from bridge.engine.effects import Commit, RunState
from bridge.hands import leases, rooms, runner
from bridge.hands.feeds import DONE
from bridge.ids import make as new_id
from bridge.lifecycle import Policy
from bridge.profiles import VLLM, Profile
from bridge.records import File, Put
from bridge.routes import ROUTES, owns
from bridge.service import POLL_AFTER_MS, Service
from bridge.settings import Options
from bridge.store.memory import MemoryStore
from bridge.store.open import open_store
from bridge.testing import ScriptedUpstream
from hands.process import TOOL, answered, call, ends_with_error, new_run, run_status, until

SCRIPT = [
    {"when": "temperature", "call": {"name": "get_temperature"}, "then": {"say": "It is {outputs}."}},
    {"when": "a moment", "do": [{"wait": 0.3}, {"say": "Here."}]},
    {"when": "slow", "do": [{"wait": 60}]},
    {"when": "always", "say": "You said: {text}"},
]
Asked = Callable[[Service, Call], Reply]


def ask(service: Service, call: Call) -> Reply:
    return service.call(call)


def aask(service: Service, call: Call) -> Reply:
    return asyncio.run(service.acall(call))


@pytest.fixture(params=[ask, aask], ids=["sync", "async"])
def asked(request: Any) -> Asked:
    found: Asked = request.param
    return found


@pytest.fixture
def upstream() -> Iterator[ScriptedUpstream]:
    upstream = ScriptedUpstream([{**rule} for rule in SCRIPT])
    yield upstream
    upstream.close()


@pytest.fixture
def service(upstream: ScriptedUpstream) -> Iterator[Service]:
    yield Service(MemoryStore(), upstream)
    rooms.close_all(0.0)


def header(reply: Reply, name: str) -> str | None:
    return dict(reply.headers).get(name)


def error_of(reply: Reply) -> dict[str, Any]:
    found: dict[str, Any] = orjson.loads(reply.body)["error"]
    return found


# --- in


def the_way_through(service: Service) -> Iterator[tuple[str, str, dict[str, Any], dict[str, str]]]:
    """A call for each route in an order that works: route method and path, body, and the ids; what is answered is sent
    back in."""
    ids: dict[str, str] = {}

    def go(method: str, path: str, **body: Any) -> Any:
        answer = yield method, path, body, ids
        return answer

    message = {"role": "user", "content": "temperature?"}
    thread, run = "/threads/{thread_id}", "/threads/{thread_id}/runs/{run_id}"
    made = yield from go("POST", "/assistants", model="gpt-4o", tools=[TOOL])
    ids["assistant_id"] = made["id"]
    yield from go("GET", "/assistants")
    yield from go("GET", "/assistants/{assistant_id}")
    yield from go("POST", "/assistants/{assistant_id}", name="Ada")
    made = yield from go("POST", "/threads")
    ids["thread_id"] = made["id"]
    yield from go("GET", thread)
    yield from go("POST", thread, metadata={"a": "b"})
    made = yield from go("POST", thread + "/messages", **message)
    ids["message_id"] = made["id"]
    yield from go("GET", thread + "/messages")
    yield from go("GET", thread + "/messages/{message_id}")
    yield from go("POST", thread + "/messages/{message_id}", metadata={})
    made = yield from go("POST", thread + "/runs", assistant_id=ids["assistant_id"])
    ids["run_id"] = made["id"]
    found = made
    while found["status"] != "requires_action":
        found = yield from go("GET", run)
    calls = found["required_action"]["submit_tool_outputs"]["tool_calls"]
    outputs = [{"tool_call_id": each["id"], "output": "57"} for each in calls]
    found = yield from go("POST", run + "/submit_tool_outputs", tool_outputs=outputs)
    while found["status"] != "completed":
        found = yield from go("GET", run)
    yield from go("GET", thread + "/runs")
    yield from go("POST", run, metadata={})
    steps = yield from go("GET", run + "/steps")
    ids["step_id"] = steps["data"][0]["id"]
    yield from go("GET", run + "/steps/{step_id}")
    made = yield from go("POST", "/threads/runs", assistant_id=ids["assistant_id"], thread={"messages": [message]})
    mine = dict(ids)
    ids |= {"thread_id": made["thread_id"], "run_id": made["id"]}
    yield from go("POST", run + "/cancel")
    ids |= mine
    yield from go("DELETE", thread + "/messages/{message_id}")
    yield from go("DELETE", thread)
    yield from go("DELETE", "/assistants/{assistant_id}")
    ids["file_id"] = KEPT.id
    yield from go("GET", "/files/{file_id}")
    yield from go("GET", "/files/{file_id}/content")
    yield from go("DELETE", "/files/{file_id}")


KEPT = File(new_id("file", 7), "thread_x", "run_x", 1, "a.csv", "cntr_x", "cfile_x", 3, copy="file-bridge.1")


def test_every_route_is_reached(service: Service, asked: Asked) -> None:
    reached = set()
    service.store.commit(Commit((Put(KEPT, is_new=True),))).result()
    service.store.write_piece(KEPT.copy, 0, b"1,2").result()
    way = the_way_through(service)
    answer: Any = None
    while True:
        try:
            method, path, body, ids = way.send(answer)
        except StopIteration:
            break
        reply = asked(service, call(method, path.format(**ids), **body))
        assert reply.status == 200, (method, path, reply.body)
        if path.endswith("/content"):
            assert reply.stream is not None and b"".join(reply.stream) == b"1,2"
        else:
            assert header(reply, "content-type") == "application/json"
            answer = orjson.loads(reply.body)
        reached.add((method, path))
    assert reached == {(route.method, route.path) for route in ROUTES}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/assistants"),
        ("GET", "/threads/thread_a/nonsense"),
        ("DELETE", "/threads/thread_a/runs/run_a"),
        ("POST", "/threads/thread_a/runs/run_a/steps/step_a"),
        ("GET", "/assistants/"),
    ],
)
def test_other_urls_are_told_so(service: Service, asked: Asked, method: str, path: str) -> None:
    reply = asked(service, call(method, path))
    assert reply.status == 404
    assert error_of(reply)["message"] == f"Invalid URL ({method} /v1{path})"


@pytest.mark.parametrize(
    ("path", "is_ours"),
    [
        ("/assistants", True),
        ("/threads/thread_a/nonsense", True),
        ("/threads", True),
        ("/assistantship", False),
        ("/responses", False),
        ("/", False),
    ],
)
def test_what_is_ours(path: str, is_ours: bool) -> None:
    assert owns(path) is is_ours


# --- out


def test_every_answer_has_an_id_of_its_own(service: Service) -> None:
    calls = [call("POST", "/threads"), call("GET", "/threads/thread_x"), call("PUT", "/threads")]
    replies = [service.call(each) for each in calls * 30]
    ids = [header(reply, "x-request-id") or "" for reply in replies]
    assert len(set(ids)) == 90
    assert all(id.startswith("req_") and len(id) == 36 for id in ids)


def test_an_error_of_ours_is_the_old_services_and_no_traceback(
    service: Service, asked: Asked, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any) -> Any:
        raise ZeroDivisionError("secret inside")

    monkeypatch.setattr(service.store, "load", fail)
    reply = asked(service, call("GET", "/threads/thread_x"))
    assert (reply.status, error_of(reply)["type"]) == (500, "server_error")
    request_id = header(reply, "x-request-id") or ""
    assert request_id in error_of(reply)["message"]
    assert b"secret" not in reply.body and b"Traceback" not in reply.body
    assert request_id in caplog.text and "secret inside" in caplog.text


def test_the_log_line_of_a_404_names_the_store(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bridge")
    assert service.call(call("GET", "/threads/thread_x")).status == 404
    assert "store: memory" in caplog.text


def test_no_path_makes_lines_in_the_log(service: Service, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "bridge")
    service.call(call("GET", "/threads/thread_x\nINFO all is well"))
    (record,) = caplog.records
    assert "thread_x" in record.getMessage() and "\n" not in record.getMessage()


def test_only_runs_tell_when_to_poll_again(service: Service) -> None:
    created = service.call(new_run(service, "Hi"))
    assert header(created, "openai-poll-after-ms") == POLL_AFTER_MS
    assert header(service.call(call("POST", "/threads")), "openai-poll-after-ms") is None


def test_what_is_lost_is_told_with_the_answer_and_once_in_the_log(
    service: Service, asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    service.upstream.profile = Profile("abacus", input_tokens=False)
    whole = asked(service, new_run(service, "Hi"))
    assert (whole.status, header(whole, "bridge-degraded"), caplog.text) == (200, None, "")
    for _ in range(3):
        reply = asked(service, new_run(service, "Hi", max_prompt_tokens=1000))
        assert (reply.status, header(reply, "bridge-degraded")) == (200, "max_prompt_tokens")
    assert caplog.text.count("does not count tokens") == 1


def made(service: Service, asked: Asked, path: str, **body: Any) -> tuple[int, Any, str | None]:
    reply = asked(service, call("POST", path, **body))
    return reply.status, orjson.loads(reply.body), header(reply, "bridge-degraded")


def test_a_model_that_is_gone_runs_as_another_under_its_old_name(
    asked: Asked, caplog: pytest.LogCaptureFixture
) -> None:
    upstream = ScriptedUpstream(SCRIPT)
    service = Service(MemoryStore(), upstream, options=Options(Policy("auto")))
    status, assistant, lost = made(service, asked, "/assistants", model="gpt-4-turbo")
    assert (status, assistant["model"], lost) == (200, "gpt-4-turbo", "model")
    body = {"assistant_id": assistant["id"], "thread": {"messages": [{"role": "user", "content": "Hi"}]}}
    status, run, lost = made(service, asked, "/threads/runs", **body)
    until(lambda: run_status(service, run) == "completed")
    assert (run["model"], lost) == ("gpt-4-turbo", "model")
    assert upstream.requests[-1]["model"] == "gpt-5.6-sol"
    assert caplog.text.count("gpt-4-turbo ended on 2026-10-23 and runs as gpt-5.6-sol") == 1


def test_a_model_that_must_exist_is_refused_in_the_old_words(asked: Asked) -> None:
    service = Service(MemoryStore(), ScriptedUpstream(SCRIPT), options=Options(Policy("off")))
    for model, code in (("gpt-4-turbo", "model_not_found"), ("tts-1", "unsupported_model")):
        status, answer, _ = made(service, asked, "/assistants", model=model)
        assert (status, answer["error"]["code"], answer["error"]["param"]) == (400, code, "model")


def test_a_tool_that_is_not_there_is_refused_when_the_run_is_created(service: Service, asked: Asked) -> None:
    service.upstream.profile = VLLM
    _, assistant, _ = made(service, asked, "/assistants", model="m", tools=[{"type": "code_interpreter"}])
    body = {"assistant_id": assistant["id"], "thread": {"messages": [{"role": "user", "content": "Hi"}]}}
    status, answer, _ = made(service, asked, "/threads/runs", **body)
    assert (status, answer["error"]["code"]) == (400, "unsupported_tool")


def test_what_a_model_refused_once_is_told_from_then_on(asked: Asked) -> None:
    service = Service(MemoryStore(), ScriptedUpstream(SCRIPT))
    _, assistant, _ = made(service, asked, "/assistants", model="gpt-5", temperature=0.3)
    body = {"assistant_id": assistant["id"], "thread": {"messages": [{"role": "user", "content": "Hi"}]}}
    for expected in (None, "temperature"):
        status, run, lost = made(service, asked, "/threads/runs", **body)
        assert (status, lost) == (200, expected)
        until(lambda run=run: run_status(service, run) == "completed")  # type: ignore[misc]


# --- polling


def polled(run: dict[str, Any], read_timeout: float | None = None) -> Call:
    headers = {"openai-beta": "assistants=v2", "x-stainless-poll-helper": "true"}
    return Call("GET", f"/threads/{run['thread_id']}/runs/{run['id']}", headers=headers, read_timeout=read_timeout)


def test_a_poll_ends_with_the_run(service: Service, asked: Asked) -> None:
    run = orjson.loads(service.call(new_run(service, "a moment")).body)
    reply = asked(service, polled(run))
    found = orjson.loads(reply.body)
    assert found["status"] == "completed"
    late = time.time() - service.store.run_state(RunState(run["thread_id"], run["id"])).run.completed_at  # type: ignore[union-attr, operator]
    assert late < 1.5  # completed_at is a whole second


def test_a_poll_is_woken_at_once(service: Service, asked: Asked) -> None:
    run = orjson.loads(service.call(new_run(service, "slow")).body)
    until(lambda: run_status(service, run) == "in_progress")
    cancelled: list[float] = []

    def cancel() -> None:
        time.sleep(0.2)
        answered(service, "POST", f"/threads/{run['thread_id']}/runs/{run['id']}/cancel")
        cancelled.append(time.monotonic())

    thread = threading.Thread(target=cancel)
    thread.start()
    assert orjson.loads(asked(service, polled(run)).body)["status"] == "cancelled"
    now = time.monotonic()
    thread.join()
    assert now - cancelled[0] < 0.2


@pytest.mark.parametrize("read_timeout", [0.2, 0.5])
def test_a_poll_waits_half_of_what_its_caller_waits(service: Service, asked: Asked, read_timeout: float) -> None:
    run = orjson.loads(service.call(new_run(service, "slow")).body)
    began = time.monotonic()
    assert orjson.loads(asked(service, polled(run, read_timeout)).body)["status"] in ("queued", "in_progress")
    assert read_timeout / 2 - 0.01 <= time.monotonic() - began < read_timeout


def test_who_does_not_poll_is_answered_at_once(service: Service, asked: Asked) -> None:
    run = orjson.loads(service.call(new_run(service, "slow")).body)
    began = time.monotonic()
    asked(service, call("GET", f"/threads/{run['thread_id']}/runs/{run['id']}"))
    assert time.monotonic() - began < 0.1


# --- streaming


def heard(reply: Reply, asked: Asked) -> bytes:
    assert reply.stream is not None
    if asked is ask:
        return b"".join(reply.stream)

    async def read() -> bytes:
        return b"".join([piece async for piece in reply.stream])  # type: ignore[union-attr]

    return asyncio.run(read())


def test_a_stream_runs_to_its_end(service: Service, asked: Asked) -> None:
    reply = asked(service, new_run(service, "Hi", stream=True))
    assert (reply.status, header(reply, "content-type")) == (200, "text/event-stream; charset=utf-8")
    events = heard(reply, asked)
    assert events.startswith(b"event: thread.run.created\n") and events.endswith(DONE)
    assert b"You" in events


def test_a_stream_that_fails_names_its_request(service: Service, monkeypatch: pytest.MonkeyPatch, caplog: Any) -> None:
    """The leg dies of an error of ours: the nested error, with the id of this answer, which the log shows too."""

    def broken(*args: Any) -> Any:
        raise ZeroDivisionError

    reply = None
    create = new_run(service, "Hi", stream=True)
    with monkeypatch.context() as patch:
        patch.setattr(runner.legs, "leg", broken)
        reply = service.call(create)
        events = heard(reply, ask)
    request_id = header(reply, "x-request-id") or "missing"
    assert ends_with_error(events) and request_id.encode() in events
    assert request_id in caplog.text


# --- legs that cannot be started


def without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    start = threading.Thread.start

    def refused(self: threading.Thread) -> None:
        if self.name in ("bridge-leg", "bridge-loop"):
            raise RuntimeError("can't start new thread")
        start(self)

    monkeypatch.setattr(threading.Thread, "start", refused)


def test_a_run_that_cannot_be_started_now_is_started_later(
    service: Service, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = new_run(service, "Hi")
    with monkeypatch.context() as patch:
        without_threads(patch)
        reply = asked(service, create)
    assert reply.status == 200
    run = orjson.loads(reply.body)
    service.runner.take_up()
    until(lambda: run_status(service, run) == "completed")


def test_a_stream_that_cannot_be_started_ends_with_an_error(
    service: Service, asked: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = new_run(service, "Hi", stream=True)
    with monkeypatch.context() as patch:
        without_threads(patch)
        reply = asked(service, create)
        assert ends_with_error(heard(reply, asked))


# --- what is never told

KEY = "sk-proj-SECRETSECRET1234567890"


def test_no_key_is_stored_logged_or_shown(
    upstream: ScriptedUpstream, store_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    upstream.script = ScriptedUpstream([{"error": {"status": 401, "message": "no", "code": "invalid_api_key"}}]).script
    service = Service(open_store(str(store_path)), upstream)
    headers = {"openai-beta": "assistants=v2", "authorization": f"Bearer {KEY}", "api-key": KEY}
    credential = Credential({"authorization": f"Bearer {KEY}", "api-key": KEY})

    def with_key(call: Call) -> Call:
        return Call(call.method, call.path, headers=headers, body=call.body, credential=credential)

    run = orjson.loads(service.call(with_key(new_run(service, "Hi"))).body)
    until(lambda: run_status(service, run) == "failed")
    service.call(with_key(call("GET", "/threads/thread_x")))
    source = leases.Source(upstream, credential)
    service.runner.knows(source)
    shown = repr(
        [with_key(call("GET", "/threads")), credential, source, service, service.runner, *upstream.credentials]
    )
    rooms.close_all(0.0)
    files = [file for file in store_path.parent.rglob("*") if file.is_file()]
    assert store_path in files
    told = [shown.encode(), caplog.text.encode(), *(file.read_bytes() for file in files)]
    assert not any(b"SECRETSECRET" in text for text in told)
    assert any(source.credential.fingerprint.encode() in text for text in told), "the run remembers whose it is"


# --- another kind of event loop


@pytest.mark.parametrize("on_callers_loop", [False, True])
def test_under_trio(upstream: ScriptedUpstream, on_callers_loop: bool) -> None:
    trio = pytest.importorskip("trio")
    service = Service(MemoryStore(), upstream, on_callers_loop=on_callers_loop)
    create = new_run(service, "a moment")
    stream = new_run(service, "Hi", stream=True)

    async def story() -> tuple[Any, bytes]:
        run = orjson.loads((await service.acall(create)).body)
        found = orjson.loads((await service.acall(polled(run))).body)
        reply = await service.acall(stream)
        assert reply.stream is not None
        return found, b"".join([piece async for piece in reply.stream])

    found, events = trio.run(story)
    assert found["status"] == "completed"
    assert events.endswith(DONE)
    rooms.close_all(0.0)
