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


@dataclass(slots=True)
class _Job:
    write: Write
    kept: asyncio.Future[Any]
    then: Callable[[], object] | None


Outcome = tuple[_Job, Any, Exception | None]


class Committer:
    """Writes into one SQLite connection from a thread of its own."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        """Take over a connection; it is closed with this."""
        self._connection = connection
        self._gathered: list[_Job] = []
        self._jobs: queue.SimpleQueue[list[_Job] | None] = queue.SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"write {name}", daemon=True)
        self._thread.start()

    def commit(self, write: Write, then: Callable[[], object] | None = None) -> asyncio.Future[Any]:
        """Begin a write; the future is done once it is on the disk, with what the write returned.

        It fails with :class:`StoreError` where nothing could be written; cancelling it cancels nothing.

        Args:
            then: called on the event loop after the commit, also where the future was cancelled meanwhile.
        """
        kept: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if self._closed:
            kept.set_exception(StoreError("the database is closed"))
        else:
            if not self._gathered:
                kept.get_loop().call_soon(self._hand_over)
            self._gathered.append(_Job(write, kept, then))
        return kept

    def close(self) -> None:
        """Write what waits, then close; may take as long as the disk does."""
        if not self._closed:
            self._closed = True
            self._hand_over()
            self._jobs.put(None)
            self._thread.join()

    def _hand_over(self) -> None:
        """What came in one round of the event loop wakes the thread once."""
        if self._gathered:
            self._jobs.put(self._gathered)
            self._gathered = []

    def _run(self) -> None:
        ending = False
        while not ending:
            jobs: list[_Job] = []
            more = self._jobs.get()
            while more is not None:
                jobs += more
                if len(jobs) >= MOST_AT_ONCE:
                    break
                try:
                    more = self._jobs.get_nowait()
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
                _tell([(job, None, words) for job in jobs])
            return False
        _tell([(job, result, None) for job, result in zip(jobs, results, strict=True)])
        return True


def _tell(outcomes: list[Outcome]) -> None:
    """Wake each event loop once, however many of its writes are done: a wake-up costs more than a write."""
    for loop in {job.kept.get_loop() for job, _, _ in outcomes}:
        if not loop.is_closed():
            loop.call_soon_threadsafe(_settle, [one for one in outcomes if one[0].kept.get_loop() is loop])


def _settle(outcomes: list[Outcome]) -> None:
    for job, result, error in outcomes:
        if error is None and job.then is not None:
            job.then()
        if job.kept.done():
            continue
        if error is None:
            job.kept.set_result(result)
        else:
            job.kept.set_exception(error)
