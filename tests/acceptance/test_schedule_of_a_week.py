"""A recorded week in all five modes: what `GetChargingSchedules` shows is what is then run.

The household and the sun are those of the recording, the prices those of the market, the plan is made from
what could be known at the time: learnt load, issued forecast of the sun, published prices. The car drives far
and comes back soon after noon, so that it charges often, also on the sun. Every quarter hour the schedule is
asked for over a socket, and the energy that it shows for the rest of the quarter is compared with what the
simulated charger's own counter then says.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.core.reason import Rule
from ohmstead.core.record import CycleRecord
from ohmstead.core.settings import Settings
from ohmstead.core.state import ChargePointState
from ohmstead.daemon.planning_host import PlanningHost
from ohmstead.daemon.simulated.outlook import LearnedOutlook
from ohmstead.daemon.simulated.tariffs import FORMULAS, known_tariff
from ohmstead.planning.request import PlannerSettings
from ohmstead.simulator.charger import ChargerSpec, ChargerTwin, VehicleSpec
from ohmstead.simulator.house import House
from ohmstead.simulator.scenario import real_house
from ohmstead.simulator.trips import TripPattern, TripSchedule
from tests.acceptance.living import CHARGER, LOCAL, Life, lived_in
from tests.acceptance.test_modes_with_a_plan import InThread

START = datetime(2026, 3, 16, 11, tzinfo=UTC)
"""A Monday noon in spring, the car away: the week of the backtests."""
DAY, QUARTER = timedelta(days=1), timedelta(minutes=15)
STEP_S = 60.0
DYNAMIC = FORMULAS["dynamic"]
VOLTAGE_V = 230.0
FAR = TripPattern(work_back_h=13.0, work_km=150.0, weekend_km=(40.0, 130.0), sunday_share=0.0)
MODES = (
    "EcoWithTargetTime",
    "EcoMinWithTargetTime",
    "EcoWithTargetTime",
    "Normal",
    "Eco",
    "EcoWithMinCurrent",
    "EcoWithTargetTime",
)
"""From noon to noon, Monday to Sunday."""
PLANNER = PlannerSettings(horizon_h=36.0, heat_pump_binary_steps=0, time_limit_s=60.0)
SETTINGS = Settings(plan_interval_s=1800.0)
"""A plan every half hour, without steps of the compressor; solved to its end on a machine of any speed."""
MORE = frozenset({Rule.SURPLUS, Rule.DEADLINE, Rule.VEHICLE_MIN_SOC})
"""Rules that go beyond a schedule and say so: other sun than expected, a deadline that became binding."""


@dataclass(frozen=True, kw_only=True)
class Quarter:
    """The rest of a quarter hour from the moment the schedule was asked for.

    ``on_sun``: all that is shown is for surplus.
    """

    at: datetime
    mode: str
    shown_kwh: float
    on_sun: bool
    run_kwh: float
    hours: float
    records: list[CycleRecord]

    @property
    def charging(self) -> bool:
        return self.shown_kwh > 0.02 or self.run_kwh > 0.02

    @property
    def agrees(self) -> bool:
        """Within a tenth, and half a kilowatt for what begins or ends a minute later."""
        return abs(self.shown_kwh - self.run_kwh) <= 0.1 * self.shown_kwh + 0.5 * self.hours

    @property
    def why(self) -> str | None:
        """What the records say of a difference; ``None``: nothing."""
        setpoints = [s for r in self.records for s in r.setpoints if s.asset == "charger"]
        seen = [c for r in self.records if isinstance(c := r.state.assets["charger"], ChargePointState)]
        if len({c.connected for c in seen}) > 1:
            return "the vehicle came or left"
        if self.run_kwh > self.shown_kwh:
            return next((s.reason.rule.value for s in setpoints if s.reason.rule in MORE), None)
        limit = next((s.reason.limit.value for s in setpoints if s.reason.limit is not None), None)
        if limit is not None:
            return limit
        if any(c.soc.or_(0.0) >= 1.0 for c in seen):
            return "the vehicle is full"
        if self.on_sun and any(s.reason.rule is Rule.IDLE for s in setpoints):
            return "the sun did not last"
        told = [r for r, s in zip(self.records, setpoints, strict=True) if s.power_w > 0.0]
        slow = [r for r in told if r.memory.of("charger").at_most_w is not None]
        return "the vehicle takes less" if 2 * len(slow) > len(told) else None


def commuter(start: datetime) -> House:
    """The recorded house with a car that drives far."""
    base = real_house(seed=1, start=start)
    trips, vehicle = TripSchedule(1, LOCAL, FAR), VehicleSpec()
    car = ChargerTwin(ChargerSpec(), vehicle, trips, start.timestamp(), soc=0.6)
    return House(
        site=base.site,
        start=start,
        inputs=replace(base.inputs, trips=trips, vehicle=vehicle),
        devices=replace(base.devices, charger=car),
        seed=1,
    )


class Week:
    """A week under the real planner, quarter by quarter."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self._host = PlanningHost(life.engine, InThread(), LearnedOutlook(life.house, DYNAMIC, PLANNER))

    async def wish(self, mode: str) -> None:
        """Choose a mode; a deadline is seven o'clock on every day."""
        more: dict[str, object] = {}
        if "TargetTime" in mode:
            seven = START.astimezone(LOCAL).replace(hour=7, minute=0) + DAY
            more = {"endDateTime": int(seven.timestamp()), "repeatDays": [1, 2, 3, 4, 5, 6, 7]}
        await self.life.charge(mode, **more)

    async def quarter(self, mode: str) -> Quarter:
        """The next full quarter; the schedule is asked for once a plan that was due is followed."""
        life = self.life
        for _ in range(2):
            await self._cycle()
        begin, before_kwh = life.clock.now(), life.house.totals.asset_kwh["charger"]
        end = begin - (begin - START) % QUARTER + QUARTER
        shown_kwh, on_sun = await self._shown(begin, end)
        records = []
        while life.clock.now() < end:
            records.append(await self._cycle())
        return Quarter(
            at=begin,
            mode=mode,
            shown_kwh=shown_kwh,
            on_sun=on_sun,
            run_kwh=life.house.totals.asset_kwh["charger"] - before_kwh,
            hours=(end - begin) / timedelta(hours=1),
            records=records,
        )

    async def _cycle(self) -> CycleRecord:
        life = self.life
        life.engine.set_tariff(known_tariff(DYNAMIC, life.clock.now()))
        record = await life.loop.cycle()
        await life.clock.sleep_until(life.clock.now() + timedelta(seconds=STEP_S))
        self._host.cycle(record)
        async with asyncio.timeout(120.0):
            await self._host.idle()
        return record

    async def _shown(self, start: datetime, end: datetime) -> tuple[float, bool]:
        """The energy that is shown for a time, kWh, and whether all of it is surplus."""
        found = await self.life.client.call("EnergyPlugin.GetChargingSchedules", {"evChargerId": CHARGER})
        shown_kwh, issuers = 0.0, set()
        for slot in found["chargingSchedules"]:
            action = slot["action"]
            power_w = action["maxChargingCurrent"] * action["desiredPhaseCount"] * VOLTAGE_V
            first = max(start.timestamp(), slot["startDateTime"])
            last = min(end.timestamp(), slot["endDateTime"])
            if last > first:
                shown_kwh += power_w * (last - first) / 3.6e6
                issuers.add(action["issuer"])
        return shown_kwh, issuers == {"ChargingActionIssuerSurplusCharging"}


