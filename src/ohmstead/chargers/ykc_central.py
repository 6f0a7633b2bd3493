"""A YunKuaiChong platform in the fleet's own process, for virtual time: it lets every card charge."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import structlog

from ohmstead.chargers.virtual_time import LoopClock
from ohmstead.errors import DeviceError
from ohmstead.ykc.billing import flat_tariff
from ohmstead.ykc.codes import GunStatus
from ohmstead.ykc.messages.orders import NO_CARD, ParallelStartRequest, StartRequest
from ohmstead.ykc.platform.events import Measured, PlatformEvent
from ohmstead.ykc.platform.records import IN_MEMORY, BillStore
from ohmstead.ykc.platform.server import PlatformServer
from ohmstead.ykc.platform.session import PileEntry
from ohmstead.ykc.quirks import Quirks

log = structlog.get_logger(__name__)

PRICE_PER_KWH: Final = 1.2
BALANCE_YUAN: Final = 10_000.0


class OwnPlatform:
    """A platform that starts what is plugged in, where ``remote_start`` is set, and allows every card."""

    def __init__(self, server: PlatformServer, bills: BillStore, port: int) -> None:
        self.server = server
        self.bills = bills
        self.port = port

    @property
    def url(self) -> str:
        """What piles are pointed at."""
        return f"tcp://127.0.0.1:{self.port}"


@asynccontextmanager
async def own_platform(
    piles: Iterable[str], clock: LoopClock, *, remote_start: bool = False, bills: Path | None = None
) -> AsyncIterator[OwnPlatform]:
    """Listen on the loopback for these piles."""
    entry = PileEntry(quirks=Quirks(), tariff=flat_tariff("0001", PRICE_PER_KWH))
    tasks: set[asyncio.Task[None]] = set()
    started: set[tuple[str, str]] = set()

    def allow(request: StartRequest | ParallelStartRequest) -> tuple[str, float] | int:
        del request
        return NO_CARD, BALANCE_YUAN

    def heard(pile: str, event: PlatformEvent) -> None:
        if not remote_start or not isinstance(event, Measured):
            return
        gun = event.realtime.gun
        if not event.realtime.plugged:
            started.discard((pile, gun))
        elif event.realtime.status == GunStatus.IDLE and (pile, gun) not in started:
            started.add((pile, gun))
            task = asyncio.get_running_loop().create_task(start(pile, gun))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

    async def start(pile: str, gun: str) -> None:
        try:
            await server.start(pile, gun, balance_yuan=BALANCE_YUAN)
        except DeviceError as error:
            started.discard((pile, gun))
            log.info("start_failed", pile=pile, gun=gun, error=str(error))

    store = BillStore(bills or IN_MEMORY)
    server = PlatformServer(dict.fromkeys(piles, entry), store, start_asked=allow, heard=heard, clock=clock)
    try:
        yield OwnPlatform(server, store, await server.listen("127.0.0.1", 0))
    finally:
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.close()
        store.close()
