"""The charging modes while a plan is followed: made by the real planner, for what it could know."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.core.plan import Plan
from ohmstead.core.reason import Rule
from ohmstead.daemon.planning_host import PlanningHost
from ohmstead.daemon.simulated.outlook import PerfectOutlook
from ohmstead.daemon.simulated.tariffs import FORMULAS, known_tariff
from ohmstead.planning.planner import make_plan
from ohmstead.planning.request import PlannerSettings, PlanRequest
from tests.acceptance.living import Life, house_at, lived_in, powers

EVENING = datetime(2026, 2, 10, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
DYNAMIC = FORMULAS["dynamic"]


class InThread:
    """Plans in a thread of this process: a process of its own would only take longer to start."""

    async def plan(self, request: PlanRequest) -> Plan:
        return await asyncio.to_thread(make_plan, request)


async def live(life: Life, duration: timedelta, *, every_s: float = 60.0) -> float:
    """Let time pass under a plan; what the car bought beyond the sun, kWh."""
    settings = PlannerSettings()
    host = PlanningHost(life.engine, InThread(), PerfectOutlook(life.house, DYNAMIC, settings))
    bought_kwh = 0.0
    end = life.clock.now() + duration
    while life.clock.now() < end:
        life.engine.set_tariff(known_tariff(DYNAMIC, life.clock.now()))
        (record,) = await life.run(timedelta(seconds=every_s), every_s=every_s)
        host.cycle(record)
        async with asyncio.timeout(60.0):
            await host.idle()
        car_w, grid_w = powers([record], "charger")[0], record.state.grid.power_w.or_(0.0)
        bought_kwh += max(0.0, min(car_w, grid_w)) * every_s / 3.6e6
    assert host.status == "ok"
    return bought_kwh


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["EcoWithTargetTime", "EcoMinWithTargetTime"])
async def test_a_deadline_is_met_by_the_plan(tmp_path: Path, mode: str) -> None:
    async with lived_in(house_at(EVENING, car_soc=0.25), tmp_path) as life:
        await life.charge(mode, endDateTime=int((EVENING + 10 * HOUR).timestamp()))
        await live(life, 10 * HOUR)
        assert round(life.car_soc, 2) >= 0.8
        if mode == "EcoMinWithTargetTime":
            told = [s for r in life.records for s in r.setpoints if s.asset == "charger"]
            below = [s for s in told if s.power_w < 4139.0]
            # Only a limit may take the minimum away: an oven and the car together are too much for a fuse.
            assert all(s.reason.limit is not None for s in below)
            assert len(below) < 0.05 * len(told)


@pytest.mark.slow
async def test_eco_buys_nothing_at_night_whatever_the_plan_would_like(tmp_path: Path) -> None:
    async with lived_in(house_at(EVENING, car_soc=0.4), tmp_path) as life:
        await life.charge("Eco")
        assert await live(life, 10 * HOUR) < 0.2
        assert life.car_soc == pytest.approx(0.4, abs=0.01)


@pytest.mark.slow
async def test_normal_charges_at_once_although_the_plan_would_wait(tmp_path: Path) -> None:
    async with lived_in(house_at(EVENING, car_soc=0.4), tmp_path) as life:
        await life.charge("Normal")
        await live(life, HOUR)
        rules = {s.reason.rule for r in life.records for s in r.setpoints if s.asset == "charger"}
        assert rules == {Rule.CHARGE_NOW}
        assert life.car_soc > 0.53
