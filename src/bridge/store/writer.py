"""The one writer of a process: waiting jobs share one transaction, a savepoint each, answered after COMMIT (design §3).

Many small commits are bound by the disk and by the lock on the file; done together they cost one of each.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final, TypeVar

from attrs import frozen
from sqlalchemy.engine import Connection, Engine

from bridge.errors import StoreError
from bridge.store.rules import Refused

T = TypeVar("T")

GROUP: Final = 256
"""How many jobs one transaction takes at most."""


@frozen
class _Job:
    work: Callable[[Connection], Any]
    future: Future[Any]
    in_transaction: bool = True


class Writer:
    """A thread with the connection that writes."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="bridge-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Callable[[Connection], T], *, in_transaction: bool = True) -> Future[T]:
        """Have the work done on the writer's connection. Outside a transaction it must only read."""
        future: Future[T] = Future()
        if self._closed:
            future.set_exception(StoreError("the store is closed"))
        else:
            self._jobs.put(_Job(work, future, in_transaction))
        return future

    def close(self) -> None:
        """Finish what waits, then end."""
        self._closed = True
        self._jobs.put(None)
        self._thread.join()

    def _run(self) -> None:
        with self._engine.connect() as connection:
            while True:
                group, is_last = self._next_group()
                self._do(connection, group)
                if is_last:
                    return

    def _next_group(self) -> tuple[list[_Job], bool]:
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

    def _do(self, connection: Connection, group: list[_Job]) -> None:
        for job in group:
            if not job.in_transaction:
                _settle(job.future, *_attempt(job, connection))
        jobs = [job for job in group if job.in_transaction]
        if not jobs:
            return
        try:
            with connection.begin():
                answers = [self._in_savepoint(connection, job) for job in jobs]
        except Exception as error:  # BEGIN or COMMIT failed: nothing of the group is stored
            connection.connection.rollback()  # a COMMIT that failed may have left its transaction open
            for job in jobs:
                _settle(job.future, None, StoreError(f"the store could not be written: {error}"))
            return
        for job, answer in zip(jobs, answers, strict=True):
            _settle(job.future, *answer)

    def _in_savepoint(self, connection: Connection, job: _Job) -> tuple[Any, Exception | None]:
        savepoint = connection.begin_nested()
        answer, error = _attempt(job, connection)
        if isinstance(error, Refused):
            savepoint.rollback()
            return error.outcome, None
        if error is not None:
            savepoint.rollback()
        else:
            savepoint.commit()
        return answer, error


def _attempt(job: _Job, connection: Connection) -> tuple[Any, Exception | None]:
    try:
        return job.work(connection), None
    except Exception as error:
        return None, error


def _settle(future: Future[Any], answer: Any, error: Exception | None) -> None:
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(answer)
