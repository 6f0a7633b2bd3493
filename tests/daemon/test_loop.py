"""The loop around the twin: what fails stays alone, and stopping never hangs."""

from __future__ import annotations

import asyncio
import math
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest

from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Limit
from ohmstead.core.state import AssetState, GridState, Quality
from ohmstead.core.tariff import Tariff
from ohmstead.daemon import sensing
from ohmstead.daemon.simulated.clock import SimulatedClock
from ohmstead.devices.base import Controllable, Device, Meter
from ohmstead.simulator.faults import METER, FaultKind
from tests.daemon.homes import command_in_force, home, setpoint

MINUTE = timedelta(minutes=1)
DEADLINE_S = 30.0
"""Far above what anything here takes: reaching it means that something hangs."""


@dataclass
class NanMeter:
    """A meter that says NaN while it is told to."""

    real: Meter
    broken: bool = False

    async def update(self) -> GridState:
        state = await self.real.update()
        if not self.broken:
            return state
        return replace(state, power_w=replace(state.power_w, value=math.nan), phases_w=None)


@dataclass
class Stamped:
    """A meter whose clock was set together with that of the daemon."""

    real: Meter
    ahead: timedelta = timedelta(0)

    async def update(self) -> GridState:
        state = await self.real.update()
        at = state.power_w.at
        return replace(state, power_w=replace(state.power_w, at=None if at is None else at + self.ahead))


@dataclass
class Hanging:
    """A device that never answers while it hangs, and notes what it is told."""

    real: Device
    hangs: bool = True
    released: bool = field(default=False, init=False)

    @property
    def id(self) -> str:
        return self.real.id

    async def update(self) -> AssetState:
        if self.hangs:
            await asyncio.Event().wait()
        return await self.real.update()

    async def apply(self, power_w: float) -> None:
        assert isinstance(self.real, Controllable)
        await self.real.apply(power_w)

    async def release(self) -> None:
        self.released = True


async def test_a_device_that_is_offline_leaves_the_others_controlled_and_comes_back() -> None:
    it = home()
    await it.cycles(2 * MINUTE)
    it.house.faults.inject(FaultKind.OFFLINE, "tank")
    records = await it.cycles(3 * MINUTE)
    assert it.senses.failing == {"tank": "tank does not answer"}
    assert all(setpoint(r, "tank") is None for r in records[1:])
    assert any(s.send for r in records for s in r.setpoints if s.asset == "battery")
    assert command_in_force(it.house, "battery") is not None
    it.house.faults.clear("tank")
    records = await it.cycles(2 * MINUTE)
    assert it.senses.failing == {}
    assert setpoint(records[-1], "tank") is not None


async def test_a_silent_meter_puts_the_car_to_its_minimum_and_the_battery_to_rest() -> None:
    it = home(start=datetime.fromisoformat("2026-04-13T02:00:00+00:00"))
    it.loop.engine.command(ManualCommand(asset="charger", power_w=11000.0))
    it.loop.engine.command(ManualCommand(asset="battery", power_w=2000.0))
    await it.cycles(3 * MINUTE)
    assert it.house.true_powers_w()["charger"] > 10_000.0
    assert it.house.true_powers_w()["battery"] > 1_900.0
    it.house.faults.inject(FaultKind.METER_GAP, METER)
    records = await it.cycles(3 * MINUTE)
    car, battery = setpoint(records[-1], "charger"), setpoint(records[-1], "battery")
    assert car is not None
    assert battery is not None
    assert car.power_w == pytest.approx(4140.0)
    assert car.reason.limit is Limit.STALE_METER
    assert (battery.power_w, battery.reason.limit) == (0.0, Limit.STALE_METER)
    assert it.senses.failing == {"meter": "its power reading is stale"}
    assert abs(it.house.true_powers_w()["battery"]) < 50.0
    assert 3_500.0 < it.house.true_powers_w()["charger"] < 4_500.0
    it.house.faults.clear()
    await it.cycles(3 * MINUTE)
    assert it.senses.failing == {}
    assert it.house.true_powers_w()["charger"] > 10_000.0


