"""Vector stores, attachments, containers and their files, as a leg and the requests before it deal with them."""

from __future__ import annotations

import pytest

from bridge.engine import names
from bridge.engine.effects import Commit, Key, Open, Refused, RunState, Sent
from bridge.engine.flows import assistants, files, legs, messages, runs, threads
from bridge.errors import APIError
from bridge.profiles import Profile
from bridge.records import Delta, File, Message, Put, Run, Thread
from engine.stage import COMPLETED, CREATED, Stage

USER = {"role": "user", "content": "Hi"}
SEARCH, CODE = {"type": "file_search"}, {"type": "code_interpreter"}
NEW = "POST /vector_stores"


def attached(*tools, file_id="file-1"):
    return {**USER, "attachments": [{"file_id": file_id, "tools": [{"type": tool} for tool in tools]}]}


@pytest.fixture
def stage():
    stage = Stage()
    stage.answers[NEW] = {"id": "vs_1"}
    return stage


def thread_of(stage, id):
    (thread,) = stage.store.load([Key(Thread, id)])
    return thread


# --- what requests make


def test_a_described_vector_store_is_made(stage):
    described = {"file_ids": ["file-1"], "chunking_strategy": {"type": "auto"}, "metadata": {"a": "b"}}
    given = {"model": "m", "tools": [SEARCH], "tool_resources": {"file_search": {"vector_stores": [described]}}}
    answer = stage.play(assistants.create(stage.context(), given))
    assert answer["tool_resources"] == {"file_search": {"vector_store_ids": ["vs_1"]}}
    assert stage.calls[0].body == described, "an assistant's store does not expire"
    thread = stage.play(threads.create(stage.context(), {"tool_resources": given["tool_resources"]}))
    assert thread["tool_resources"] == {"file_search": {"vector_store_ids": ["vs_1"]}}
    assert stage.calls[1].body == {**described, "expires_after": {"anchor": "last_active_at", "days": 7}}


def test_attachments_are_given_to_the_tools_of_the_thread(stage):
    thread = stage.play(threads.create(stage.context(), {"messages": [attached("file_search", "code_interpreter")]}))
    assert thread["tool_resources"] == {
        "file_search": {"vector_store_ids": ["vs_1"]},
        "code_interpreter": {"file_ids": ["file-1"]},
    }
    assert stage.calls[0].body == {
        "file_ids": ["file-1"],
        "expires_after": {"anchor": "last_active_at", "days": 7},
    }
    stage.answers["POST /vector_stores/vs_1/files"] = {"id": "file-2"}
    more = attached("file_search", "code_interpreter", file_id="file-2")
    message = stage.play(messages.create(stage.context(), thread["id"], more))
    assert message["attachments"] == more["attachments"]
    assert stage.asked == [NEW, "POST /vector_stores/vs_1/files"]
    assert thread_of(stage, thread["id"]).tool_resources == {
        "file_search": {"vector_store_ids": ["vs_1"]},
        "code_interpreter": {"file_ids": ["file-1", "file-2"]},
    }


def test_additional_messages_bring_their_files_to_the_run(stage):
    launch = stage.launch(tools=[SEARCH], additional_messages=[attached("file_search")])
    assert launch.run.tool_resources == {"file_search": {"vector_store_ids": ["vs_1"]}}
    assert thread_of(stage, launch.run.thread_id).tool_resources == launch.run.tool_resources


def test_a_thread_made_with_its_run_has_its_files_too(stage):
    asked = {"assistant_id": stage.assistant(SEARCH), "thread": {"messages": [attached("file_search")]}}
    launch = stage.play(runs.create_with_thread(stage.context(), asked, {}))
    assert launch.run.tool_resources == {"file_search": {"vector_store_ids": ["vs_1"]}}
    assert thread_of(stage, launch.run.thread_id).tool_resources == launch.run.tool_resources


