"""The simulated house behind the daemon's own loop, as fast as it can be computed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ohmstead.core.engine import Engine
from ohmstead.core.reason import Setpoint
from ohmstead.core.record import CycleRecord
from ohmstead.core.site import HeatPump, Load
from ohmstead.daemon.actuation import Actuators
from ohmstead.daemon.loop import ControlLoop, CycleListener
from ohmstead.daemon.sensing import Senses
from ohmstead.daemon.simulated.clock import SimulatedClock
from ohmstead.devices.adapter import Environment
from ohmstead.devices.base import Device, Meter
from ohmstead.devices.simulated import SimulatedOptions, open_simulated
from ohmstead.simulator.house import House
from ohmstead.simulator.scenario import DEMO_START, demo_house

AS_FAST_AS_POSSIBLE = 1e9
NOON = DEMO_START + timedelta(hours=6)


def devices_of(house: House, *, sg_ready: bool = False) -> list[Device]:
    """Every device of a house, through the adapter; the heat pump by its contacts where ``sg_ready``."""
    adapter = open_simulated(Environment(plant=house))
    return [
        adapter.device(a, SimulatedOptions(sg_ready=sg_ready and isinstance(a, HeatPump)))
        for a in house.site.assets
        if not isinstance(a, Load)
    ]


def meter_of(house: House) -> Meter:
    """The meter of a house, through the adapter."""
    return open_simulated(Environment(plant=house)).meter(SimulatedOptions())


def command_in_force(house: House, asset: str) -> float | None:
    """What a device was told last, W; ``None``: released or never told."""
    return command_in(house.snapshot(), asset)


def command_in(snapshot: dict[str, Any], asset: str) -> float | None:
    """The same in a stored house."""
    active, pending, due_s, _ = snapshot["devices"][asset]["latch"]
    told: float | None = active if due_s is None else pending
    return told


@dataclass
class Home:
    """A house and the loop that manages it."""

    house: House
    clock: SimulatedClock
    loop: ControlLoop

    @property
    def senses(self) -> Senses:
        return self.loop.senses

    async def cycles(self, duration: timedelta) -> list[CycleRecord]:
        """Let it run for a simulated time."""
        records = []
        end = self.clock.now() + duration
        while self.clock.now() < end:
            records.append(await self.loop.cycle())
            await self.clock.sleep_until(self.loop.engine.next_wakeup(self.clock.now()))
        return records


def home(
    *,
    start: datetime = NOON,
    meter: Callable[[Meter], Meter] = lambda meter: meter,
    devices: Callable[[list[Device]], Sequence[Device]] = lambda devices: devices,
    listeners: tuple[CycleListener, ...] = (),
    dry_run: bool = False,
) -> Home:
    """A managed demo house; ``meter`` and ``devices`` may put something in front of the real ones."""
    house = demo_house(start=start)
    clock = SimulatedClock(start, AS_FAST_AS_POSSIBLE, house.step)
    wired = devices(devices_of(house))
    loop = ControlLoop(
        engine=Engine(house.site),
        senses=Senses(meter(meter_of(house)), wired),
        actuators=Actuators(wired, dry_run=dry_run),
        clock=clock,
        listeners=listeners,
        outdoor_c=lambda _: house.read().outdoor_c,
    )
    return Home(house=house, clock=clock, loop=loop)


def setpoint(record: CycleRecord, asset: str) -> Setpoint | None:
    """What was decided for an asset."""
    return next((s for s in record.setpoints if s.asset == asset), None)
