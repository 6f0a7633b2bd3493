"""A YunKuaiChong platform in the fleet's own process, for virtual time: it lets every card charge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import structlog

from ohmstead.chargers.virtual_time import LoopClock
from ohmstead.errors import ConfigError, DeviceError
from ohmstead.ykc.billing import flat_tariff
from ohmstead.ykc.codes import GunStatus
from ohmstead.ykc.database import IN_MEMORY
from ohmstead.ykc.messages.orders import NO_CARD, ParallelStartRequest, StartRequest
from ohmstead.ykc.platform.events import Measured, PlatformEvent
from ohmstead.ykc.platform.records import BillStore
from ohmstead.ykc.platform.server import PlatformServer
from ohmstead.ykc.platform.session import PileEntry
from ohmstead.ykc.quirks import Quirks

log = structlog.get_logger(__name__)

PRICE_PER_KWH: Final = 1.2
BALANCE_YUAN: Final = 10_000.0
START_ATTEMPTS: Final = 30
START_AGAIN_S: Final = 1.0
LOOPBACK: Final = ("127.0.0.1", "::1", "localhost")


class OwnPlatform:
    """A platform that starts what is plugged in, where ``remote_start`` is set, and allows every card."""

    def __init__(self, server: PlatformServer, bills: BillStore, host: str, port: int) -> None:
        self._host = host
        self.server = server
        self.bills = bills
        self.port = port

    @property
    def url(self) -> str:
        """What piles are pointed at."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"tcp://{host}:{self.port}"


class _RemoteStarts:
    """Starts an order at a gun once for each time that a cable is plugged in, where that is wished."""

    server: PlatformServer

    def __init__(self, clock: LoopClock, *, wished: bool) -> None:
        self._clock = clock
        self._wished = wished
        self._started: set[tuple[str, str]] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def heard(self, pile: str, event: PlatformEvent) -> None:
        """Look at what a pile measured."""
        if not self._wished or not isinstance(event, Measured):
            return
        gun = event.realtime.gun
        if not event.realtime.plugged:
            self._started.discard((pile, gun))
        elif event.realtime.status == GunStatus.IDLE and (pile, gun) not in self._started:
            self._started.add((pile, gun))
            task = asyncio.get_running_loop().create_task(self._start(pile, gun))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Start nothing any more."""
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _start(self, pile: str, gun: str) -> None:
        for _ in range(START_ATTEMPTS):
            try:
                await self.server.start(pile, gun, balance_yuan=BALANCE_YUAN)
            except DeviceError as error:  # such as a pile that has no tariff yet
                log.info("start_failed", pile=pile, gun=gun, error=str(error))
                await self._clock.sleep(START_AGAIN_S)
            else:
                return
        self._started.discard((pile, gun))


def _allow(_request: StartRequest | ParallelStartRequest) -> tuple[str, float] | int:
    return NO_CARD, BALANCE_YUAN


@asynccontextmanager
async def own_platform(
    piles: Iterable[str],
    clock: LoopClock,
    *,
    remote_start: bool = False,
    bills: Path | None = None,
    host: str = LOOPBACK[0],
    port: int = 0,
) -> AsyncIterator[OwnPlatform]:
    """Listen on the loopback for these piles.

    Raises:
        ConfigError: the address is taken.
        DataError: the file with the bills cannot be used.
    """
    entry = PileEntry(quirks=Quirks(), tariff=flat_tariff("0001", PRICE_PER_KWH))
    starts = _RemoteStarts(clock, wished=remote_start)
    store = BillStore(bills or IN_MEMORY)
    entries = dict.fromkeys(piles, entry)
    server = PlatformServer(
        entries,
        store,
        start_asked=_allow,
        heard=starts.heard,
        clock=clock,
        max_connections=2 * len(entries) + 16,
        max_per_address=2 * len(entries) + 16,
    )
    starts.server = server
    try:
        try:
            bound = await server.listen(host, port)
        except OSError as error:
            raise ConfigError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
        yield OwnPlatform(server, store, host, bound)
    finally:
        await starts.close()
        await server.close()
        store.close()
