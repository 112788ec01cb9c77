"""What every store does with every change, guard and query: one suite over memory and SQLite."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from attrs import evolve

from bridge import ids
from bridge.engine.effects import Commit, Committed, Conflict, Entries, History, Key, Lost, Page, RunState
from bridge.records import (
    Amend,
    Assistant,
    Claim,
    Counterpart,
    Delta,
    Erase,
    Exists,
    Fence,
    File,
    Has,
    Idle,
    Item,
    Lease,
    Lock,
    Message,
    Observed,
    Put,
    Release,
    Run,
    Step,
    Thread,
    Told,
    Unchanged,
    Unlock,
)
from bridge.store.memory import MemoryStore
from bridge.store.sql import SqlStore
from bridge.store.sqlite import SqliteDialect

ASSISTANT = Assistant("asst_a", 1, "gpt-4o")
THREAD = Thread("thread_a", 1)
RUN = Run("run_a", "thread_a", "asst_a", 5, 605, "gpt-4o")
STEP = Step("step_a", "run_a", "thread_a", "asst_a", 5, 605, "tool_calls", {"type": "tool_calls", "tool_calls": []})
ITEM = Item("item_a", "thread_a", "run_a", "function_call", {"type": "function_call"}, call_id="call_a")


def message(name: str, **values) -> Message:
    return Message(f"msg_{name}", "thread_a", values.pop("created_at", 2), values.pop("role", "user"), **values)


@pytest.fixture(params=["memory", "sqlite"])
def store(request, tmp_path):
    made = MemoryStore() if request.param == "memory" else SqlStore(SqliteDialect(tmp_path / "s" / "bridge.db"))
    yield made
    made.close()


def does(store, *changes, guards=()):
    """The outcome of a commit."""
    return store.commit(Commit(tuple(changes), tuple(guards))).result()


def stored(store, *records):
    """The store with these records new in it."""
    outcome = does(store, *(Put(record, is_new=True) for record in records))
    assert isinstance(outcome, Committed)
    return store


def load(store, kind, id):
    return store.load([Key(kind, id)])[0]


def plain(record):
    """Comparable whatever sequence type a store gives back."""
    lists = {
        name: list(getattr(record, name))
        for name in ("tools", "content", "attachments", "include")
        if hasattr(record, name)
    }
    return evolve(record, **lists)


# --- records in and out


@pytest.mark.parametrize(
    "record",
    [
        evolve(ASSISTANT, name="Ada", tools=[{"type": "function"}], metadata={"k": "v"}, temperature=0.5),
        evolve(THREAD, metadata={"ä": "†"}, tool_resources={"code_interpreter": {"file_ids": ["file-1"]}}),
        message(
            "a", content=[{"type": "text", "text": {"value": "hi \u0000 there", "annotations": []}}], run_id="run_x"
        ),
        evolve(RUN, usage={"total_tokens": 3}, include=["x"], response_format={"type": "text"}, started_at=7),
        evolve(STEP, usage={"total_tokens": 3}, status="completed", completed_at=9),
        ITEM,
    ],
    ids=lambda record: type(record).__name__,
)
def test_a_record_comes_back_as_it_went_in(store, record):
    if not isinstance(record, (Assistant, Thread)):
        stored(store, THREAD)
    stored(store, record)
    found = load(store, type(record), record.id)
    assert plain(found) == plain(evolve(record, seq=1) if hasattr(record, "seq") else record)


def test_places_in_a_thread_are_given_in_commit_order_over_all_kinds(store):
    stored(store, THREAD)
    outcome = does(store, *(Put(record, is_new=True) for record in (message("a"), RUN, STEP, ITEM, message("b"))))
    assert [change.record.seq for change in outcome.changes] == [1, 2, 3, 4, 5]
    assert load(store, Message, "msg_b").seq == 5


@pytest.mark.parametrize("record", [message("a"), RUN, STEP, ITEM], ids=lambda record: type(record).__name__)
def test_nothing_is_put_into_a_thread_that_is_not_there(store, record):
    change = Put(record, is_new=True)
    assert does(store, change) == Conflict(change)
    assert load(store, type(record), record.id) is None


@pytest.mark.parametrize(
    "record", [ASSISTANT, THREAD, message("a"), RUN, STEP, ITEM], ids=lambda record: type(record).__name__
)
def test_an_id_that_is_taken_is_a_conflict_and_what_has_it_stays(store, record):
    stored(store, *([] if record is THREAD else [THREAD]), record)
    change = Put(
        evolve(record, created_at=9) if hasattr(record, "created_at") else evolve(record, type="x"), is_new=True
    )
    refused = does(store, Put(Thread("thread_n", 1), is_new=True), change)
    assert isinstance(refused, Conflict)
    assert refused.guard.record.id == record.id
    assert load(store, Thread, "thread_n") is None
    found = load(store, type(record), record.id)
    assert plain(found) == plain(evolve(record, seq=1) if hasattr(record, "seq") else record)


# --- what a put leaves alone


def test_a_put_leaves_metadata_seq_and_lease_as_they_are(store):
    stored(store, THREAD, evolve(RUN, metadata={"mine": "1"}), message("a", metadata={"mine": "2"}))
    does(store, Claim("run_a", "p1", now=0, until=10))
    does(store, Put(evolve(RUN, status="in_progress", version=1)), Put(message("a", status="incomplete")))
    run, sent = load(store, Run, "run_a"), load(store, Message, "msg_a")
    assert (run.status, run.metadata, run.seq, run.lease) == ("in_progress", {"mine": "1"}, 1, Lease("p1", 1, 10))
    assert (sent.status, sent.metadata, sent.seq) == ("incomplete", {"mine": "2"}, 2)


def test_a_put_leaves_the_metadata_of_assistants_and_threads_too_and_the_lock(store):
    stored(store, evolve(ASSISTANT, metadata={"mine": "1"}), evolve(THREAD, metadata={"mine": "2"}), RUN)
    does(store, LOCK)
    outcome = does(store, Put(evolve(ASSISTANT, name="Ada")), Put(evolve(THREAD, tool_resources={"a": {}})))
    assistant, thread = load(store, Assistant, "asst_a"), load(store, Thread, "thread_a")
    assert (assistant.name, assistant.metadata) == ("Ada", {"mine": "1"})
    assert (thread.tool_resources, thread.metadata, thread.active_run_id) == ({"a": {}}, {"mine": "2"}, "run_a")
    assert outcome.record(Assistant, "asst_a").metadata == {"mine": "1"}


def test_an_amend_sets_its_values_and_no_others(store):
    stored(store, ASSISTANT)
    outcome = does(store, Amend(Assistant, "asst_a", {"name": "Ada"}))
    does(store, Amend(Assistant, "asst_a", {"metadata": {"k": "v"}}))
    assert outcome.record(Assistant, "asst_a").name == "Ada"
    found = load(store, Assistant, "asst_a")
    assert (found.name, found.metadata, found.model) == ("Ada", {"k": "v"}, "gpt-4o")


def test_a_message_deleted_while_it_is_made_stays_deleted(store):
    stored(store, THREAD, message("a", status="in_progress"))
    does(store, Erase(Message, "msg_a"))
    assert isinstance(does(store, Put(message("a"))), Committed)
    assert load(store, Message, "msg_a") is None


def test_what_is_only_told_touches_nothing(store):
    changes = (Delta("thread.message.delta", "msg_a", {}), Told("thread.run.cancelling", RUN))
    assert does(store, *changes) == Committed(changes)


# --- guards and refusals: (what is stored before, changes, guards, outcome)

LOCKED = (THREAD, RUN)
LOCK = Lock("thread_a", "run_a")


@pytest.mark.parametrize(
    ("before", "guard", "outcome"),
    [
        ([THREAD], Idle("thread_a"), None),
        ([], Idle("thread_a"), Conflict(Idle("thread_a"))),
        ([THREAD], Exists(Thread, "thread_a"), None),
        ([], Exists(Thread, "thread_a"), Conflict(Exists(Thread, "thread_a"))),
        ([THREAD, RUN], Unchanged("run_a", 0), None),
        ([THREAD, RUN], Unchanged("run_a", 1), Conflict(Unchanged("run_a", 1))),
        ([THREAD], Unchanged("run_a", 0), Lost()),
        ([THREAD, evolve(RUN, lease=Lease("p1", 2, 9))], Fence("run_a", "p1", 2), None),
        ([THREAD, evolve(RUN, lease=Lease("p1", 2, 9))], Fence("run_a", "p1", 1), Lost()),
        ([THREAD, evolve(RUN, lease=Lease("p1", 2, 9))], Fence("run_a", "p2", 2), Lost()),
        ([THREAD], Fence("run_a", "p1", 2), Lost()),
    ],
)
def test_a_guard_lets_the_commit_through_or_stops_all_of_it(store, before, guard, outcome):
    stored(store, *before)
    made = does(store, Put(ASSISTANT, is_new=True), guards=[guard])
    if outcome is None:
        assert isinstance(made, Committed)
    else:
        assert made == outcome
        assert load(store, Assistant, "asst_a") is None


def test_an_active_run_makes_a_thread_busy_until_it_unlocks(store):
    stored(store, THREAD, RUN)
    does(store, LOCK)
    assert does(store, guards=[Idle("thread_a")]) == Conflict(Idle("thread_a"))
    assert does(store, LOCK) == Conflict(LOCK)
    does(store, Unlock("thread_a", "run_other"))
    assert load(store, Thread, "thread_a").active_run_id == "run_a"
    does(store, Unlock("thread_a", "run_a"))
    assert isinstance(does(store, guards=[Idle("thread_a")]), Committed)


def test_a_thread_that_is_gone_is_told_from_one_that_is_busy_by_asking_for_both(store):
    guards = [Exists(Thread, "thread_a"), Idle("thread_a")]
    assert does(store, guards=guards) == Conflict(guards[0])
    stored(store, THREAD)
    does(store, LOCK)
    assert does(store, guards=guards) == Conflict(guards[1])


def test_changes_of_one_commit_see_each_other(store):
    stored(store, THREAD, RUN, message("a"))
    gone = Put(message("a", status="incomplete"))
    does(store, Amend(Message, "msg_a", {"metadata": {"k": "v"}}), Erase(Message, "msg_a"), gone)
    assert load(store, Message, "msg_a") is None
    change = Put(message("b"), is_new=True)
    assert does(store, Erase(Thread, "thread_a"), change) == Conflict(change)
    assert does(store, Erase(Thread, "thread_a"), Put(evolve(RUN, version=1))) == Lost()
    assert isinstance(
        does(store, Claim("run_a", "p1", 0, 10), Release("run_a"), Claim("run_a", "p2", 0, 10)), Committed
    )
    assert load(store, Run, "run_a").lease == Lease("p2", 2, 10)
    outcome = does(store, Erase(Thread, "thread_a"), Put(THREAD, is_new=True), Put(message("c"), is_new=True))
    assert outcome.record(Message, "msg_c").seq == 1
    assert names(store.history(History("thread_a"))) == "c"


def test_a_put_of_a_run_must_follow_the_stored_version(store):
    stored(store, THREAD, RUN)
    for version in (0, 2):
        change = Put(evolve(RUN, version=version))
        assert does(store, change) == Conflict(change)
    assert isinstance(does(store, Put(evolve(RUN, version=1)), Put(evolve(RUN, version=2))), Committed)


def test_a_lease_is_claimed_when_it_is_free_or_lapsed_and_numbered_upwards(store):
    stored(store, THREAD, RUN)
    assert isinstance(does(store, Claim("run_a", "p1", now=0, until=10)), Committed)
    late = Claim("run_a", "p2", now=9, until=19)
    assert does(store, late) == Conflict(late)
    assert isinstance(does(store, Claim("run_a", "p2", now=10, until=20)), Committed)
    assert load(store, Run, "run_a").lease == Lease("p2", 2, 20)
    does(store, Release("run_a"))
    assert load(store, Run, "run_a").lease == Lease(None, 2, 0)
    does(store, Claim("run_a", "p1", now=0, until=5))
    assert load(store, Run, "run_a").lease == Lease("p1", 3, 5)


@pytest.mark.parametrize("gone", [Put(evolve(RUN, version=1)), Put(STEP), Claim("run_a", "p", 0, 1)])
def test_changes_of_a_run_that_is_gone_are_lost(store, gone):
    stored(store, THREAD)
    assert does(store, gone) == Lost()


def test_a_refusal_in_the_middle_leaves_nothing(store):
    stored(store, THREAD, RUN)
    does(store, LOCK)
    outcome = does(store, Put(message("a"), is_new=True), LOCK, Put(message("b"), is_new=True))
    assert outcome == Conflict(LOCK)
    assert store.page(Page(Message, "thread_a")).records == ()
    assert does(store, Put(message("c"), is_new=True)).changes[0].record.seq == 2


# --- erasing


def test_deleting_a_thread_erases_all_that_hangs_on_it(store):
    other = Thread("thread_b", 1)
    stored(store, THREAD, other, RUN, STEP, ITEM, message("a"), evolve(message("z"), thread_id="thread_b"))
    does(store, Erase(Thread, "thread_a"))
    for kind, id in ((Thread, "thread_a"), (Run, "run_a"), (Step, "step_a"), (Item, "item_a"), (Message, "msg_a")):
        assert load(store, kind, id) is None
    assert load(store, Message, "msg_z") is not None
    assert does(store, Erase(Thread, "thread_a")) == Committed((Erase(Thread, "thread_a"),))


def test_the_text_of_a_deleted_thread_is_not_left_in_the_file(tmp_path):
    path = tmp_path / "bridge.db"
    store = SqlStore(SqliteDialect(path))
    secret = "the fish is called Wanda"
    stored(store, THREAD, message("a", content=[{"type": "text", "text": {"value": secret * 50, "annotations": []}}]))
    does(store, Erase(Thread, "thread_a"))
    store.close()  # the last connection folds the write-ahead log into the file and removes it
    left = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert secret.encode() not in left


# --- files


OBSERVED = Observed("obs_a", "thread_a", "run_a", "asst_a", 5, "luna", {"seconds": [0.5, None]}, {}, "it hangs")


def test_observations_are_listed_by_their_time_and_go_with_their_thread(store):
    others = [evolve(OBSERVED, id=f"obs_{name}", created_at=at) for name, at in (("c", 9), ("b", 7))]
    stored(store, THREAD, OBSERVED, *others)
    found = store.page(Page(Observed, order="asc", limit=2))
    assert (found.records, found.has_more) == ((OBSERVED, others[1]), True)
    assert store.page(Page(Observed, order="asc", after="obs_b")).records == (others[0],)
    does(store, Erase(Observed, "obs_b"))
    assert store.page(Page(Observed)).records == (others[0], OBSERVED)
    does(store, Erase(Thread, "thread_a"))
    assert store.page(Page(Observed)).records == ()


COUNTERPART = Counterpart(Counterpart.at("there", "thread_a"), "thread_a", 5, "thread", "thread_x", after="msg_9")


def test_counterparts_are_found_by_server_and_id_and_go_with_their_thread(store):
    run = Counterpart(Counterpart.at("there", "run_a"), "thread_a", 6, "run", "run_x")
    stored(store, THREAD, COUNTERPART, run)
    assert store.load([Key(Counterpart, "there run_a"), Key(Counterpart, "elsewhere run_a")]) == (run, None)
    moved = evolve(COUNTERPART, after="msg_10")
    does(store, Put(moved))
    assert store.page(Page(Counterpart, "thread_a", order="asc")).records == (moved, run)
    does(store, Erase(Thread, "thread_a"))
    assert store.page(Page(Counterpart)).records == ()


def test_a_run_that_never_began_is_erased_alone(store):
    stored(store, THREAD, RUN)
    does(store, Erase(Run, RUN.id), Unlock(THREAD.id, RUN.id))
    assert store.load([Key(Run, RUN.id), Key(Thread, THREAD.id)])[0] is None


FILE = File("file-a", "thread_a", "run_a", 5, "a.csv", "cntr_1", "cfile_1", size=3, copy="file-a.1")


def pieces(store, file_id):
    found = []
    while (piece := store.piece(file_id, len(found))) is not None:
        found.append(piece)
    return found


def test_pieces_of_a_file(store):
    for number, data in enumerate((b"one", b"", b"three")):
        store.write_piece("file-a.1", number, data).result()
    store.write_piece("file-a.12", 0, b"of another").result()
    assert pieces(store, "file-a.1") == [b"one", b"", b"three"]
    store.drop_pieces("file-a.1").result()
    assert (pieces(store, "file-a.1"), pieces(store, "file-a.12")) == ([], [b"of another"])


def test_a_file_takes_its_bytes_along_and_outlives_its_thread(store):
    stored(store, THREAD, FILE)
    store.write_piece("file-a.1", 0, b"one").result()
    store.write_piece("file-a.2", 0, b"another try").result()
    store.write_piece("file-ab.1", 0, b"another file").result()
    does(store, Erase(Thread, "thread_a"))
    assert load(store, File, "file-a") == FILE and pieces(store, "file-a.1") == [b"one"]
    assert isinstance(does(store, Erase(File, "file-a"), guards=[Idle("thread_nowhere")]), Conflict)
    assert pieces(store, "file-a.1") == [b"one"], "refused, nothing of it is done"
    does(store, Erase(File, "file-a"))
    assert load(store, File, "file-a") is None and pieces(store, "file-a.1") == pieces(store, "file-a.2") == []
    assert pieces(store, "file-ab.1") == [b"another file"]


def test_a_file_is_amended(store):
    stored(store, FILE)
    does(store, Amend(File, "file-a", {"upstream_id": "file-copy"}), guards=[Exists(File, "file-a")])
    assert load(store, File, "file-a") == evolve(FILE, upstream_id="file-copy")


def test_a_value_that_must_still_be_there(store):
    stored(store, THREAD)
    before, after = {"file_search": {"vector_store_ids": ["vs_1"]}}, {}
    amended = Amend(Thread, "thread_a", {"tool_resources": before})
    assert isinstance(does(store, amended, guards=[Has(Thread, "thread_a", "tool_resources", after)]), Committed)
    refused = Has(Thread, "thread_a", "tool_resources", after)
    assert does(store, amended, guards=[refused]) == Conflict(refused)
    assert isinstance(does(store, amended, guards=[Has(Thread, "thread_a", "tool_resources", before)]), Committed)
    assert isinstance(does(store, guards=[Has(Thread, "thread_x", "tool_resources", {})]), Conflict)


# --- reading


def names(records) -> str:
    return "".join(record.id.rpartition("_")[2] for record in records)


@pytest.fixture
def listed(store):
    """Messages a to e; b and c share a second, d is older than its place says (it was imported)."""
    times = {"a": 1, "b": 2, "c": 2, "d": 0, "e": 3}
    return stored(store, THREAD, *(message(name, created_at=time) for name, time in times.items()))


@pytest.mark.parametrize(
    ("query", "found", "has_more"),
    [
        ({}, "ecbad", False),
        ({"order": "asc"}, "dabce", False),
        ({"limit": 2}, "ec", True),
        ({"limit": 5}, "ecbad", False),
        ({"after": "msg_c"}, "bad", False),
        ({"after": "msg_c", "limit": 2}, "ba", True),
        ({"after": "msg_d"}, "", False),
        ({"before": "msg_b"}, "ec", False),
        ({"before": "msg_b", "limit": 1}, "c", True),
        ({"before": "msg_e"}, "", False),
        ({"before": "msg_d", "order": "asc"}, "", False),
        ({"before": "msg_c", "order": "asc", "limit": 2}, "ab", True),
        ({"after": "msg_e", "before": "msg_d"}, "cba", False),
        ({"after": "msg_e", "before": "msg_d", "limit": 2}, "cb", True),
    ],
)
def test_pages(listed, query, found, has_more):
    slice = listed.page(Page(Message, "thread_a", **query))
    assert (names(slice.records), slice.has_more, slice.cursor_found) == (found, has_more, True)


@pytest.mark.parametrize("cursor", [{"after": "msg_x"}, {"before": "msg_x"}])
def test_a_cursor_that_names_nothing_is_told(listed, cursor):
    assert not listed.page(Page(Message, "thread_a", **cursor)).cursor_found


def test_lists_are_narrowed_by_thread_and_run(store):
    stored(store, THREAD, Thread("thread_b", 1), message("a", run_id="run_a"), message("b"), RUN, STEP)
    stored(store, evolve(message("z"), thread_id="thread_b"))
    assert names(store.page(Page(Message, "thread_a")).records) == "ba"
    assert names(store.page(Page(Message, "thread_a", run_id="run_a")).records) == "a"
    assert names(store.page(Page(Step, "thread_a", run_id="run_a")).records) == "a"
    assert names(store.page(Page(Step, "thread_a", run_id="run_b")).records) == ""
    assert names(store.page(Page(Run, "thread_b")).records) == ""


def test_assistants_made_in_one_second_keep_their_order(store):
    stored(store, *(evolve(ASSISTANT, id=f"asst_{name}") for name in "abc"))
    assert names(store.page(Page(Assistant)).records) == "cba"
    assert names(store.page(Page(Assistant, order="asc", limit=2)).records) == "ab"


@pytest.mark.parametrize(
    ("thread_id", "run_id", "is_found"),
    [("thread_a", "run_a", True), ("thread_b", "run_a", False), ("thread_a", "run_b", False)],
)
def test_a_key_can_ask_for_the_thread_and_run_too(store, thread_id, run_id, is_found):
    stored(store, THREAD, RUN, STEP)
    (found,) = store.load([Key(Step, "step_a", thread_id, run_id)])
    assert (found is not None) is is_found


def test_a_run_with_all_that_belongs_to_it(store):
    stored(store, THREAD, RUN, STEP, ITEM, message("a", run_id="run_a"), message("b"))
    snapshot = store.run_state(RunState("thread_a", "run_a"))
    assert (snapshot.run.id, snapshot.thread.id) == ("run_a", "thread_a")
    assert (names(snapshot.steps), names(snapshot.items), names(snapshot.messages)) == ("a", "a", "a")
    assert store.run_state(RunState("thread_b", "run_a")) is None
    assert store.run_state(RunState("thread_a", "run_b")) is None


LONG = [{"type": "text", "text": {"value": "x" * 1000, "annotations": []}}]


@pytest.mark.parametrize(
    ("limits", "found"),
    [
        ({}, "01234567rs89"),
        ({"characters": 10}, "0rs9"),
        ({"characters": 2500}, "07rs89"),
        ({"last_messages": 2}, "0rs89"),
        ({"last_messages": 20}, "01234567rs89"),
        ({"characters": 10, "run_id": None}, "09"),
    ],
)
def test_history_is_read_from_its_end_and_keeps_the_first_question_and_the_run(store, limits, found):
    stored(store, THREAD, RUN, *(message(str(n), content=LONG) for n in range(8)))
    stored(store, evolve(ITEM, id="item_r"), message("s", run_id="run_a", role="assistant"))
    stored(store, *(message(str(n), content=LONG) for n in (8, 9)))
    query = History("thread_a", **{"run_id": "run_a", **limits})
    assert names(store.history(query)) == found


def test_a_history_longer_than_any_chunk_comes_whole_and_in_order(store):
    stored(store, THREAD, RUN)
    for start in range(0, 450, 150):
        stored(store, *(_either(number) for number in range(start, start + 150)))
    seqs = [entry.seq for entry in store.history(History("thread_a"))]
    assert len(seqs) == 450
    assert seqs == sorted(seqs)


@pytest.mark.parametrize("limit", [1, 7, 100, 1000])
def test_entries_are_read_forwards_a_window_at_a_time(store, limit):
    stored(store, THREAD, RUN, *(_either(number) for number in range(250)))
    seqs: list[int] = []
    while found := store.entries(Entries("thread_a", seqs[-1] if seqs else 0, limit)):
        seqs += [entry.seq for entry in found]
        assert len(found) == limit or len(seqs) == 250
        if limit < 7 and len(seqs) > 130:
            return
    assert len(seqs) == 250 and seqs == sorted(seqs)


def test_threads_are_listed_by_their_ids(store):
    stored(store, *(Thread(f"thread_{letter}", 1) for letter in "cab"))
    assert store.thread_ids() == ("thread_a", "thread_b", "thread_c")
    assert store.thread_ids("thread_a", 1) == ("thread_b",)
    assert store.thread_ids("thread_c") == ()


def _either(number: int):
    """Long stretches of messages and of items, so that one kind runs ahead of the other."""
    is_message = (number // 120) % 2 == 0
    return message(str(number)) if is_message else evolve(ITEM, id=f"item_{number}")


# --- leases of a process


@pytest.mark.parametrize(
    ("status", "lease", "now", "is_stalled"),
    [
        ("queued", Lease(), 100, True),
        ("queued", Lease("p1", 1, 100), 99, False),
        ("in_progress", Lease("p1", 1, 100), 100, True),
        ("cancelling", Lease("p1", 1, 100), 101, True),
        ("requires_action", Lease(None, 1), 100, False),
        ("requires_action", Lease(None, 1), 605, True),
        ("completed", Lease(), 999, False),
        ("expired", Lease(), 999, False),
    ],
)
def test_stalled_runs(store, status, lease, now, is_stalled):
    stored(store, THREAD, evolve(RUN, status=status, lease=lease))
    assert bool(store.stalled(now)) is is_stalled


def test_stalled_runs_come_oldest_first_and_not_all_at_once(store):
    stored(
        store, THREAD, *(evolve(RUN, id=f"run_{name}", created_at=at) for name, at in (("a", 3), ("b", 1), ("c", 2)))
    )
    assert names(store.stalled(100, limit=2)) == "bc"


def test_a_heartbeat_moves_the_deadlines_of_its_owner_alone(store):
    leases = {"a": Lease("p1", 1, 10), "b": Lease("p2", 1, 10), "c": Lease("p1", 4, 10)}
    stored(store, THREAD, *(evolve(RUN, id=f"run_{name}", lease=lease) for name, lease in leases.items()))
    stored(store, evolve(RUN, id="run_d", status="completed", lease=Lease("p1", 1, 10)))
    assert store.renew("p1", 50.0) == {"run_a", "run_c"}
    assert [load(store, Run, f"run_{name}").lease.until for name in "abcd"] == [50, 10, 50, 10]


# --- many at once


def test_of_many_who_want_the_thread_one_gets_it(store):
    stored(store, THREAD)
    with ThreadPoolExecutor(16) as pool:
        outcomes = list(pool.map(lambda n: does(store, Lock("thread_a", f"run_{n}")), range(64)))
    winners = [number for number, outcome in enumerate(outcomes) if isinstance(outcome, Committed)]
    assert len(winners) == 1
    assert load(store, Thread, "thread_a").active_run_id == f"run_{winners[0]}"


def test_no_commit_of_many_is_lost_or_put_twice(store):
    stored(store, THREAD)
    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda n: stored(store, message(str(n))), range(200)))
    found = store.history(History("thread_a"))
    assert sorted(int(entry.id[4:]) for entry in found) == list(range(200))
    assert sorted(entry.seq for entry in found) == list(range(1, 201))


def test_many_records_by_their_keys(store):
    """One by one or together: the same answer, in the order of the keys."""
    assert isinstance(does(store, Put(ASSISTANT, is_new=True), Put(THREAD, is_new=True)), Committed)
    for name in "abcdefgh":
        assert isinstance(does(store, Put(message(name), is_new=True)), Committed)
    keys = [Key(Message, f"msg_{name}", thread_id) for name in "hxa" for thread_id in (None, "thread_a", "thread_b")]
    keys += [Key(Assistant, "asst_a"), Key(Thread, "thread_a"), Key(Run, "run_a"), *keys[:3]]
    found = store.load(keys)
    assert found == tuple(store.load([key])[0] for key in keys)
    h, a = (store.load([Key(Message, f"msg_{name}")])[0] for name in "ha")
    assert (h.seq, a.seq) == (8, 1)
    assert found[:9] == (h, h, None, None, None, None, a, a, None)
    assert store.load([Key(Message, f"msg_{n}") for n in range(250)] + [Key(Message, "msg_a")]) == (None,) * 250 + (a,)


def test_files_under_other_ids_are_known_to_be_there(store):
    assert not store.keeps_others()
    ours = evolve(FILE, id=f"file-{ids.OURS}A", copy="")
    assert isinstance(does(store, Put(ours, is_new=True)), Committed)
    assert not store.keeps_others()
    for other in ("file-a", "file-z", "assistant-a", f"file-{ids.OURS[:-1]}", f"file-{ids.OURS[:-1]}f"):
        put = Put(evolve(FILE, id=other, copy=""), is_new=True)
        assert isinstance(does(store, put), Committed)
        assert store.keeps_others()
        assert isinstance(does(store, Erase(File, other)), Committed)
        assert not store.keeps_others()


def test_places_of_many_messages_in_one_commit_go_on_in_the_next(store):
    """Counted in the commit, written at its end."""
    does(store, Put(THREAD, is_new=True), Put(evolve(THREAD, id="thread_b"), is_new=True))
    other = evolve(message("z"), thread_id="thread_b")
    first = does(store, Put(message("a"), is_new=True), Put(other, is_new=True), Put(message("b"), is_new=True))
    assert [change.record.seq for change in first.changes] == [1, 1, 2]
    assert isinstance(does(store, Put(message("c"), is_new=True), Put(message("a"), is_new=True)), Conflict)
    again = Put(evolve(THREAD, metadata={"k": "v"}), is_new=True)
    second = does(
        store, Put(message("c"), is_new=True), Erase(Thread, "thread_a"), again, Put(message("d"), is_new=True)
    )
    assert [
        change.record.seq for change in second.changes if hasattr(change, "record") and change.record.id != "thread_a"
    ] == [3, 1]
    third = does(store, Put(message("e"), is_new=True))
    assert third.record(Message, "msg_e").seq == 2
