"""The demo's wallbox: a charge point in a process of its own, which speaks OCPP like any other.

``python -m ohmstead.daemon.simulated.wallbox URL IDENTITY DATABASE``. Its hardware, cable, contactor and
meter, is the simulated house's: a line on standard input says what the cable carries now, the answer on
standard output what the wallbox offers. Time passes only with these lines. The line ``off`` switches it off;
then a session goes on after the next start. Without it, the end of its input is a power cut.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from ohmstead.ocpp.charge_point.charge_point import ChargePoint
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.charge_point.store import Store
from ohmstead.ocpp.clock import RealClock, VirtualClock
from ohmstead.ocpp.smart_charging import Supply

CONNECTOR = 1
OFF = b"off\n"
DELIVERY_S = 0.25
POLL_S = 0.0005


class Cable(msgspec.Struct, frozen=True, kw_only=True):
    """What the hardware tells.

    Attributes:
        at: the time of day, aware UTC.
        soc: of the vehicle, 0 to 1.
        currents_a: into the vehicle, per phase.
    """

    at: datetime
    connected: bool
    soc: float
    currents_a: tuple[float, ...]


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What the wallbox signals on the control pilot: A per phase, 0 or at least 6 (IEC 61851-1)."""

    current_a: float


class Hardware(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: how the wallbox is built."""

    at: datetime
    max_a: float
    phases: int


@dataclass(slots=True)
class CableVehicle:
    """The vehicle as the cable shows it; a :class:`~ohmstead.ocpp.charge_point.vehicle.Vehicle`."""

    soc: float | None = None
    currents_a: tuple[float, ...] = ()

    def take(self, offered_a: float, phases: int, voltage_v: float, dt_s: float) -> tuple[float, ...]:  # noqa: ARG002
        """The house decides what flows; the wallbox measures it."""
        return self.currents_a[:phases]


class Wallbox:
    """A charge point on simulated hardware."""

    def __init__(self, url: str, identity: str, database: Path, hardware: Hardware) -> None:
        self._clock = VirtualClock(hardware.at)
        self._store = Store(database)
        self._vehicle = CableVehicle()
        self._connected: bool | None = None
        self._point = ChargePoint(
            ChargePointSettings(
                url=url,
                identity=identity,
                model="Demo Wallbox",
                connectors={CONNECTOR: Supply(max_a=hardware.max_a, phases=hardware.phases)},
                configuration={"ConnectionTimeOut": "0", "MeterValueSampleInterval": "10"},
                keeps_transactions=True,
            ),
            store=self._store,
            clock=self._clock,
            network_clock=RealClock(),
        )

    async def start(self) -> None:
        """Connect."""
        await self._point.start()

    async def stop(self) -> None:
        """Disconnect, and close the queue."""
        await self._point.stop()
        self._store.close()

    async def carry(self, cable: Cable) -> Offer:
        """Let the time pass to a line's; what the cable carried meanwhile was measured."""
        await self._clock.advance(max(0.0, (cable.at - self._clock.now()).total_seconds()))
        self._vehicle.soc, self._vehicle.currents_a = cable.soc, cable.currents_a
        if cable.connected != self._connected:
            self._connected = cable.connected
            if cable.connected:
                self._point.plug_in(CONNECTOR, self._vehicle)
            else:
                self._point.unplug(CONNECTOR)
        await self._delivered()
        outlet = self._point.charging.outlets[CONNECTOR]
        offers = outlet.is_delivering and outlet.offers_enough
        return Offer(current_a=outlet.offered.current_a if offers else 0.0)

    async def _delivered(self) -> None:
        """Let no time pass in the house while a message is on its way, unless the other end is slow."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DELIVERY_S):
                while self._point.is_online and not self._point.sender.is_idle:  # noqa: ASYNC110 - a poll of µs
                    await asyncio.sleep(POLL_S)


async def _lines() -> AsyncIterator[bytes]:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    try:
        while line := await reader.readline():
            yield line
    finally:
        transport.close()


async def main(url: str, identity: str, database: Path) -> None:
    """Serve one line after the other."""
    wallbox: Wallbox | None = None
    async for line in _lines():
        if line == OFF:
            if wallbox is not None:
                await wallbox.stop()
            return
        if wallbox is None:
            hardware = msgspec.json.decode(line, type=Hardware)
            wallbox = Wallbox(url, identity, database, hardware)
            await wallbox.start()
            continue
        offer = await wallbox.carry(msgspec.json.decode(line, type=Cable))
        sys.stdout.buffer.write(msgspec.json.encode(offer) + b"\n")
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
