"""Writing from a thread of its own, so that a slow disk never holds up the control loop."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import structlog

from ohmstead.recorder.errors import HistoryError
from ohmstead.recorder.minute import MINUTE_S, Minute
from ohmstead.recorder.recorder import Recorder

log = structlog.get_logger(__name__)

ROLL_UP_EVERY = timedelta(hours=1)

Work = Callable[[Recorder], None]


@dataclass(frozen=True, kw_only=True, slots=True)
class WriterStatus:
    """How the writer is doing.

    ``waiting`` counts minutes and plans not on the disk yet, ``dropped`` those given up since the
    start, ``error`` is what stops it now (``None``: nothing).
    """

    waiting: int
    dropped: int
    last_committed: datetime | None
    error: str | None


@dataclass(frozen=True, slots=True)
class _Job:
    name: str
    work: Work
    minute: datetime | None = None


class BufferedWriter:
    """Commits minutes and plans in the order they were submitted.

    When the disk is full or the file locked, it tries again with growing pauses and keeps up to
    ``capacity`` jobs; beyond that the oldest are given up, counted and reported. It rolls up the
    history every hour of recorded time.

    Args:
        recorder: where to write. The caller closes it, after this writer.
        capacity: most jobs that wait; the default is a day of minutes.
        on_event: called from the writer's thread with a code (``history_failing``,
            ``history_recovered``, ``history_dropped``) and a message. It must not raise.
        retry_s: first pause after a failure; it doubles up to a minute.
    """

    def __init__(
        self,
        recorder: Recorder,
        *,
        capacity: int = 1440,
        on_event: Callable[[str, str], None] | None = None,
        retry_s: float = 1.0,
    ) -> None:
        """Start the thread."""
        self._recorder = recorder
        self._capacity = capacity
        self._on_event = on_event
        self._retry_s = retry_s
        self._jobs: deque[_Job] = deque()
        self._changed = threading.Condition()
        self._closing = threading.Event()
        self._deadline_passed = threading.Event()
        self._stopped = False
        self._dropped = 0
        self._error: str | None = None
        self._last_committed: datetime | None = None
        self._rolled_up_at: datetime | None = None
        self._thread = threading.Thread(target=self._run, name="history-writer", daemon=True)
        self._thread.start()

    def submit(self, minute: Minute) -> None:
        """Have a minute committed; returns at once."""
        self._put(
            _Job(
                f"minute {minute.start.isoformat()}",
                lambda recorder: recorder.commit_minute(minute),
                minute.start,
            )
        )

    def submit_plan(self, plan_json: bytes, made_at: datetime) -> None:
        """Have a plan saved; returns at once."""
        self._put(
            _Job(f"plan {made_at.isoformat()}", lambda recorder: recorder.save_plan(plan_json, made_at))
        )

    def status(self) -> WriterStatus:
        """How the writer is doing now."""
        with self._changed:
            return WriterStatus(
                waiting=len(self._jobs),
                dropped=self._dropped,
                last_committed=self._last_committed,
                error=self._error,
            )

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until everything submitted is written or given up; False when that did not happen."""
        with self._changed:
            self._changed.wait_for(lambda: not self._jobs or self._stopped, timeout_s)
            return not self._jobs

    def close(self, timeout_s: float = 10.0) -> bool:
        """Write what waits, then stop. False when something could not be written in that time."""
        with self._changed:
            self._closing.set()
            self._changed.notify_all()
        self._thread.join(timeout_s)
        self._deadline_passed.set()
        self._thread.join()
        left = len(self._jobs)
        if left:
            self._report("history_dropped", f"{self._recorder.path}: closed with {left} entries not written")
        return not left

    def __enter__(self) -> Self:
        """Close on leaving the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Write what waits, then stop."""
        self.close()

    def _put(self, job: _Job) -> None:
        dropped = None
        with self._changed:
            if len(self._jobs) >= self._capacity:
                # The first job may be under way right now: it stays.
                dropped = self._jobs[1] if len(self._jobs) > 1 else None
                if dropped is not None:
                    del self._jobs[1]
                    self._dropped += 1
            self._jobs.append(job)
            self._changed.notify_all()
        if dropped is not None:
            self._report("history_dropped", f"{self._recorder.path}: buffer full, gave up {dropped.name}")

    def _run(self) -> None:
        try:
            self._work_off()
        finally:
            with self._changed:
                self._stopped = True
                if self._jobs and self._error is None:
                    self._error = "the writer stopped"
                self._changed.notify_all()

    def _work_off(self) -> None:
        pause_s = self._retry_s
        while (job := self._next()) is not None:
            try:
                job.work(self._recorder)
            except HistoryError as error:
                self._failed(job, error)
                if error.transient:
                    if self._gives_up(pause_s):
                        return
                    pause_s = min(60.0, 2 * pause_s)
                continue
            pause_s = self._retry_s
            self._written(job)
            self._roll_up(job)

    def _gives_up(self, pause_s: float) -> bool:
        """Pause; while closing, only shortly and until the deadline."""
        if self._closing.is_set():
            return self._deadline_passed.wait(min(0.1, pause_s))
        self._closing.wait(pause_s)
        return False

    def _next(self) -> _Job | None:
        """Wait for the first job; ``None`` when it is time to stop."""
        with self._changed:
            self._changed.wait_for(lambda: self._jobs or self._closing.is_set())
            return self._jobs[0] if self._jobs else None

    def _failed(self, job: _Job, error: HistoryError) -> None:
        with self._changed:
            first = self._error is None
            if error.transient:
                self._error = str(error)
            else:
                self._jobs.popleft()
                self._dropped += 1
                self._changed.notify_all()
        if not error.transient:
            self._report("history_dropped", f"{job.name} refused: {error}")
        elif first:
            self._report("history_failing", f"{error}; trying again")

    def _written(self, job: _Job) -> None:
        with self._changed:
            self._jobs.popleft()
            recovered = self._error is not None
            self._error = None
            if job.minute is not None:
                self._last_committed = job.minute
            self._changed.notify_all()
        if recovered:
            self._report("history_recovered", f"{self._recorder.path}: written again")

    def _roll_up(self, job: _Job) -> None:
        if job.minute is None:
            return
        end = job.minute + timedelta(seconds=MINUTE_S)
        if self._rolled_up_at is not None and abs(end - self._rolled_up_at) < ROLL_UP_EVERY:
            return
        try:
            self._recorder.rollup(end)
        except HistoryError as error:
            # Nothing is lost: reads take the minutes until it works.
            log.warning("history_roll_up_failed", error=str(error))
            return
        self._rolled_up_at = end

    def _report(self, code: str, message: str) -> None:
        log.warning(code, message=message)
        if self._on_event is not None:
            self._on_event(code, message)
