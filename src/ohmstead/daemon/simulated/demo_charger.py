"""The demo's charger: a charge point process, and the central system that it connects to."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from ohmstead.core.site import ChargePoint
from ohmstead.daemon.simulated.wallbox_link import IDENTITY, WallboxLink, as_device
from ohmstead.devices.adapter import Environment
from ohmstead.devices.base import Device
from ohmstead.devices.ocpp import OcppOptions, open_ocpp
from ohmstead.ocpp.central.accounting import MixAt
from ohmstead.ocpp.central.settings import CentralSettings, UnknownChargers
from ohmstead.ocpp.central.store import Store
from ohmstead.ocpp.central.system import CentralSystem
from ohmstead.ocpp.clock import RealClock, VirtualClock
from ohmstead.simulator.house import House

START_S = 10.0
POLL_S = 0.02
CENTRAL_DATABASE = "ocpp.db"
WALLBOX_DATABASE = "wallbox.db"


@dataclass(frozen=True, kw_only=True, slots=True)
class DemoCharger:
    """What the demo needs of it.

    ``followers`` let the time of the house pass for both ends; see
    :class:`~ohmstead.daemon.simulated.clock.SimulatedClock`.
    """

    device: Device
    central: CentralSystem
    wallbox: WallboxLink
    followers: tuple[Callable[[float], Awaitable[None]], ...]


@contextlib.asynccontextmanager
async def charger_over_ocpp(
    house: House, asset: ChargePoint, folder: Path, *, mix: MixAt
) -> AsyncIterator[DemoCharger]:
    """Run both ends; their databases are in ``folder``.

    Raises:
        DataError: a database there is not ours.
    """
    clock = VirtualClock(house.now)
    settings = CentralSettings(port=0, unknown_chargers=UnknownChargers.REFUSE)
    with contextlib.closing(Store.open(folder / CENTRAL_DATABASE)) as store:
        async with CentralSystem(settings, store, clock=clock, network_clock=RealClock(), mix=mix) as central:
            adapter = open_ocpp(Environment(ocpp=central))
            device = adapter.device(asset, OcppOptions(charger=IDENTITY, remote_start=True))
            link = WallboxLink(house, central.url, folder / WALLBOX_DATABASE)
            async with link.running():
                try:
                    await _plugged_together(link, central)
                    yield DemoCharger(
                        device=as_device(asset, device, house),
                        central=central,
                        wallbox=link,
                        followers=(link.passed, clock.advance),
                    )
                finally:
                    await adapter.close()


async def _plugged_together(link: WallboxLink, central: CentralSystem) -> None:
    """Wait, in real time, until the wallbox has told its status; the demo goes on without it, too."""
    began = central.now()

    def known() -> bool:
        charger = central.chargers.get(IDENTITY)
        if charger is None or not central.connected(IDENTITY):
            return False
        told_at = charger.connector(1).status_at
        return told_at is not None and told_at >= began

    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(START_S):
            while not known():
                await link.passed(0.0)
                await asyncio.sleep(POLL_S)