@pytest.mark.slow
async def test_a_week_is_run_as_it_was_shown(tmp_path: Path) -> None:
    quarters: list[Quarter] = []
    async with lived_in(commuter(START), tmp_path, settings=SETTINGS) as life:
        week = Week(life)
        for mode in MODES:
            await week.wish(mode)
            quarters += [await week.quarter(mode) for _ in range(DAY // QUARTER)]

    charging, differ = [q for q in quarters if q.charging], [q for q in quarters if not q.agrees]
    share = sum(q.agrees for q in charging) / len(charging)
    shown_kwh, run_kwh = sum(q.shown_kwh for q in quarters), sum(q.run_kwh for q in quarters)
    print(  # noqa: T201 - the figures, for who runs it with -s
        f"\n{len(quarters)} quarters, {1 - len(differ) / len(quarters):.1%} as shown; "
        f"{len(charging)} with charging, {share:.1%} as shown; "
        f"{shown_kwh:.1f} kWh shown, {run_kwh:.1f} kWh run; "
        f"reasons for the others: {Counter(q.why for q in differ)}"
    )
    assert len(quarters) == 7 * 96
    assert {q.mode for q in charging} == set(MODES)
    assert [(q.at, q.mode, q.shown_kwh, q.run_kwh) for q in differ if q.why is None] == []
    # 98 % and 91 % when this was written; what differs are arrivals, clouds and nearly full cars.
    assert len(differ) <= 0.04 * len(quarters)
    assert share >= 0.88
    assert run_kwh == pytest.approx(shown_kwh, rel=0.04)
