"""Candidates beside a primary: what they are asked, what comes of it, and what must never come of it."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from bridge import AsyncOpenAI
from bridge.candidates import Candidate
from bridge.engine.effects import Commit, Page
from bridge.records import Observed, Put, Thread
from bridge.shadow import bench, pruning
from bridge.shadow.outputs import Outputs
from bridge.store.memory import MemoryStore
from bridge.testing import ScriptedUpstream, serve_scripted
from shadow.staged import SCRIPT, WEATHER, stage, until, words

FOR_EVER = "- call: get_weather\n  then: " + "{call: get_weather, then: " * 5 + "{say: x}" + "}" * 5
OTHER_MODEL = '[[shadow]]\nname = "luna"\nmodel = "gpt-4.1"\n'


def own(folder: Path, script: str, more: str = "") -> str:
    """A candidate with a script of its own."""
    (folder / "candidate.yaml").write_text(script)
    return f'[[shadow]]\nname = "other"\nupstream = "scripted:candidate.yaml"\n{more}'


def test_a_candidate_gets_the_same_thread_and_the_outputs_of_the_primarys_tools(tmp_path, monkeypatch):
    executed = []

    def tool(**given: Any) -> str:
        executed.append(given)
        return "14 degrees"

    with stage(tmp_path, monkeypatch, OTHER_MODEL) as on:
        run = on.run("How is the weather?", tool, instructions="Be brief.")
        (found,) = on.observed()
    assert executed == [{"city": "Oslo"}]
    assert (found.run_id, found.thread_id, found.candidate, found.trouble) == (run.id, run.thread_id, "luna", None)
    assert words(found.control) == words(found.aside) == ["14 degrees!"]
    assert (found.control["run"]["model"], found.aside["run"]["model"]) == ("gpt-4o", "gpt-4.1")
    assert [len(side["seconds"]) for side in (found.control, found.aside)] == [2, 2]
    primary, candidate = on.upstream.requests[:2], on.upstream.requests[2:]
    assert [{**each, "model": "gpt-4o", "input": None} for each in candidate] == [
        {**each, "input": None} for each in primary
    ]
    assert candidate[0]["input"] == primary[0]["input"]
    assert candidate[1]["input"][-1]["output"] == "14 degrees"


def test_the_thread_is_as_the_run_found_it(tmp_path, monkeypatch):
    with stage(tmp_path, monkeypatch, OTHER_MODEL) as on:
        run = on.run("How is the weather?")
        on.observed()
        on.client.beta.threads.messages.create(run.thread_id, role="user", content="And otherwise?")
        on.go_on(run.thread_id, run.assistant_id)
        on.observed(2)
    primary, candidate = on.upstream.requests[-2:]
    assert candidate["model"] == "gpt-4.1"
    assert candidate["input"] == primary["input"]
    assert [item.get("type") for item in primary["input"]].count("function_call_output") == 1


def test_the_primarys_container_is_not_written_to(tmp_path, monkeypatch):
    script = [{"code": "print(1)"}]
    with stage(tmp_path, monkeypatch, OTHER_MODEL, script) as on:
        assistant = on.client.beta.assistants.create(model="gpt-4o", tools=[{"type": "code_interpreter"}])
        thread = on.client.beta.threads.create(messages=[{"role": "user", "content": "Go"}])
        for count in (1, 2):
            on.go_on(thread.id, assistant.id)
            on.observed(count)
    containers = [request["tools"][0]["container"] for request in on.upstream.requests]
    first, second = (each for each, request in zip(containers, on.upstream.requests, strict=True)
                     if request["model"] == "gpt-4o")  # fmt: skip
    assert isinstance(second, str) and not isinstance(first, str)
    assert all(isinstance(each, dict) for each, request in zip(containers, on.upstream.requests, strict=True)
               if request["model"] == "gpt-4.1")  # fmt: skip


@pytest.mark.parametrize(
    ("script", "status", "trouble"),
    [
        ("- say: Something else.", "completed", None),
        ("- error: 400", "failed", None),
        ("- call: {name: get_rain}\n  then: {say: 'I got {outputs}.'}", "completed", None),
        (FOR_EVER, "cancelled", "it called tools more than 4 times, and was stopped"),
        ("- wait: 60\n  say: Late.", "cancelled", "it was still in_progress after 0.2 seconds, and was stopped"),
    ],
    ids=["another text", "refused", "another tool", "tools for ever", "hangs"],
)  # fmt: skip
def test_what_a_candidate_does_is_published(tmp_path, monkeypatch, script, status, trouble):
    seconds = "seconds = 0.2\n" if "wait" in script else ""
    with stage(tmp_path, monkeypatch, own(tmp_path, script, seconds)) as on:
        assert on.run("How is the weather?").status == "completed"
        (found,) = on.observed()
    assert found.trouble == trouble
    assert found.aside["run"]["status"] in (status, "cancelling")
    assert found.control["run"]["status"] == "completed"


def test_a_request_that_is_refused_is_published(tmp_path, monkeypatch):
    shadow = '[[shadow]]\nmodel = "tts-1"\n'
    upstream = ScriptedUpstream(SCRIPT)
    monkeypatch.setenv("BRIDGE_MODELS", "auto")
    with stage(tmp_path, monkeypatch, shadow, upstream=upstream) as on:
        on.run("Hello")
        (found,) = on.observed()
    assert found.aside["error"]["status"] == 400
    assert "tts-1" in found.trouble


def test_a_hanging_candidate_delays_nobody(tmp_path, monkeypatch):
    shadow = own(tmp_path, "- wait: 60\n  say: Late.", "at_once = 2\nseconds = 60\n")
    with stage(tmp_path, monkeypatch, shadow) as on:
        statuses = [on.run("Hello").status for _ in range(6)]
        assert statuses == ["completed"] * 6
        assert on.store.page(Page(Observed)).records == ()
        at_work = [thread for thread in threading.enumerate() if thread.name == "bridge-shadow"]
        assert len(at_work) >= 2


def test_what_is_cancelled_is_not_tried(tmp_path, monkeypatch):
    with stage(tmp_path, monkeypatch, OTHER_MODEL) as on:
        threads = on.client.beta.threads
        assistant = on.client.beta.assistants.create(model="gpt-4o", tools=[WEATHER])
        thread = threads.create(messages=[{"role": "user", "content": "weather"}])
        run = threads.runs.create_and_poll(thread_id=thread.id, assistant_id=assistant.id, poll_interval_ms=10)
        threads.runs.cancel(run.id, thread_id=thread.id)
        on.run("Hello")
        (found,) = on.observed()
    assert found.run_id != run.id


def test_streams_and_event_loops(tmp_path, monkeypatch):
    async def program(store: MemoryStore, upstream: ScriptedUpstream) -> None:
        async with AsyncOpenAI(upstream=upstream, store=store) as client:
            assistant = await client.beta.assistants.create(model="gpt-4o")
            thread = await client.beta.threads.create(messages=[{"role": "user", "content": "Hi"}])
            async with client.beta.threads.runs.stream(thread_id=thread.id, assistant_id=assistant.id) as stream:
                await stream.until_done()
            for _ in range(1000):
                if store.page(Page(Observed)).records:
                    return
                await asyncio.sleep(0.01)

    with stage(tmp_path, monkeypatch, OTHER_MODEL) as on:
        asyncio.run(program(on.store, on.upstream))
        (found,) = on.observed()
    assert words(found.control) == words(found.aside) == ["Hello."]


def test_the_callers_key_is_for_the_callers_upstream(tmp_path, monkeypatch):
    monkeypatch.setenv("THE_OTHER_KEY", "sk-other")
    with serve_scripted("- say: Hello.") as primary, serve_scripted("- say: Hello.") as candidate:
        shadow = f'[[shadow]]\nupstream = "{candidate.url}"\napi_key_env = "THE_OTHER_KEY"\n'
        (tmp_path / "bridge.toml").write_text(shadow)
        monkeypatch.setenv("BRIDGE_CONFIG", str(tmp_path / "bridge.toml"))
        with stage(tmp_path, monkeypatch, shadow, upstream=primary.url, api_key="sk-mine") as on:
            on.run("Hello")
            on.observed()
    assert [each.headers["authorization"] for each in primary.scripted.credentials] == ["Bearer sk-mine"]
    assert [each.headers["authorization"] for each in candidate.scripted.credentials] == ["Bearer sk-other"]


def test_nothing_of_the_callers_account_reaches_another_server(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_ORG_ID", "org-mine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-mine")
    with serve_scripted("- say: Hello.") as primary, serve_scripted("- say: Hello.") as candidate:
        shadow = f'[[shadow]]\nupstream = "{candidate.url}"\n'
        with stage(tmp_path, monkeypatch, shadow, upstream=primary.url, api_key="sk-mine") as on:
            on.run("Hello")
            on.observed()
    (sent,) = [each.headers for each in candidate.scripted.credentials]
    assert sent["authorization"] == "Bearer none"
    assert not {"openai-organization", "openai-project"} & sent.keys()


def test_secrets_are_not_stored_in_observations(tmp_path, monkeypatch):
    key = "sk-proj-abcdefghijklmnopqrstuvwx"
    script = f"- error: {{status: 401, message: 'Received API Key = {key}'}}"
    with stage(tmp_path, monkeypatch, own(tmp_path, script)) as on:
        on.run("Hello")
        (found,) = on.observed()
    assert found.aside["run"]["status"] == "failed"
    assert "Received API Key = sk-[removed]" in found.aside["run"]["last_error"]["message"]
    assert key not in str(found)


def test_who_deletes_a_thread_deletes_what_was_seen_of_it(tmp_path, monkeypatch):
    with stage(tmp_path, monkeypatch, OTHER_MODEL) as on:
        run = on.run("Hello")
        on.observed()
        on.client.beta.threads.delete(run.thread_id)
        assert on.store.page(Page(Observed)).records == ()


def test_candidates_take_their_share(tmp_path, monkeypatch):
    ids = [f"run_{number}" for number in range(2000)]
    some = Candidate("some", percent=25.0, model="x")
    taken = [id for id in ids if some.takes(id, "asst_a")]
    assert 400 < len(taken) < 600
    assert [id for id in ids if evolve(some, percent=50.0).takes(id, "asst_a")][: len(taken)] != ids[: len(taken)]
    assert set(taken) <= {id for id in ids if evolve(some, percent=50.0).takes(id, "asst_a")}  # more percent: more runs
    assert not any(evolve(some, percent=0.0).takes(id, "asst_a") for id in ids)
    assert all(evolve(some, percent=100.0).takes(id, "asst_a") for id in ids)
    only = Candidate("only", assistants=("asst_a",), model="x")
    assert (only.takes("run_1", "asst_a"), only.takes("run_1", "asst_b")) == (True, False)


def test_what_is_too_much_is_left_out_and_told(tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(bench, "WAITING", 2)
    shadow = own(tmp_path, "- wait: 60\n  say: Late.", "at_once = 1\n")
    with stage(tmp_path, monkeypatch, shadow) as on:
        for _ in range(6):
            assert on.run("Hello").status == "completed"
    assert "shadow other cannot keep up: 1 runs were left out" in caplog.text


def test_the_end_of_the_process_waits_if_it_is_told_to(tmp_path, monkeypatch, caplog):
    from bridge.hands import rooms

    shadow = own(tmp_path, "- wait: 0.3\n  say: Late.", "exit_seconds = 10\n")
    with stage(tmp_path, monkeypatch, shadow) as on:
        on.run("Hello")
        rooms.close_all()
        (found,) = on.observed()
    assert words(found.aside) == ["Late."]
    shadow = own(tmp_path, "- wait: 60\n  say: Late.", "seconds = 60\n")
    with stage(tmp_path, monkeypatch, shadow) as on:
        on.run("Hello")
        began = time.monotonic()
        rooms.close_all()
        assert time.monotonic() - began < 5
    assert "the end of the process leaves 1 runs untried" in caplog.text


def test_faults_of_ours_are_logged_and_hurt_nobody(tmp_path, monkeypatch, caplog):
    def broken(*given: Any) -> Any:
        raise RuntimeError("a fault of ours")

    with stage(tmp_path, monkeypatch, OTHER_MODEL) as on:
        monkeypatch.setattr("bridge.shadow.bench.Trial.run", broken)
        assert on.run("Hello").status == "completed"
        assert on.observed()[0].trouble == "it could not be tried: RuntimeError"
        monkeypatch.setattr("bridge.shadow.onlooker.Job", broken)
        assert on.run("Hello").status == "completed"
        until(lambda: "cannot be tried by a candidate" in caplog.text)
    assert "shadow luna: run" in caplog.text


@pytest.mark.parametrize("kept", [(), ("other",)])
def test_observations_do_not_stay_for_ever(monkeypatch, kept):
    monkeypatch.setattr(pruning, "AT_ONCE", 3)
    store = MemoryStore()
    store.commit(Commit((Put(Thread("thread_a", 1), is_new=True),))).result()
    for number in range(10):
        name = "other" if kept and number % 2 else "mine"
        one = Observed(f"obs_{number}", "thread_a", "run_a", "asst_a", number, name, {}, {})
        store.commit(Commit((Put(one, is_new=True),))).result()
    pruning.prune(store, "mine", 8.0)
    left = [each.created_at for each in store.page(Page(Observed, order="asc")).records]
    assert left == ([8, 9] if not kept else [1, 3, 5, 7, 8, 9])


def test_outputs_go_to_the_calls_that_are_most_like_theirs():
    def call(name: str, arguments: str) -> dict[str, Any]:
        return {"function": {"name": name, "arguments": arguments}}

    outputs = Outputs([(call("a", '{"x": 1}'), "one"), (call("a", '{"x": 2}'), "two"), (call("b", "oops"), "three")])
    assert outputs.take(call("a", '{"x":2}')) == "two"
    assert outputs.take(call("a", '{"x": 3}')) == "one"
    assert outputs.take(call("a", '{"x": 1}')) is None
    assert outputs.left() == [call("b", "oops")]
    assert outputs.take(call("b", "oops")) == "three"