def test_of_two_messages_at_once_one_makes_the_vector_store(stage):
    thread_id = stage.thread("Hi")
    stage.answers |= {
        NEW: [{"id": "vs_1"}, {"id": "vs_2"}],
        "DELETE /vector_stores/vs_1": {"deleted": True},
        "POST /vector_stores/vs_2/files": {"id": "file-1"},
    }
    slow = stage.until(messages.create(stage.context(), thread_id, attached("file_search")), Commit)
    stage.play(messages.create(stage.context(), thread_id, attached("file_search", file_id="file-2")))
    stage.play(slow)
    assert stage.asked == [NEW, NEW, "DELETE /vector_stores/vs_1", "POST /vector_stores/vs_2/files"]
    assert thread_of(stage, thread_id).tool_resources == {"file_search": {"vector_store_ids": ["vs_2"]}}


WRONG = [
    # what the upstream says, what the caller is told
    (
        Sent(404, {"error": {"message": "No such File object: file-1"}}),
        404,
        "The following files were not found: file-1.",
    ),
    (Sent(400, {"error": {"message": "Too many.", "param": "file_ids"}}), 400, "Too many."),
    (Sent(500, {}), 500, "The upstream answered 500."),
    (Refused(0, "nobody there"), 503, "The upstream did not answer: nobody there"),
]


@pytest.mark.parametrize(("answer", "status", "message"), WRONG)
def test_what_the_upstream_refuses_is_not_stored(stage, answer, status, message):
    thread_id = stage.thread("Hi")
    stage.answers[NEW] = answer
    with pytest.raises(APIError) as caught:
        stage.play(messages.create(stage.context(), thread_id, attached("file_search")))
    assert (caught.value.status, caught.value.message) == (status, message)
    assert len(stage.play(messages.list_(stage.context(), thread_id, {}))["data"]) == 1


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("Vector store with id [vs_1] not found.", "No vector store found with id 'vs_1'."),
        ("No file.", "The following files were not found: file-2."),
    ],
)
def test_programs_know_the_old_texts_of_what_is_missing(stage, said, message):
    thread = stage.play(threads.create(stage.context(), {"messages": [attached("file_search")]}))
    stage.answers["POST /vector_stores/vs_1/files"] = Sent(404, {"error": {"message": said}})
    with pytest.raises(APIError) as caught:
        stage.play(messages.create(stage.context(), thread["id"], attached("file_search", file_id="file-2")))
    assert (caught.value.status, caught.value.message) == (404, message)


def test_where_the_upstream_has_no_vector_stores_that_is_said(stage):
    context = stage.context(profile=Profile("plain", vector_stores=False))
    with pytest.raises(APIError) as caught:
        stage.play(threads.create(context, {"messages": [attached("file_search")]}))
    assert (caught.value.status, caught.value.param) == (400, "attachments")
    assert stage.asked == []


# --- waiting for the thread's files


LOOK = "GET /vector_stores/vs_1"


def counted(in_progress, status="completed"):
    return {"id": "vs_1", "status": status, "file_counts": {"in_progress": in_progress}}


@pytest.mark.parametrize(
    ("answers", "looks", "status", "seconds"),
    [
        ([counted(0)], 1, "completed", 0),
        ([counted(1), counted(1), counted(0)], 3, "completed", 1),
        ([counted(1)], 122, "completed", 60),  # a minute, then it searches what is there
        ([counted(0, "expired")], 1, "failed", 0),
        ([counted(1), counted(0, "expired")], 2, "failed", 0.5),
        ([Sent(404, {})], 1, "completed", 0),
        ([Refused(0, "nobody")], 1, "completed", 0),
    ],
)
def test_a_run_waits_for_the_files_of_its_thread(stage, answers, looks, status, seconds):
    launch = stage.launch(tools=[SEARCH], additional_messages=[attached("file_search")])
    stage.answers[LOOK] = list(answers)
    leg = legs.leg(stage.context(), launch.run)
    if status == "completed":
        leg = stage.until(leg, Open)
        assert stage.now == pytest.approx(1000 + seconds, abs=0.6)
        stage.hear(CREATED, COMPLETED)
    stage.play(leg)
    assert stage.run(launch.run).status == status
    assert abs(stage.asked.count(LOOK) - looks) <= 1
    if status == "failed":
        assert stage.run(launch.run).last_error == {"code": "server_error", "message": "Vector store vs_1 is expired"}
        assert stage.sent == []


