"""The one writer of a process: waiting jobs share one transaction, a savepoint each, answered after COMMIT (design §3).

Many small commits are bound by the disk and by the lock on the file; done together they cost one of each.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

import sqlalchemy as sa
from attrs import frozen
from sqlalchemy.engine import Connection, Engine

from bridge.errors import StoreError
from bridge.store.rules import Refused

T = TypeVar("T")
Answer = tuple[Any, BaseException | None]

GROUP: Final = 256
"""How many jobs one transaction takes at most."""


@frozen
class _Job:
    work: Callable[[Connection], Any]
    future: Future[Any]
    in_transaction: bool


class Writer:
    """A thread with the connection that writes: the engine's only one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="bridge-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T], *, in_transaction: bool = True) -> Future[T]:
        """Have the work done on the writer's connection. Outside a transaction it must only read.

        The future cannot be cancelled: whoever stops waiting for a commit has not undone it.
        """
        future: Future[T] = Future()
        future.set_running_or_notify_cancel()
        with self._lock:  # nothing may be queued behind the end
            if not self._closed:
                self._jobs.put(_Job(work, future, in_transaction))
                return future
        future.set_exception(StoreError("the store is closed"))
        return future

    def close(self) -> None:
        """Finish what waits, then end."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        is_last = False
        while not is_last:
            group, is_last = self._next_group()
            for job in group:
                if not job.in_transaction:
                    _settle(job, self._alone(job))
            self._together([job for job in group if job.in_transaction])

    def _next_group(self) -> tuple[list[_Job], bool]:
        """The first job to come and all that wait behind it; whether the end was among them."""
        group: list[_Job] = []
        job = self._jobs.get()
        while job is not None:
            group.append(job)
            if len(group) >= GROUP:
                return group, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return group, False
        return group, True

    def _alone(self, job: _Job) -> Answer:
        try:
            with self._engine.connect() as connection:
                return job.work(connection), None
        except BaseException as error:
            return None, _told(error)

    def _together(self, jobs: list[_Job]) -> None:
        if not jobs:
            return
        try:
            with self._engine.begin() as connection:
                answers = [_in_savepoint(job, connection) for job in jobs]
        except BaseException as error:  # BEGIN, COMMIT or the whole transaction failed: nothing of the group is stored
            answers = [(None, _told(error)) for _ in jobs]
        for job, answer in zip(jobs, answers, strict=True):
            _settle(job, answer)


def _in_savepoint(job: _Job, connection: Connection) -> Answer:
    savepoint = connection.begin_nested()
    try:
        answer = job.work(connection)
    except Refused as refused:
        savepoint.rollback()
        return refused.outcome, None
    except Exception as error:
        savepoint.rollback()
        return None, _told(error)
    savepoint.commit()
    return answer, None


def _told(error: BaseException) -> BaseException:
    """The error as the caller meets it: the database's as ours, a mistake in the work as it is."""
    if not isinstance(error, sa.exc.SQLAlchemyError):
        return error
    told = StoreError(f"the store could not be written: {getattr(error, 'orig', None) or error}")
    told.__cause__ = error
    return told


def _settle(job: _Job, answer: Answer) -> None:
    value, error = answer
    if error is not None:
        job.future.set_exception(error)
    else:
        job.future.set_result(value)
