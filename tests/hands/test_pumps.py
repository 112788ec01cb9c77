"""A leg's line: what comes from the upstream, what comes from outside, and what must not come any more."""

from __future__ import annotations

import asyncio
import threading
import time

import pytest

from bridge.calls import Credential
from bridge.engine.effects import End, Event, LeaseLost, Open, Refused, Resume, Send, Sent, Timeout, Woken
from bridge.hands.pumps import INTERRUPTED, LATE, AsyncDirect, AsyncLine, Direct, Line
from bridge.upstream import StreamBroken, UpstreamRefused

SOON = 5.0


class Stream:
    """Plays its list: events, a number to wait for the close, or an exception to raise."""

    def __init__(self, script):
        self.script = script
        self.closed = threading.Event()

    def __iter__(self):
        for entry in self.script:
            if entry == "block":
                self.closed.wait(SOON)
                return
            if isinstance(entry, Exception):
                raise entry
            yield entry

    def close(self):
        self.closed.set()

    async def __aiter__(self):
        for entry in self.script:
            if entry == "block":
                await asyncio.sleep(SOON)
                return
            if isinstance(entry, Exception):
                raise entry
            yield entry

    async def aclose(self):
        self.closed.set()


class Upstream:
    name = "played"

    def __init__(self, *scripts):
        self.scripts = list(scripts)
        self.streams = []
        self.asked, self.released = threading.Event(), threading.Event()
        self.paths = []

    def open(self, request, credential):
        script = self.scripts.pop(0)
        if isinstance(script, Exception):
            raise script
        self.streams.append(Stream(script))
        return self.streams[-1]

    async def aopen(self, request, credential):
        return self.open(request, credential)

    def resume(self, resume, credential):
        return self.open(resume, credential)

    async def aresume(self, resume, credential):
        return self.open(resume, credential)

    def send(self, effect, credential):
        self.paths.append(effect.path)
        if effect.path == "/refused":
            raise UpstreamRefused(Refused(0, "nobody there"))
        if effect.path == "/slow":
            self.asked.set()
            self.released.wait(SOON)
        return Sent(200, {"path": effect.path})

    async def asend(self, effect, credential):
        if effect.path == "/slow":
            self.asked.set()
            await asyncio.sleep(SOON)
        return self.send(effect, credential)


class SyncDoor:
    """A Line and an AsyncLine, called alike."""

    def __init__(self, upstream):
        self.line = Line(upstream, Credential(), time.time)
        self.open = self.line.open
        self.close = self.line.close
        self.post = self.line.post

    def ask(self, effect):
        work = lambda upstream, credential: upstream.send(effect, credential)  # noqa: E731
        return self.line.ask(work, effect.until, is_urgent=effect.is_urgent)

    def next(self, seconds=SOON):
        return self.line.next(time.time() + seconds)


class AsyncDoor:
    def __init__(self, upstream):
        self.loop = asyncio.new_event_loop()
        self.line = self.loop.run_until_complete(self._make(upstream))
        self.post = self.line.post

    async def _make(self, upstream):
        return AsyncLine(upstream, Credential(), time.time)

    def open(self, request):
        self.loop.run_until_complete(self.line.open(request))

    def close(self):
        self.loop.run_until_complete(self.line.close())

    def ask(self, effect):
        return self.loop.run_until_complete(
            self.line.ask(
                lambda upstream, credential: upstream.asend(effect, credential), effect.until, effect.is_urgent
            )
        )

    def next(self, seconds=SOON):
        return self.loop.run_until_complete(self.line.next(time.time() + seconds))


@pytest.fixture(params=[SyncDoor, AsyncDoor], ids=["sync", "async"])
def door(request):
    made = []

    def make(*scripts):
        upstream = Upstream(*scripts)
        made.append(request.param(upstream))
        return made[-1], upstream

    yield make
    for each in made:
        each.close()
        if hasattr(each, "loop"):
            each.loop.close()


def test_events_then_the_end(door):
    line, _ = door([{"type": "a"}, {"type": "b"}])
    line.open(Open({}))
    assert [line.next() for _ in range(3)] == [Event({"type": "a"}), Event({"type": "b"}), End()]


@pytest.mark.parametrize(
    ("script", "signal"),
    [
        (UpstreamRefused(Refused(429, "slow down")), Refused(429, "slow down")),
        ([StreamBroken("reset")], End("reset")),
        ([ValueError("odd")], Refused(0, "ValueError: odd")),
    ],
    ids=["refused", "broken", "unforeseen"],
)
def test_every_failure_is_a_signal(door, script, signal):
    line, _ = door(script)
    line.open(Open({}))
    assert line.next() == signal


def test_a_deadline_ends_the_wait(door):
    line, _ = door(["block"])
    line.open(Open({}))
    assert line.next(0.02) == Timeout()


def test_what_others_post_comes_through_while_the_upstream_is_silent(door):
    line, _ = door(["block"])
    line.open(Open({}))
    line.post(Woken())
    line.post(LeaseLost())
    assert [line.next(), line.next()] == [Woken(), LeaseLost()]


