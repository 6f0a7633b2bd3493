"""The schedule that a client is shown is what is run, except where a recorded reason says why."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.core.reason import Rule
from ohmstead.core.record import CycleRecord
from ohmstead.daemon.planning_host import PlanningHost
from ohmstead.daemon.simulated.outlook import PerfectOutlook
from ohmstead.daemon.simulated.tariffs import FORMULAS, known_tariff
from ohmstead.planning.request import PlannerSettings
from tests.acceptance.living import CHARGER, Life, house_at, lived_in, powers
from tests.acceptance.test_modes_with_a_plan import InThread

EVENING = datetime(2026, 4, 13, 18, tzinfo=UTC)
HOUR = timedelta(hours=1)
STEP_S = 30.0
DYNAMIC = FORMULAS["dynamic"]
VOLTAGE_V = 230.0
OTHERWISE = frozenset({Rule.SURPLUS, Rule.DEADLINE, Rule.VEHICLE_MIN_SOC, Rule.MANUAL})
"""Rules that go beyond a plan, and say so: other sun than expected, a deadline that has become binding."""
RAMP_W = 500.0
"""What the car still takes, or does not take yet, where a slot begins."""


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """A quarter of an hour: what was shown for it at its start, what was run, and why."""

    at: datetime
    shown_w: float
    run_w: float
    records: list[CycleRecord]

    @property
    def agrees(self) -> bool:
        return abs(self.shown_w - self.run_w) <= 0.12 * self.shown_w + RAMP_W

    @property
    def explained(self) -> bool:
        """Another rule than the plan's, or a limit, is in the record of a cycle."""
        setpoints = [s for r in self.records for s in r.setpoints if s.asset == "charger"]
        return any(s.reason.rule in OTHERWISE or s.reason.limit is not None for s in setpoints)


class Planned:
    """A life under the real planner."""

    def __init__(self, life: Life) -> None:
        self.life = life
        outlook = PerfectOutlook(life.house, DYNAMIC, PlannerSettings())
        self._host = PlanningHost(life.engine, InThread(), outlook)

    async def cycle(self) -> CycleRecord:
        self.life.engine.set_tariff(known_tariff(DYNAMIC, self.life.clock.now()))
        (record,) = await self.life.run(timedelta(seconds=STEP_S), every_s=STEP_S)
        self._host.cycle(record)
        async with asyncio.timeout(60.0):
            await self._host.idle()
        return record

    async def quarter(self) -> Quarter:
        """Live until the next full quarter; the schedule is looked at once its plan is made."""
        records = [await self.cycle() for _ in range(2)]
        begin = self.life.clock.now()
        shown_w = await self._shown_w(begin)
        while (self.life.clock.now() - EVENING) % timedelta(minutes=15):
            records.append(await self.cycle())
        run = powers(records, "charger")
        return Quarter(at=begin, shown_w=shown_w, run_w=sum(run) / len(run), records=records)

    async def _shown_w(self, now: datetime) -> float:
        asked = {"evChargerId": CHARGER}
        found = await self.life.client.call("EnergyPlugin.GetChargingSchedules", asked)
        shown_w: float = sum(
            s["action"]["maxChargingCurrent"] * s["action"]["desiredPhaseCount"] * VOLTAGE_V
            for s in found["chargingSchedules"]
            if s["startDateTime"] <= now.timestamp() < s["endDateTime"]
        )
        return shown_w


@pytest.mark.slow
async def test_a_night_and_a_day_run_as_they_were_shown(tmp_path: Path) -> None:
    async with lived_in(house_at(EVENING, car_soc=0.25), tmp_path) as life:
        await life.charge("EcoWithTargetTime", endDateTime=int((EVENING + 20 * HOUR).timestamp()))
        planned = Planned(life)
        quarters = [await planned.quarter() for _ in range(21 * 4)]
        assert [q.at for q in quarters if not q.agrees and not q.explained] == []
        charging = [q for q in quarters if q.shown_w > 0.0]
        assert len(charging) >= 12
        assert sum(q.agrees for q in charging) >= 0.85 * len(charging)
        assert sum(q.agrees for q in quarters) >= 0.85 * len(quarters)
        assert life.car_soc >= 0.795


async def test_charging_at_once_is_shown_and_run(tmp_path: Path) -> None:
    async with lived_in(house_at(EVENING, car_soc=0.7), tmp_path) as life:
        await life.charge("Normal")
        await life.run(timedelta(minutes=5))
        asked = {"evChargerId": CHARGER}
        shown = await life.client.call("EnergyPlugin.GetChargingSchedules", asked)
        (only,) = shown["chargingSchedules"]
        end = datetime.fromtimestamp(only["endDateTime"], UTC)
        records = await life.run(end - life.clock.now())
        # Towards its end a vehicle takes less than it may.
        taken = powers(records, "charger")[: len(records) // 2]
        assert sum(taken) / len(taken) == pytest.approx(11_040.0, rel=0.1)
        assert life.car_soc > 0.93
