"""Whatever is committed, the store in memory and the one in a file answer alike and hold the same."""

from __future__ import annotations

import itertools

import orjson
import pytest
from attrs import asdict, evolve
from hypothesis import given, settings
from hypothesis import strategies as some
from sqlite_files import open_file

from bridge.engine.effects import Commit, Committed, Conflict, History, Key, Lost, Page, RunState
from bridge.records import (
    Amend,
    Assistant,
    Claim,
    Delta,
    Erase,
    Exists,
    Fence,
    File,
    Has,
    Idle,
    Item,
    Lock,
    Message,
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

pytestmark = pytest.mark.slow  # many random stories

ASSISTANTS = [Assistant(id, 1, "gpt-4o") for id in ("asst_a", "asst_b")]
THREADS = [Thread(id, 1) for id in ("thread_a", "thread_b")]
RUNS = [Run(f"run_{x}", f"thread_{x}", "asst_a", 5, 605, "gpt-4o") for x in "ab"]
STEPS = [Step(f"step_{n}", "run_a", "thread_a", "asst_a", 5, 605, "tool_calls", {"n": n}) for n in range(2)]
ITEMS = [Item(f"item_{n}{x}", f"thread_{x}", f"run_{x}", "function_call", {"n": n}) for n in range(2) for x in "ab"]
MESSAGES = [
    Message(f"msg_{n}{x}", f"thread_{x}", 9 - n // 2, role, run_id=run_id, content=[{"text": "x" * n * 10}])
    for x in "ab"
    for n, (role, run_id) in enumerate([("user", None), ("assistant", f"run_{x}"), ("user", None), ("user", None)])
]
FILES = [File(f"file-{n}", "thread_a", "run_a", 5, "a.csv", "cntr_1", f"cfile_{n}") for n in range(2)]
RECORDS = [*ASSISTANTS, *THREADS, *RUNS, *STEPS, *ITEMS, *MESSAGES, *FILES]
KINDS = (Assistant, Thread, Message, Run, Step, Item, File)

threads = some.sampled_from([thread.id for thread in THREADS])
runs = some.sampled_from([run.id for run in RUNS])
owners = some.sampled_from(["p", "q"])
times = some.integers(0, 4)
metadata = some.sampled_from([{}, {"k": "1"}, {"k": "2"}])


@some.composite
def puts(draw, records):
    record = draw(some.sampled_from(records))
    if isinstance(record, (Assistant, Thread, Message, Run)):
        record = evolve(record, metadata=draw(metadata))
    if isinstance(record, Run):
        status = draw(some.sampled_from(["queued", "in_progress", "requires_action", "completed"]))
        record = evolve(record, version=draw(some.sampled_from([1, 1, 2])), status=status)
    return Put(record, is_new=draw(some.integers(0, 3)) == 0)


def of_kind(act, *kinds):
    pairs = [(type(record), record.id) for record in RECORDS if isinstance(record, kinds)]
    return some.sampled_from(pairs).flatmap(lambda pair: act(*pair))


changes = some.one_of(
    puts(RECORDS),
    puts(RUNS),
    of_kind(lambda kind, id: metadata.map(lambda value: Amend(kind, id, {"metadata": value})), *KINDS[:4]),
    of_kind(lambda kind, id: some.just(Erase(kind, id)), Assistant, Message, Step, Item, File),
    some.sampled_from(FILES).map(lambda file: Amend(File, file.id, {"upstream_id": "file-copy"})),
    some.builds(Erase, some.just(Thread), threads),
    some.builds(Lock, threads, runs),
    some.builds(Unlock, threads, runs),
    some.builds(Claim, runs, owners, times, times),
    some.builds(Release, runs),
    some.just(Delta("thread.message.delta", "msg_0a", {})),
    some.just(Told("thread.run.cancelling", RUNS[0])),
)
guards = some.one_of(
    some.builds(Idle, threads),
    of_kind(lambda kind, id: some.just(Exists(kind, id)), *KINDS[:4]),
    some.builds(Has, some.just(Thread), threads, some.just("metadata"), metadata),
    some.builds(Unchanged, runs, some.integers(0, 2)),
    some.builds(Fence, runs, owners, some.integers(0, 2)),
)
commits = some.builds(
    Commit, some.lists(changes, min_size=1, max_size=4).map(tuple), some.lists(guards, max_size=1).map(tuple)
)
FIRST = Commit(tuple(Put(record, is_new=True) for record in RECORDS))


def plain(answer):
    """Comparable whatever sequence type a store gives back."""
    return orjson.loads(orjson.dumps(answer, default=lambda value: {"": type(value).__name__, **_fields(value)}))


def _fields(value):
    return {"kind": value.__name__} if isinstance(value, type) else asdict(value, recurse=False)


def everything(store):
    """The answer to every question there is to ask of this little world."""
    cursors = [(None, None), ("msg_1a", None), (None, "msg_1a"), ("msg_3a", "msg_0a")]
    return plain(
        [
            store.load([Key(type(record), record.id) for record in RECORDS]),
            store.load([Key(type(record), record.id, thread_id="thread_a") for record in [*STEPS, *ITEMS, *MESSAGES]]),
            [store.page(Page(Assistant, order=order)) for order in ("asc", "desc")],
            store.page(Page(Run, "thread_a")),
            [store.page(Page(kind, "thread_a", "run_a")) for kind in (Step, Message)],
            [
                store.page(Page(Message, "thread_a", limit=limit, order=order, after=after, before=before))
                for limit, order, (after, before) in itertools.product((1, 9), ("asc", "desc"), cursors)
            ],
            [store.history(History("thread_a", run_id, 0, 1)) for run_id in (None, "run_a")],
            [store.history(History("thread_a", last_messages=number)) for number in (2, 3)],
            store.history(History("thread_a", "run_a", last_messages=2)),
            store.history(History("thread_a", "run_a", characters=50)),
            store.history(History("thread_a")),
            [store.run_state(RunState(run.thread_id, run.id)) for run in RUNS],
            [store.stalled(now) for now in (2, 1000)],
        ]
    )


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    store = open_file(tmp_path_factory.mktemp("random") / "bridge.db")
    yield store
    store.close()


def emptied(store):
    assert isinstance(
        store.commit(Commit(tuple(Erase(type(r), r.id) for r in [*ASSISTANTS, *THREADS, *FILES]))).result(), Committed
    )
    return store


@given(story=some.lists(commits, min_size=1, max_size=8), owner=owners)
@settings(max_examples=50)
def test_both_stores_tell_one_story(file, story, owner):
    stores = (MemoryStore(), emptied(file))
    for commit in [FIRST, *story]:
        one, other = (store.commit(commit).result() for store in stores)
        assert plain(one) == plain(other)
        assert type(one) is type(other) and type(one) in (Committed, Conflict, Lost)
    assert stores[0].renew(owner, 99.0) == stores[1].renew(owner, 99.0)
    assert everything(stores[0]) == everything(stores[1])


@given(before=some.lists(commits, max_size=4), refused=commits)
@settings(max_examples=200)
def test_what_is_refused_leaves_no_trace(before, refused):
    store = MemoryStore()
    for commit in [FIRST, *before]:
        store.commit(commit)
    twin = store.copy()
    outcome = store.commit(refused).result()
    if not isinstance(outcome, Committed):
        assert everything(store) == everything(twin)
        store.commit(new := Commit((Put(MESSAGES[0], is_new=True),)))
        twin.commit(new)
        assert everything(store) == everything(twin)  # the same place in the thread, too
