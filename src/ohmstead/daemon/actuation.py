"""Carry out setpoints; one device that refuses does not stop the others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import structlog

from ohmstead.core.reason import Setpoint
from ohmstead.core.site import AssetId
from ohmstead.devices.base import Controllable, Device, SgReadyControllable
from ohmstead.errors import DeviceError

log = structlog.get_logger(__name__)

APPLY_TIMEOUT_S = 10.0
LESS_FIRST_S = 2.0
"""So long devices that are to take more wait for those that are to take less."""
RELEASE_TIMEOUT_S = 3.0
"""Shorter: whoever asked the daemon to stop is waiting."""


class Actuators:
    """The devices of a home that obey."""

    def __init__(self, devices: Iterable[Device], *, dry_run: bool = False) -> None:
        self._devices: Mapping[AssetId, Controllable] = {
            d.id: d for d in devices if isinstance(d, Controllable)
        }
        self._dry_run = dry_run
        self._told_w: dict[AssetId, float] = {}
        self._newest: dict[AssetId, Setpoint] = {}
        self._turns: dict[AssetId, asyncio.Lock] = {a: asyncio.Lock() for a in self._devices}
        self.failing: dict[AssetId, str] = {}
        """Devices that did not take their last command, with the reason in words."""

    async def apply(self, setpoints: Iterable[Setpoint]) -> list[AssetId]:
        """Send what is to be sent; the ids of the devices that did not take it.

        Those that are to take less come first, so that no two devices are on meanwhile that must not be
        on together. One that is slow to answer holds the others up for a moment only. A device is told
        one thing at a time, and what was overtaken by a newer setpoint is not told any more.
        """
        wanted = [s for s in setpoints if s.send and s.asset in self._devices]
        if self._dry_run:
            for setpoint in wanted:
                log.info("dry_run", asset=setpoint.asset, power_w=round(setpoint.power_w))
            return []
        self._newest |= {s.asset: s for s in wanted}
        less = [s for s in wanted if s.power_w <= self._told_w.get(s.asset, 0.0)]
        more = [s for s in wanted if s.power_w > self._told_w.get(s.asset, 0.0)]
        async with asyncio.TaskGroup() as group:
            sent = {s.asset: group.create_task(self._apply(s)) for s in less}
            if sent and more:
                await asyncio.wait(sent.values(), timeout=LESS_FIRST_S)
            sent |= {s.asset: group.create_task(self._apply(s)) for s in more}
        self._told_w |= {s.asset: s.power_w for s in wanted if self._newest[s.asset] is s}
        return [s.asset for s in wanted if not sent[s.asset].result()]

    async def release(self) -> None:
        """Leave every device in its own safe state, each on its own."""
        if self._dry_run:
            return
        await asyncio.gather(*(self._release(a, d) for a, d in self._devices.items()))

    async def _apply(self, setpoint: Setpoint) -> bool:
        async with self._turns[setpoint.asset]:
            if self._newest[setpoint.asset] is not setpoint:
                return True
            return await self._tell(setpoint)

    async def _tell(self, setpoint: Setpoint) -> bool:
        try:
            async with asyncio.timeout(APPLY_TIMEOUT_S):
                device = self._devices[setpoint.asset]
                if setpoint.sg_ready is not None and isinstance(device, SgReadyControllable):
                    await device.ask_for(setpoint.sg_ready)
                else:
                    await device.apply(setpoint.told_w)
        except (DeviceError, OSError) as error:
            words = str(error) or f"no answer within {APPLY_TIMEOUT_S:.0f} s"
            if self.failing.get(setpoint.asset) != words:
                log.warning("command_failed", device=setpoint.asset, error=words)
            self.failing[setpoint.asset] = words
            return False
        if self.failing.pop(setpoint.asset, None) is not None:
            log.info("command_taken_again", device=setpoint.asset)
        return True

    async def _release(self, asset: AssetId, device: Controllable) -> None:
        try:
            async with asyncio.timeout(RELEASE_TIMEOUT_S):
                await device.release()
        except (DeviceError, OSError) as error:
            words = str(error) or f"no answer within {RELEASE_TIMEOUT_S:.0f} s"
            log.error("release_failed", device=asset, error=words)  # noqa: TRY400 - expected
