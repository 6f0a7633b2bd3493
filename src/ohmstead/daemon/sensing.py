"""Read every device once per cycle; one that fails does not stop the others."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from ohmstead.core.site import AssetId
from ohmstead.core.state import MISSING, AssetState, GridState, Quality, Reading, SiteState
from ohmstead.devices.base import Device, Meter
from ohmstead.errors import DeviceError

log = structlog.get_logger(__name__)

READ_TIMEOUT_S = 5.0


class Senses:
    """Meter and devices of a home, read together into one process image."""

    def __init__(self, meter: Meter, devices: Sequence[Device]) -> None:
        self.meter = meter
        self._devices = devices
        self._grid = GridState()
        self._last: dict[AssetId, AssetState] = {}
        self.failing: dict[str, str] = {}
        """What is out of order now, by asset (``meter`` for the meter), with the reason in words."""

    async def image(self, now: datetime, outdoor_c: Reading = MISSING, *, limited: bool = False) -> SiteState:
        """One process image. Devices that did not answer are in it as offline."""
        _, assets = await asyncio.gather(self.grid(), self._read_assets())
        # While a device was slow to answer, the meter may have been read again.
        grid = self._grid
        return SiteState(at=now, grid=grid, assets=assets, outdoor_c=outdoor_c, operator_limited=limited)

    async def _read_assets(self) -> dict[AssetId, AssetState]:
        states = await asyncio.gather(*(self._read(device) for device in self._devices))
        return {state.id: state for state in states if state is not None}

    async def grid(self) -> GridState:
        """The meter alone; its last reading as a stale one where it does not answer."""
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                self._grid = await self.meter.update()
        except (DeviceError, OSError) as error:
            self._failed("meter", error)
            last = self._grid.power_w
            self._grid = replace(self._grid, power_w=replace(last, quality=Quality.STALE))
        else:
            self._judge("meter", self._grid.power_w)
        return self._grid

    async def _read(self, device: Device) -> AssetState | None:
        try:
            async with asyncio.timeout(READ_TIMEOUT_S):
                state = await device.update()
        except (DeviceError, OSError) as error:
            self._failed(device.id, error)
            last = self._last.get(device.id)
            if last is None:
                return None
            return replace(last, online=False, power_w=MISSING, phases_w=None, fault=str(error))
        self._judge(device.id, state.power_w)
        self._last[device.id] = state
        return state

    def _judge(self, name: str, power_w: Reading) -> None:
        """It answered; what it said may still be unusable. A device without a meter of its own is fine."""
        if power_w.quality in (Quality.STALE, Quality.INVALID):
            self._note(name, f"its power reading is {power_w.quality.value}")
        else:
            self._recovered(name)

    def _failed(self, name: str, error: Exception) -> None:
        self._note(name, str(error) or f"no answer within {READ_TIMEOUT_S:.0f} s")

    def _note(self, name: str, words: str) -> None:
        if self.failing.get(name) != words:
            log.warning("device_failed", device=name, error=words)
        self.failing[name] = words

    def _recovered(self, name: str) -> None:
        if self.failing.pop(name, None) is not None:
            log.info("device_recovered", device=name)
