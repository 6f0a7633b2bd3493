"""One thread that writes: what several chargers tell at the same time is committed together.

A commit waits for the disk. With one per message a card of flash memory takes some ten messages a
second; together they take one commit's time for all of them, and nobody's event loop waits.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ohmstead.errors import DataError

Write = Callable[[sqlite3.Connection], Any]
"""Writes into an open transaction; what it returns is given back after the commit."""

MOST_AT_ONCE = 500


class StoreError(DataError):
    """The database could not be written or read now: a full disk, or no rights. Nothing was changed."""


Outcome = tuple[Any, Exception | None]


@dataclass(slots=True)
class _Job:
    write: Write
    loop: asyncio.AbstractEventLoop
    settle: Callable[[Outcome], None]


class Committer:
    """Writes into one SQLite connection from a thread of its own."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        """Take over a connection; it is closed with this."""
        self._connection = connection
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"write {name}", daemon=True)
        self._thread.start()

    async def commit(self, write: Write, then: Callable[[], object] | None = None) -> Any:
        """Do a write; returns once it is on the disk.

        Args:
            then: called on the event loop after the commit, also where the caller was cancelled meanwhile.

        Raises:
            StoreError: it could not be written; nothing of it was.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()

        def settle(outcome: Outcome) -> None:
            result, error = outcome
            if error is None and then is not None:
                then()
            if future.done():
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)

        if self._closed:
            raise StoreError("the database is closed")
        self._jobs.put(_Job(write, loop, settle))
        return await future

    def close(self) -> None:
        """Write what waits, then close; may take as long as the disk does."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            self._thread.join()

    def _run(self) -> None:
        ending = False
        while not ending:
            jobs: list[_Job] = []
            job = self._jobs.get()
            while job is not None:
                jobs.append(job)
                if len(jobs) >= MOST_AT_ONCE:
                    break
                try:
                    job = self._jobs.get_nowait()
                except queue.Empty:
                    break
            else:
                ending = True
            if jobs and not self._together(jobs):
                for single in jobs:
                    self._together([single], last=True)
        self._connection.close()

    def _together(self, jobs: list[_Job], *, last: bool = False) -> bool:
        """Commit several writes as one; where one of them fails, none is done."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            results = [job.write(self._connection) for job in jobs]
            self._connection.execute("COMMIT")
        except (sqlite3.Error, DataError, OverflowError, ValueError, TypeError) as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if last:
                words = error if isinstance(error, DataError) else StoreError(str(error))
                _tell(jobs, [(None, words)])
            return False
        _tell(jobs, [(result, None) for result in results])
        return True


def _tell(jobs: list[_Job], outcomes: list[Outcome]) -> None:
    """Wake each event loop once, however many of its writes are done: a wake-up costs more than a write."""
    for loop in {job.loop for job in jobs}:
        mine = [(job.settle, done) for job, done in zip(jobs, outcomes, strict=True) if job.loop is loop]
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, mine)


def _settle(done: list[tuple[Callable[[Outcome], None], Outcome]]) -> None:
    for settle, outcome in done:
        settle(outcome)