def test_closing_stops_the_stream_and_silences_it(door):
    line, upstream = door([{"type": "a"}, "block", {"type": "never"}])
    line.open(Open({}))
    assert line.next() == Event({"type": "a"})
    line.close()
    assert upstream.streams[0].closed.wait(SOON)
    assert line.next(0.05) == Timeout()


def test_a_second_call_hears_nothing_of_the_first(door):
    line, _ = door([{"type": "old"}], [{"type": "new"}])
    line.open(Open({}))
    line.open(Open({}))
    assert line.next() == Event({"type": "new"})
    assert line.next() == End()


def test_a_stream_that_cannot_be_closed_does_not_hurt_the_leg(caplog):
    upstream = Upstream([{"type": "a"}, "block"])
    door = SyncDoor(upstream)
    door.open(Open({}))
    assert door.next() == Event({"type": "a"})

    def fail():
        upstream.streams[0].closed.set()
        raise OSError("no such socket")

    upstream.streams[0].close = fail
    door.close()
    assert "could not be closed" in caplog.text


def test_what_the_closing_broke_is_no_news(caplog):
    upstream = Upstream([{"type": "a"}, "block"])
    door = SyncDoor(upstream)
    stream = Stream([])

    def events():
        yield {"type": "a"}
        stream.closed.wait(SOON)
        raise ValueError("read of closed file")

    upstream.open = lambda request, credential: stream
    stream.__class__ = type("Odd", (Stream,), {"__iter__": lambda self: events()})
    door.open(Open({}))
    assert door.next() == Event({"type": "a"})
    door.close()
    assert door.next(0.05) == Timeout()
    assert caplog.text == ""


def test_a_background_response_is_gone_on_with(door):
    line, _ = door([{"type": "a"}])
    line.open(Open({}, Resume("resp_1", 3)))
    assert line.next() == Event({"type": "a"})


def test_other_calls_answer_in_the_middle_of_a_stream(door):
    line, _ = door([{"type": "a"}, "block"])
    line.open(Open({}))
    assert line.ask(Send("GET", "/files")) == Sent(200, {"path": "/files"})
    assert line.ask(Send("GET", "/refused")) == Refused(0, "nobody there")
    assert line.next() == Event({"type": "a"})


def test_a_call_is_given_up_for_what_is_urgent(door):
    line, upstream = door()
    threading.Thread(target=lambda: (upstream.asked.wait(SOON), line.post(Woken()))).start()
    began = time.monotonic()
    assert line.ask(Send("GET", "/slow")) == Refused(0, INTERRUPTED)
    assert line.ask(Send("GET", "/slow")) == Refused(0, INTERRUPTED), "as long as nobody looked what it was"
    assert time.monotonic() - began < SOON / 2
    assert line.next() == Woken()
    upstream.released.set()
    assert line.ask(Send("GET", "/files")) == Sent(200, {"path": "/files"})


def test_what_is_urgent_is_asked_in_spite_of_a_signal(door):
    """A background response that is cancelled: the cancel itself is the signal."""
    line, _ = door()
    line.line.post(Woken())
    effect = Send("POST", "/responses/resp_1/cancel", until=time.time() + SOON, is_urgent=True)
    assert line.ask(effect) == Sent(200, {"path": effect.path})
    assert line.next() == Woken()


def test_nothing_is_begun_that_would_be_given_up_at_once(door):
    line, upstream = door()
    line.line.post(Woken())
    line.ask(Send("GET", "/never"))
    line.next()
    assert line.ask(Send("GET", "/files")) == Sent(200, {"path": "/files"})
    assert upstream.paths == ["/files"]


def test_an_operation_gives_up_when_its_time_is_over():
    upstream = Upstream()
    sync, other = Direct(upstream, Credential()), AsyncDirect(upstream, Credential())
    effect = Send("GET", "/slow")
    until = time.time() + 0.05
    assert sync.ask(lambda one, credential: one.send(effect, credential), until) == Refused(0, LATE)
    assert asyncio.run(other.ask(lambda one, credential: one.asend(effect, credential), until)) == Refused(0, LATE)
    upstream.released.set()


def test_an_operation_that_is_no_leg_asks_too():
    upstream = Upstream()
    sync, other = Direct(upstream, Credential()), AsyncDirect(upstream, Credential())
    for path, answer in (("/a", Sent(200, {"path": "/a"})), ("/refused", Refused(0, "nobody there"))):
        effect = Send("GET", path)
        assert sync.ask(lambda one, credential, effect=effect: one.send(effect, credential)) == answer
        assert asyncio.run(other.ask(lambda one, credential, effect=effect: one.asend(effect, credential))) == answer


def test_a_call_is_given_up_when_its_time_is_over(door):
    line, upstream = door()
    assert line.ask(Send("GET", "/slow", until=time.time() + 0.03)) == Refused(0, LATE)
    upstream.released.set()
