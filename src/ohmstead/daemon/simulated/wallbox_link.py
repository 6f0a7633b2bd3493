"""The simulated house's end of the cable to the wallbox process, and the device as the daemon knows it."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import msgspec
import structlog

from ohmstead.core.site import AssetId, ChargePoint
from ohmstead.core.state import AssetState, ChargePointState
from ohmstead.core.units import NOMINAL_VOLTAGE_V
from ohmstead.daemon.simulated.wallbox import OFF, Cable, Hardware, Offer
from ohmstead.devices.base import Device
from ohmstead.devices.ocpp import OcppChargePoint
from ohmstead.errors import DeviceOffline
from ohmstead.simulator.house import House
from ohmstead.simulator.house_devices import CHARGER

log = structlog.get_logger(__name__)

IDENTITY = "wallbox"
PATIENCE_S = 10.0
"""Real seconds for one line; a wallbox that takes longer is started again."""
CLOSE_S = 3.0


class WallboxLink:
    """Runs the wallbox process and lets it and the house move together.

    Where the process ends it is started again; until it answers, the house's charger offers nothing, as a
    wallbox without its firmware does.
    """

    def __init__(self, house: House, url: str, database: Path) -> None:
        self._house = house
        self._command = (sys.executable, "-m", "ohmstead.daemon.simulated.wallbox", url, IDENTITY)
        self._database = database
        self._process: asyncio.subprocess.Process | None = None
        self._offered_w: float | None = None

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return None if self._process is None else self._process.pid

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[WallboxLink]:
        """The link, with a process that ends with it."""
        try:
            yield self
        finally:
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.write(OFF)
            await self._end()

    async def passed(self, _seconds: float) -> None:
        """Time has passed in the house: tell the wallbox what its cable carried, and take its offer."""
        try:
            if self._process is None:
                await self._start()
            offer = await self._exchange()
        except (OSError, EOFError, TimeoutError, msgspec.DecodeError) as error:
            log.warning("wallbox_lost", error=repr(error))
            await self._end()
            offer = Offer(current_a=0.0)
        power_w = offer.current_a * NOMINAL_VOLTAGE_V * self._house.devices.charger.charger.phases
        if power_w != self._offered_w:
            self._offered_w = power_w
            with contextlib.suppress(DeviceOffline):  # a fault of the simulated charger: it keeps its offer
                self._house.command(CHARGER, power_w)

    async def _start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self._command,
            str(self._database),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is the daemon's: it releases the charger before it ends this
        )
        spec = self._house.devices.charger.charger
        self._tell(Hardware(at=self._house.now, max_a=spec.max_a, phases=spec.phases))

    async def _exchange(self) -> Offer:
        charger = self._house.devices.charger
        phases = charger.charger.phases
        current_a = (charger.power_w - charger.charger.standby_w) / (NOMINAL_VOLTAGE_V * phases)
        self._tell(
            Cable(
                at=self._house.now,
                connected=charger.connected,
                soc=charger.soc,
                currents_a=(max(0.0, current_a),) * phases,
            )
        )
        process = self._process
        if process is None or process.stdout is None:
            raise EOFError("the wallbox is not running")
        async with asyncio.timeout(PATIENCE_S):
            line = await process.stdout.readline()
        if not line:
            raise EOFError("the wallbox ended")
        return msgspec.json.decode(line, type=Offer)

    def _tell(self, line: msgspec.Struct) -> None:
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(msgspec.json.encode(line) + b"\n")

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            async with asyncio.timeout(CLOSE_S):
                await process.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


class WallboxDevice:
    """The OCPP charger, with what its people told about their next trip; ``Controllable``.

    OCPP 1.6 knows no departures: they come from the household's calendar.
    """

    def __init__(self, asset: ChargePoint, charger: OcppChargePoint, house: House) -> None:
        self._asset = asset
        self._charger = charger
        self._house = house

    @property
    def id(self) -> AssetId:
        """See :attr:`ohmstead.devices.base.Device.id`."""
        return self._asset.id

    async def update(self) -> AssetState:
        """See :meth:`ohmstead.devices.base.Device.update`."""
        state = await self._charger.update()
        told = self._house.read_asset(CHARGER)
        if not isinstance(state, ChargePointState) or not isinstance(told, ChargePointState):
            return state
        if not state.connected:
            return state
        return replace(
            state,
            soc=told.soc if state.soc.value is None else state.soc,
            departure=told.departure,
            target_soc=told.target_soc,
        )

    async def apply(self, power_w: float) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.apply`."""
        await self._charger.apply(power_w)

    async def release(self) -> None:
        """See :meth:`ohmstead.devices.base.Controllable.release`."""
        await self._charger.release()


def as_device(asset: ChargePoint, charger: Device, house: House) -> WallboxDevice:
    """The demo's charger out of the OCPP adapter's.

    Raises:
        TypeError: it is another adapter's.
    """
    if not isinstance(charger, OcppChargePoint):
        raise TypeError(f"{asset.id}: {type(charger).__name__}, expected OcppChargePoint")
    return WallboxDevice(asset, charger, house)
