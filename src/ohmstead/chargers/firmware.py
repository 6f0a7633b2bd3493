"""Firmware campaigns: the central system asks one charger after the other, and some of the updates fail."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Final

import structlog

from ohmstead.chargers.scenario import UpdateSettings
from ohmstead.chargers.virtual_time import LoopClock
from ohmstead.errors import DeviceError, SourceError
from ohmstead.ocpp.central.system import CentralSystem

log = structlog.get_logger(__name__)

ASK_AGAIN_S: Final = 60.0


class SimulatedInstaller:
    """An :class:`~ohmstead.ocpp.charge_point.transfer.Installer` that takes its time and fails now and then.

    Args:
        rng: of durations and failures.
    """

    def __init__(self, settings: UpdateSettings, rng: random.Random) -> None:
        self._settings = settings
        self._rng = rng

    async def download(self, location: str) -> bytes:
        """Wait as long as it takes; nothing is fetched."""
        await asyncio.sleep(self._rng.uniform(*self._settings.download_s))
        if self._rng.random() < self._settings.download_fails:
            raise SourceError(f"{location}: the simulated download broke off")
        return location.encode()

    async def install(self, firmware: bytes) -> bool:
        """Wait as long as it takes."""
        del firmware
        await asyncio.sleep(self._rng.uniform(*self._settings.install_s))
        return self._rng.random() >= self._settings.install_fails


@asynccontextmanager
async def campaign(
    central: CentralSystem, chargers: Iterable[str], settings: UpdateSettings, clock: LoopClock, seed: int
) -> AsyncIterator[None]:
    """Ask each charger for the update at its own time, for as long as the context lasts."""

    async def ask(charger: str) -> None:
        await asyncio.sleep(random.Random(f"{seed}/{charger}/campaign").uniform(*settings.after_s))
        while True:
            try:
                await central.commands(charger).update_firmware(
                    settings.location, clock.now(), retries=settings.retries
                )
            except DeviceError as error:
                log.info("update_not_asked", charger=charger, error=str(error))
                await asyncio.sleep(ASK_AGAIN_S)
            else:
                return

    tasks = [asyncio.get_running_loop().create_task(ask(charger)) for charger in chargers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, Exception):
                raise outcome
