"""The demo's charger: a real charge point process, a real central system, OCPP between them."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from ohmstead.core.site import ChargePoint
from ohmstead.core.state import ChargePointState
from ohmstead.daemon.simulated.clock import SimulatedClock
from ohmstead.daemon.simulated.demo_charger import DemoCharger, charger_over_ocpp
from ohmstead.daemon.simulated.wallbox_link import IDENTITY
from ohmstead.devices.base import Controllable
from ohmstead.errors import DeviceError
from ohmstead.ocpp.central.accounting import unknown_mix
from ohmstead.simulator.house import House
from ohmstead.simulator.scenario import demo_house

EVENING = datetime(2026, 4, 3, 20, 0, tzinfo=UTC)
"""The car is at home."""


class Bench:
    """A house with its charger on OCPP, and a clock as fast as the machine."""

    def __init__(self, house: House, charger: DemoCharger) -> None:
        self.house = house
        self.charger = charger
        self.clock = SimulatedClock(house.now, 1e6, house.step, charger.followers)

    async def minutes(self, count: float) -> None:
        """Let time pass."""
        async with asyncio.timeout(60):
            await self.clock.sleep_until(
                datetime.fromtimestamp(self.clock.now().timestamp() + 60 * count, UTC)
            )

    async def ask(self, power_w: float) -> None:
        """Command the charger until it takes the command, as the loop does."""
        assert isinstance(self.charger.device, Controllable)
        for _ in range(30):
            try:
                await self.charger.device.apply(power_w)
            except DeviceError:
                await self.minutes(0.5)
            else:
                return
        raise AssertionError(f"{power_w} W was never accepted")

    async def state(self) -> ChargePointState:
        """What the daemon sees."""
        state = await self.charger.device.update()
        assert isinstance(state, ChargePointState)
        return state


@asynccontextmanager
async def bench(folder: Path, house: House | None = None) -> AsyncIterator[Bench]:
    if house is None:
        house = demo_house(seed=1, start=EVENING)
        assert house.devices.charger.connected
    asset = next(asset for asset in house.site.assets if isinstance(asset, ChargePoint))
    async with charger_over_ocpp(house, asset, folder, mix=unknown_mix) as charger:
        yield Bench(house, charger)


async def test_a_setpoint_becomes_current_in_the_house_through_ocpp_and_zero_ends_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as house:
        assert (await house.state()).connected
        await house.ask(5520.0)  # 8 A on three phases
        await house.minutes(5)
        seen = await house.state()
        true_w = house.house.devices.charger.power_w
        assert 5300.0 < true_w < 5530.0
        assert abs(seen.power_w.or_(0.0) - true_w) < 60.0
        assert seen.charging
        assert seen.departure is not None
        await house.ask(0.0)
        await house.minutes(2)
        assert house.house.devices.charger.power_w < 10.0
        assert not (await house.state()).charging


async def test_after_a_kill_the_session_is_booked_once_and_charging_goes_on(tmp_path: Path) -> None:
    async with bench(tmp_path) as house:
        await house.ask(11040.0)
        await house.minutes(10)
        pid = house.charger.wallbox.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        await house.minutes(5)
        await house.ask(11040.0)
        await house.minutes(10)
        assert house.charger.wallbox.pid not in {pid, None}
        assert house.house.devices.charger.power_w > 9000.0
        charged_kwh = house.house.devices.charger.session_kwh
    async with bench(tmp_path) as again:
        sessions = again.charger.central.store.transactions(identity=IDENTITY)
        assert len(sessions) == 2
        assert min(sessions, key=lambda session: session.id).reason == "PowerLoss"
        assert sum(1 for session in sessions if session.open) <= 1
        booked_kwh = sum(session.energy_kwh for session in sessions)
        assert abs(booked_kwh - charged_kwh) < 0.1


async def test_a_session_goes_on_where_the_demo_was_stopped(tmp_path: Path) -> None:
    async with bench(tmp_path) as before:
        await before.ask(11040.0)
        await before.minutes(10)
        house = before.house
    async with bench(tmp_path, house) as after:
        await after.ask(11040.0)
        await after.minutes(10)
        assert house.devices.charger.power_w > 9000.0
        (session,) = after.charger.central.store.transactions(identity=IDENTITY)
        assert session.open
        assert abs(session.energy_kwh - house.devices.charger.session_kwh) < 0.1