async def test_a_meter_that_says_nan_is_as_good_as_silent() -> None:
    meters: list[NanMeter] = []

    def put_in_front(meter: Meter) -> Meter:
        meters.append(NanMeter(meter))
        return meters[0]

    it = home(meter=put_in_front)
    await it.cycles(MINUTE)
    meters[0].broken = True
    records = await it.cycles(2 * MINUTE)
    assert records[-1].state.grid.power_w.quality is Quality.INVALID
    assert it.senses.failing == {"meter": "its power reading is invalid"}
    battery = setpoint(records[-1], "battery")
    assert battery is not None
    assert (battery.power_w, battery.reason.limit) == (0.0, Limit.STALE_METER)
    assert all(math.isfinite(s.power_w) for r in records for s in r.setpoints)
    meters[0].broken = False
    records = await it.cycles(2 * MINUTE)
    battery = setpoint(records[-1], "battery")
    assert battery is not None
    assert battery.reason.limit is not Limit.STALE_METER


async def test_a_device_that_hangs_does_not_hold_up_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sensing, "READ_TIMEOUT_S", 0.01)
    it = home(devices=lambda found: [Hanging(d) if d.id == "tank" else d for d in found])
    records = await it.cycles(2 * MINUTE)
    assert it.senses.failing == {"tank": "no answer within 0 s"}
    assert "tank" not in records[-1].state.assets
    assert command_in_force(it.house, "battery") is not None


async def test_stopping_does_not_wait_for_a_device_that_hangs() -> None:
    hanging: list[Hanging] = []

    def one_hangs(found: list[Device]) -> list[Device]:
        hanging.extend(Hanging(d, hangs=False) for d in found if d.id == "tank")
        return [*hanging, *(d for d in found if d.id != "tank")]

    it = home(devices=one_hangs)
    await it.cycles(MINUTE)
    assert command_in_force(it.house, "battery") is not None
    hanging[0].hangs = True
    stop = asyncio.Event()
    running = asyncio.create_task(it.loop.run(stop))
    await asyncio.sleep(0.05)
    stop.set()
    async with asyncio.timeout(sensing.READ_TIMEOUT_S - 1.0):
        await running
    assert hanging[0].released
    assert command_in_force(it.house, "battery") is None


async def test_stopping_releases_every_device() -> None:
    it = home()
    stop = asyncio.Event()
    running = asyncio.create_task(it.loop.run(stop))
    async with asyncio.timeout(DEADLINE_S):
        while it.loop.cycles < 10:  # noqa: ASYNC110 - the loop tells nobody of its cycles
            await asyncio.sleep(0.01)
        told = [a for a in ("battery", "charger", "tank", "heat_pump") if command_in_force(it.house, a)]
        stop.set()
        await running
    assert told
    assert [command_in_force(it.house, a) for a in ("battery", "charger", "tank", "heat_pump")] == [None] * 4


async def test_an_empty_price_list_is_no_price() -> None:
    it = home()
    it.loop.engine.set_tariff(Tariff(name="empty", slots=()))
    records = await it.cycles(5 * MINUTE)
    assert {r.prices for r in records} == {()}
    assert command_in_force(it.house, "battery") is not None


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=3)])
async def test_a_clock_that_jumps_does_not_stop_control(jump: timedelta) -> None:
    meters: list[Stamped] = []

    def put_in_front(meter: Meter) -> Meter:
        meters.append(Stamped(meter))
        return meters[0]

    it = home(meter=put_in_front)
    await it.cycles(2 * MINUTE)
    jumped = it.clock.now() + jump
    meters[0].ahead = jump
    it.clock = it.loop.clock = SimulatedClock(jumped, it.clock.speed, it.house.step)
    records = await it.cycles(5 * MINUTE)
    assert records[0].at == jumped
    memory = it.loop.engine.memory
    assert all(m.commanded_at is None or m.commanded_at <= records[-1].at for m in memory.assets.values())
    battery = setpoint(records[-1], "battery")
    assert battery is not None
    assert battery.reason.limit is not Limit.STALE_METER
    assert any(s.send for r in records for s in r.setpoints if s.asset == "battery")