def test_only_the_first_leg_of_a_run_that_searches_waits(stage):
    launch = stage.launch(tools=[CODE], additional_messages=[attached("file_search")])
    stage.hear(CREATED, COMPLETED)
    stage.play(legs.leg(stage.context(), launch.run))
    assert LOOK not in stage.asked


# --- containers


LIST = "GET /containers/cntr_1/files"
CALL = {
    "id": "ci_1",
    "type": "code_interpreter_call",
    "container_id": "cntr_1",
    "code": "plot()",
    "outputs": [{"type": "logs", "logs": "drawn"}],
}
SAID = {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed"}


def item(event, body, index):
    return {"type": f"response.output_item.{event}", "output_index": index, "item": body}


def text(value, *annotations):
    return {**SAID, "content": [{"type": "output_text", "text": value, "annotations": list(annotations)}]}


def answer(*items):
    events = [CREATED]
    for index, body in enumerate(items):
        events += [
            item("added", {**body, "content": [], "code": "", "outputs": None}, index),
            item("done", body, index),
        ]
    return [
        *events,
        {"type": "response.completed", "response": {"id": "resp_1", "status": "completed", "output": items}},
    ]


def listed(*files):
    data = [{"id": id, "path": path, "source": source, "bytes": 3} for id, path, source in files]
    return {"object": "list", "data": data, "has_more": False}


def play(stage, *items, launch=None, context=None):
    launch = launch or stage.launch(tools=[CODE])
    stage.hear(*answer(*items))
    assert stage.play(legs.leg(context or stage.context(), launch.run))
    return launch.run


def last(stage, kind, number=-1):
    return [change.record for change in stage.told if isinstance(change, Put) and isinstance(change.record, kind)][
        number
    ]


PLOT = names.of_file("thread_1", "cntr_1", "cfile_1")
TABLE = names.of_file("thread_1", "cntr_1", "cfile_2")


def with_files(stage):
    stage.answers[LIST] = listed(
        ("cfile_0", "/mnt/data/file-9-input.csv", "user"),
        ("cfile_1", "/mnt/data/cfile_1.png", "assistant"),
        ("cfile_2", "/mnt/data/table.csv", "assistant"),
    )
    stage.bytes_at["/containers/cntr_1/files/cfile_1/content"] = b"PNG"
    stage.bytes_at["/containers/cntr_1/files/cfile_2/content"] = b"1,2"


def test_what_the_code_made_is_kept_and_shown(stage):
    with_files(stage)
    link = "sandbox:/mnt/data/table.csv"
    image = {"type": "container_file_citation", "container_id": "cntr_1", "file_id": "cfile_1"}
    run = play(stage, CALL, text(f"Here: [table]({link})", {**image, "start_index": 0, "end_index": 0}))
    assert stage.run(run).status == "completed"
    step = stage.store.run_state(RunState(run.thread_id, run.id)).steps[0]
    assert step.step_details["tool_calls"][0]["code_interpreter"]["outputs"] == [
        {"type": "logs", "logs": "drawn"},
        {"type": "image", "image": {"file_id": PLOT}},
    ]
    message = last(stage, Message)
    assert [block["type"] for block in message.content] == ["image_file", "text"], "images lead, and are shown once"
    assert message.content[0]["image_file"] == {"file_id": PLOT}
    (annotation,) = message.content[1]["text"]["annotations"]
    assert (annotation["text"], annotation["file_path"]) == (link, {"file_id": TABLE})
    (plot, table) = stage.store.load([Key(File, PLOT), Key(File, TABLE)])
    assert (plot.filename, stage.kept[plot.copy], plot.size, plot.run_id) == ("cfile_1.png", b"PNG", 3, run.id)
    assert (table.filename, stage.kept[table.copy]) == ("table.csv", b"1,2")


def test_what_was_streamed_is_what_is_stored(stage):
    with_files(stage)
    play(stage, CALL, text("Here: [table](sandbox:/mnt/data/table.csv)"))
    blocks = {}
    for change in stage.told:
        if isinstance(change, Delta) and change.event == "thread.message.delta":
            (part,) = change.delta["content"]
            merged = blocks.setdefault(part["index"], {"type": part["type"]})
            if part["type"] == "image_file":
                merged["image_file"] = part["image_file"]
                continue
            text_ = merged.setdefault("text", {"value": "", "annotations": []})
            text_["value"] += part["text"]["value"]
            told = part["text"].get("annotations", [])
            text_["annotations"] += [{key: value for key, value in one.items() if key != "index"} for one in told]
    assert [blocks[index] for index in sorted(blocks)] == list(last(stage, Message).content)


def test_a_file_is_kept_once_whoever_finds_it(stage):
    with_files(stage)
    first = play(stage, CALL, text("Done."))
    again = runs.create(stage.context(), first.thread_id, {"assistant_id": first.assistant_id}, {})
    stage.play(messages.create(stage.context(), first.thread_id, USER))
    stage.told.clear()
    play(stage, CALL, text("Done again."), launch=stage.play(again))
    assert [c for c in stage.told if isinstance(c, Put) and isinstance(c.record, File)] == []
    assert [block["type"] for block in last(stage, Message).content] == ["text"], "an old image is not shown again"


def test_a_cited_file_that_no_list_held_is_fetched(stage):
    stage.answers[LIST] = Sent(404, {"error": {"message": "no containers here"}})
    stage.bytes_at["/containers/cntr_1/files/cfile_1/content"] = b"PNG"
    cited = {
        "type": "container_file_citation",
        "container_id": "cntr_1",
        "file_id": "cfile_1",
        "filename": "cfile_1.png",
    }
    play(stage, CALL, text("Look.", {**cited, "start_index": 0, "end_index": 0}))
    assert [block["type"] for block in last(stage, Message).content] == ["text", "image_file"]
    assert list(stage.kept.values()) == [b"PNG"]
    assert stage.warned == ["files"], "that the list could not be had is told"


def test_an_image_found_late_does_not_lead_the_next_message_too(stage):
    stage.bytes_at["/containers/cntr_1/files/cfile_1/content"] = b"PNG"
    cited = {"type": "container_file_citation", "container_id": "cntr_1", "file_id": "cfile_1"}
    first = text("Look.", {**cited, "filename": "cfile_1.png", "start_index": 0, "end_index": 0})
    play(stage, CALL, first, {**text("And so on."), "id": "msg_2"})
    assert [block["type"] for block in last(stage, Message).content] == ["text"]


def test_a_file_that_cannot_be_had_is_noted_and_hurts_nothing(stage):
    with_files(stage)
    del stage.bytes_at["/containers/cntr_1/files/cfile_2/content"]
    run = play(stage, CALL, text("Done."))
    (table,) = stage.store.load([Key(File, TABLE)])
    assert (stage.run(run).status, table.copy, table.size) == ("completed", "", 3)
    assert stage.warned == ["files"]


def test_images_of_one_leg_lead_the_message_of_the_next(stage):
    with_files(stage)
    call = {"id": "fc_1", "type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}
    function = {"type": "function", "function": {"name": "f"}}
    run = play(stage, CALL, call, launch=stage.launch(tools=[CODE, function]))
    assert stage.run(run).status == "requires_action"
    outputs = {"tool_outputs": [{"tool_call_id": "call_1", "output": "1"}]}
    play(stage, text("Look."), launch=stage.play(runs.submit(stage.context(), run.thread_id, run.id, outputs)))
    assert last(stage, Message).content[0] == {"type": "image_file", "image_file": {"file_id": PLOT}}


def test_the_session_goes_on_while_it_lives(stage):
    stage.answers[LIST] = listed()
    run = play(stage, CALL, text("Done."))
    assert thread_of(stage, run.thread_id).container == {"id": "cntr_1", "at": 1000, "file_ids": []}

    def next_request(seconds):
        stage.now += seconds
        stage.play(messages.create(stage.context(), run.thread_id, attached("code_interpreter", file_id="file-7")))
        launch = stage.play(runs.create(stage.context(), run.thread_id, {"assistant_id": run.assistant_id}, {}))
        play(stage, text("Yes."), launch=launch)
        return stage.sent[-1]["tools"][0]["container"]

    stage.answers["POST /containers/cntr_1/files"] = {"id": "cfile_7"}
    assert next_request(60) == "cntr_1"
    assert stage.calls[-1].body == {"file_id": "file-7"}, "what came since is put into it"
    del stage.answers["POST /containers/cntr_1/files"]
    assert next_request(60) == {"type": "auto", "file_ids": ["file-7"]}, "it may have ended early"
    assert next_request(30 * 60) == {"type": "auto", "file_ids": ["file-7"]}


GONE = [Refused(400, "Container is expired."), Refused(404, "Container with id 'cntr_1' not found.")]


@pytest.mark.parametrize("refused", GONE)
def test_an_expired_session_is_replaced(stage, refused):
    stage.answers[LIST] = listed()
    run = play(stage, CALL, text("Done."))
    stage.play(messages.create(stage.context(), run.thread_id, USER))
    launch = stage.play(runs.create(stage.context(), run.thread_id, {"assistant_id": run.assistant_id}, {}))
    stage.inbox.append(refused)
    play(stage, text("Yes."), launch=launch)
    assert [request["tools"][0]["container"] for request in stage.sent[1:]] == ["cntr_1", {"type": "auto"}]
    assert stage.run(launch.run).status == "completed"


# --- files of ours, lent


def keep(stage, id, content=b"PNG", **given):
    file = File(id, "thread_x", "run_x", 1, "a.png", "cntr_x", "cfile_x", len(content), "image/png", f"{id}.1", **given)
    stage.perform(Commit((Put(file, is_new=True),)))
    stage.kept[f"{id}.1"] = content
    return id


def test_a_kept_file_is_given_to_the_upstream_once(stage):
    id = keep(stage, names.of_file("t", "c", "1"))
    stage.answers["POST /files"] = {"id": "file-copy"}
    stage.answers[LIST] = listed()
    for _ in range(2):
        launch = stage.launch(tools=[CODE], additional_messages=[attached("code_interpreter", file_id=id)])
        play(stage, text("Yes."), launch=launch)
        assert stage.sent[-1]["tools"][0]["container"] == {"type": "auto", "file_ids": ["file-copy"]}
        assert thread_of(stage, launch.run.thread_id).tool_resources["code_interpreter"] == {"file_ids": [id]}
    assert stage.asked.count("POST /files") == 1
    assert (stage.calls[0].upload.filename, stage.calls[0].upload.content) == ("a.png", b"PNG")


def test_images_of_ours_are_sent_as_data(stage):
    id = keep(stage, names.of_file("t", "c", "1"))
    image = {"type": "image_file", "image_file": {"file_id": id, "detail": "low"}}
    launch = stage.launch(additional_messages=[{"role": "user", "content": [image]}])
    play(stage, text("A cat."), launch=launch)
    assert stage.sent[-1]["input"][-1]["content"] == [
        {"type": "input_image", "image_url": "data:image/png;base64,UE5H", "detail": "low"}
    ]


def test_images_that_are_gone_are_told_by_name(stage):
    id = names.of_file("t", "c", "1")
    image = {"type": "image_file", "image_file": {"file_id": id}}
    launch = stage.launch(additional_messages=[{"role": "user", "content": [image]}])
    play(stage, text("A cat."), launch=launch)
    assert stage.sent[-1]["input"][-1]["content"] == [{"type": "input_text", "text": "[image: deleted]"}]
    assert isinstance(stage.run(launch.run), Run)


# --- what servers may answer


def test_what_could_not_be_had_is_had_later(stage):
    with_files(stage)
    content = stage.bytes_at.pop("/containers/cntr_1/files/cfile_2/content")
    run = play(stage, CALL, text("Done."))
    stage.bytes_at["/containers/cntr_1/files/cfile_2/content"] = content
    stage.play(messages.create(stage.context(), run.thread_id, USER))
    again = stage.play(runs.create(stage.context(), run.thread_id, {"assistant_id": run.assistant_id}, {}))
    play(stage, CALL, text("Done again."), launch=again)
    (table,) = stage.store.load([Key(File, TABLE)])
    assert (stage.kept[table.copy], table.size) == (b"1,2", 3)


def test_odd_names_and_sizes_fail_no_run(stage):
    entries = [("cfile_\udcff", "/mnt/data/\udcff" + "x" * 999, "assistant")]
    stage.answers[LIST] = listed(*entries)
    stage.answers[LIST]["data"][0]["bytes"] = 2**70
    run = play(stage, CALL, text("Done."))
    assert stage.run(run).status == "completed"
    (file,) = [change.record for change in stage.told if isinstance(change, Put) and isinstance(change.record, File)]
    assert (len(file.filename), file.size) == (255, 2**63 - 1)
    (file.filename + file.source_id).encode()


def test_a_list_without_an_end_ends(stage):
    with_files(stage)
    stage.answers[LIST]["has_more"] = True
    run = play(stage, CALL, text("Done."))
    assert stage.run(run).status == "completed"
    assert stage.asked.count(LIST) == 2, "the second page told nothing new"
    assert len(stage.kept) == 2


def test_a_deleted_file_is_deleted_wherever_it_is(stage):
    id = keep(stage, names.of_file("t", "c", "1"), upstream_id="file-copy")
    stage.answers["DELETE /files/file-copy"] = {"deleted": True}
    assert stage.play(files.delete(stage.context(), id)) == {"id": id, "object": "file", "deleted": True}
    assert stage.asked == ["DELETE /files/file-copy", "DELETE /containers/cntr_x/files/cfile_x"]
    assert stage.warned == [], "a container may be gone"


def test_a_copy_that_cannot_be_deleted_is_told(stage):
    id = keep(stage, names.of_file("t", "c", "1"), upstream_id="file-copy")
    stage.now += 2 * 24 * 3600
    stage.answers["DELETE /files/file-copy"] = Refused(0, "nobody there")
    stage.play(files.delete(stage.context(), id))
    assert (stage.asked, stage.warned) == (["DELETE /files/file-copy"], ["files"])


def test_ids_that_are_alike_without_their_odd_halves_are_one_file(stage):
    stage.answers[LIST] = listed(("cfile_\udcfe", "a.csv", "assistant"), ("cfile_\udcff", "b.csv", "assistant"))
    run = play(stage, CALL, text("Done."))
    assert stage.run(run).status == "completed"


def test_a_file_is_of_one_thread(stage):
    """The ids of some servers begin anew with each start, or are those of another tenant's server."""
    with_files(stage)
    first, second = play(stage, CALL, text("Done.")), play(stage, CALL, text("Done."))
    kept = [change.record for change in stage.told if isinstance(change, Put) and isinstance(change.record, File)]
    assert [file.thread_id for file in kept] == [first.thread_id] * 2 + [second.thread_id] * 2
    assert len({file.id for file in kept}) == 4
