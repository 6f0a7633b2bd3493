"""An event loop whose time jumps to the next timer whenever nothing else is to do.

Sockets are real: bytes on the loopback are there before anybody waits, so a day of a fleet with its
central system in the same process takes seconds and comes out the same each time. Nothing outside this
process can take part, because it would not know what time it is.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")
_RESOLUTION_S = 1e-6
_WAIT_FOR_THREADS_S = 0.05


class _JumpingSelector(selectors.DefaultSelector):
    """Never waits: where nothing is ready the loop's time jumps instead."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout is None or timeout <= 0.0:
            # Without a timer only the outside can wake the loop, such as another thread.
            return ready or (super().select(_WAIT_FOR_THREADS_S) if timeout is None else ready)
        self.elapsed_s += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        # asyncio's own nanosecond vanishes beside the seconds of a year, and a timer would never be due.
        self._clock_resolution = _RESOLUTION_S

    def time(self) -> float:
        """Virtual seconds since the start."""
        return self._jumping.elapsed_s


class _ScaledSelector(selectors.DefaultSelector):
    def __init__(self, speed: float) -> None:
        super().__init__()
        self._speed = speed

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(None if timeout is None else timeout / self._speed)


class ScaledTimeLoop(asyncio.SelectorEventLoop):
    """An event loop whose seconds pass ``speed`` times as fast as real ones, heartbeats too."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._zero_s = time.monotonic()
        super().__init__(_ScaledSelector(speed))

    def time(self) -> float:
        """Scaled seconds since the loop was made."""
        return (time.monotonic() - self._zero_s) * self._speed


class LoopClock:
    """Time of day out of the loop's time, whichever loop runs; the OCPP hosts take it as their clock."""

    def __init__(self, start: datetime) -> None:
        loop = asyncio.get_running_loop()
        self._loop = loop
        self._start = start
        self._zero_s = loop.time()

    def __call__(self) -> datetime:
        """Aware UTC."""
        return self.now()

    def now(self) -> datetime:
        """Aware UTC."""
        return self._start + timedelta(seconds=self._loop.time() - self._zero_s)

    def monotonic(self) -> float:
        """Seconds of the loop."""
        return self._loop.time()

    def call_later(self, delay_s: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        """Call once."""
        return self._loop.call_later(max(0.0, delay_s), callback)

    async def sleep(self, delay_s: float) -> None:
        """Return when the time is over."""
        await asyncio.sleep(delay_s)


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
