"""An event loop whose time jumps to the next timer whenever nothing else is to do.

A server of this loop is reached without sockets, so a day of a fleet with its central system in the same
process takes seconds and comes out the same each time. Nothing outside this process can take part, because
it would not know what time it is.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from typing import Any, TypeVar

from ohmstead.chargers.virtual_network import ProtocolFactory, VirtualNetwork

T = TypeVar("T")
_LOOPBACK = ("127.0.0.1", "::1", "localhost")
_RESOLUTION_S = 1e-6
_WAIT_FOR_THREADS_S = 0.05


class _JumpingSelector(selectors.DefaultSelector):
    """Where nothing is ready the loop's time jumps instead of waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed_s = 0.0
        self.threads = 0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0.0):
            return ready
        if timeout is None or self.threads:  # without a timer only another thread can wake the loop
            return super().select(_WAIT_FOR_THREADS_S)
        self.elapsed_s += timeout
        return ready


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """See the module."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)
        # asyncio's own nanosecond vanishes beside the seconds of a year, and a timer would never be due.
        self._clock_resolution = _RESOLUTION_S
        self._network = VirtualNetwork(self)

    async def create_server(
        self, protocol_factory: ProtocolFactory, host: Any = None, port: Any = None, **options: Any
    ) -> asyncio.Server:
        """As asyncio's; who connects within this loop needs no socket, but for TLS."""
        server = await super().create_server(protocol_factory, host, port, **options)
        if options.get("ssl") is None:
            self._network.listens(server, protocol_factory)
        return server

    async def create_connection(
        self, protocol_factory: ProtocolFactory, host: Any = None, port: Any = None, **options: Any
    ) -> tuple[asyncio.Transport, Any]:
        """As asyncio's; to a server of this loop without a socket."""
        if host in _LOOPBACK and self._network.reaches(port) and options.get("ssl") is None:
            return self._network.connect(protocol_factory, port)
        return await super().create_connection(protocol_factory, host, port, **options)

    def run_in_executor(  # type: ignore[override]
        self, executor: Any, func: Any, *args: Any
    ) -> asyncio.Future[Any]:
        """As asyncio's; time stands still until the thread is done, such as one that looks up an address."""
        future = super().run_in_executor(executor, func, *args)
        self._jumping.threads += 1
        future.add_done_callback(self._thread_done)
        return future

    def _thread_done(self, future: object) -> None:
        del future
        self._jumping.threads -= 1

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


class SkewedClock(LoopClock):
    """A clock that is wrong by so many seconds; what is waited for takes as long as elsewhere."""

    def __init__(self, clock: LoopClock, ahead_s: float) -> None:
        self._loop = clock._loop
        self._zero_s = clock._zero_s
        self._start = clock._start + timedelta(seconds=ahead_s)


def run_virtually(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine to its end in virtual time."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        return runner.run(main)
