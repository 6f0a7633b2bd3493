"""What is told ahead is what the engine then does: whole hours of every mode, against the engine itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from ohmstead.core.charging_ahead import Ahead, charging_ahead
from ohmstead.core.charging_info import ChargingInfo, ChargingMode
from ohmstead.core.charging_wants import Prospect
from ohmstead.core.engine import Engine
from ohmstead.core.memory import AssetMemory, ManualCommand
from ohmstead.core.plan import AssetSlot, Plan
from ohmstead.core.reason import Rule
from ohmstead.core.site import ChargePoint, Circuit, Phases
from ohmstead.core.state import ChargePointState, GridState, Reading, SiteState
from ohmstead.core.tariff import Tariff
from ohmstead.core.vehicle_need import vehicle_need
from tests.core.world import BATTERY, CAR, HOUSEHOLD, NOON, a_plan, a_site, prices

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
HOUSEHOLD_W = 500.0
SPLIT = prices(0.3, 0.1, 0.3, 0.2, 0.2, 0.3, 0.05, 0.3, 0.3, 0.3, 0.3, 0.3)


def info(mode: ChargingMode, *, hours: float = 10.0, **more: Any) -> ChargingInfo:
    return ChargingInfo(
        charge_point="car", mode=mode, end_at=NOON + hours * HOUR if mode.has_deadline else None, **more
    )


class Drive:
    """The engine with a car that takes what it is told, cycle by cycle of a minute."""

    def __init__(
        self,
        wanted: ChargingInfo | None,
        *,
        soc: float = 0.5,
        tariff: Tariff | None = None,
        plan: Plan | None = None,
        point: ChargePoint = CAR,
    ) -> None:
        self.engine = Engine(a_site(point, HOUSEHOLD), plan=plan)
        self.engine.set_tariff(tariff)
        self.point, self.soc, self.power_w, self.now = point, soc, 0.0, NOON
        if wanted is not None:
            self.engine.set_charging_info(wanted)
        self.step()

    def step(self) -> None:
        car = ChargePointState(
            id="car", power_w=Reading(value=self.power_w), connected=True, soc=Reading(value=self.soc)
        )
        grid = GridState(power_w=Reading(value=HOUSEHOLD_W + self.power_w, at=self.now))
        self.engine.observe(SiteState(at=self.now, grid=grid, assets={"car": car}))
        record = self.engine.step(self.now)
        self.state = record.state.assets["car"]
        (self.setpoint,) = record.setpoints
        self.power_w = self.setpoint.power_w

    def ahead(self) -> tuple[Ahead, ...]:
        engine = self.engine
        return charging_ahead(
            Prospect(
                site=engine.site,
                point=self.point,
                info=engine.charging_infos.get("car"),
                need=vehicle_need(self.point, self.state),
                plan=engine.plan,
                tariff=engine.tariff,
                settings=engine.tuned,
                memory=engine.memory.of("car"),
                manual=engine.memory.manual.get("car"),
                zone=engine.zone,
            ),
            self.now,
        )

    def run(self, hours: float) -> list[tuple[datetime, float, Rule]]:
        """Power and rule of each minute from now on."""
        out = []
        end = self.now + hours * HOUR
        while self.now < end:
            self.step()
            out.append((self.now, self.power_w, self.setpoint.reason.rule))
            kwh = self.power_w * (MINUTE / HOUR) / 1000.0
            self.soc = min(1.0, self.soc + kwh * self.point.efficiency / self.point.vehicle_capacity_kwh)
            self.now += MINUTE
        return out


def at(told: tuple[Ahead, ...], when: datetime) -> float:
    return sum(a.power_w for a in told if a.start <= when < a.end)


def slot(power_w: float, import_w: float) -> dict[str, AssetSlot]:
    return {"car": AssetSlot(power_w=power_w, import_w=import_w, value_eur_per_kwh=0.2)}


BY_PLAN = a_plan(
    *[slot(*p) for p in ((0, 0), (11040, 11040), (11040, 11040), (5520, 5520), (2000, 2000), (0, 0))],
    minutes=60.0,
)


@pytest.mark.parametrize("tariff", [None, SPLIT], ids=["no prices", "prices"])
@pytest.mark.parametrize("mode", list(ChargingMode))
@pytest.mark.parametrize("soc", [0.1, 0.5])
def test_without_a_plan_every_mode_runs_as_told(
    mode: ChargingMode, soc: float, tariff: Tariff | None
) -> None:
    drive = Drive(info(mode), soc=soc, tariff=tariff)
    told = drive.ahead()
    ran = drive.run(9.9)
    # A minute more or less at each start and end, and a lock of five minutes.
    wrong = [(when, w, at(told, when)) for when, w, _ in ran if abs(w - at(told, when)) > 10.0]
    assert len(wrong) <= 12
    told_kwh = sum(a.power_w * ((min(a.end, ran[-1][0]) - a.start) / HOUR) for a in told) / 1000.0
    assert sum(w for _, w, _ in ran) / 60_000.0 == pytest.approx(told_kwh, abs=0.8)
    assert bool(told) == (mode is not ChargingMode.ECO or soc < CAR.min_soc)


@pytest.mark.parametrize("mode", list(ChargingMode))
def test_with_a_plan_every_mode_runs_as_told(mode: ChargingMode) -> None:
    drive = Drive(info(mode), plan=BY_PLAN, tariff=SPLIT)
    told = drive.ahead()
    ran = drive.run(2.9)
    wrong = [(when, w, at(told, when)) for when, w, _ in ran if abs(w - at(told, when)) > 10.0]
    assert len(wrong) <= 8
    assert bool(told) == (mode is not ChargingMode.ECO)


@pytest.mark.parametrize("plan", [None, a_plan(*[slot(0.0, 0.0)] * 48, minutes=30.0)], ids=["rules", "plan"])
def test_the_daily_share_is_told_for_every_day_that_has_prices(plan: Plan | None) -> None:
    wanted = info(ChargingMode.ECO, spot_market=True, daily_spot_share=0.3)
    tariff = prices(*([0.3, 0.1, 0.3, 0.2] * 9)[:34])
    drive = Drive(wanted, soc=0.2, plan=plan, tariff=tariff)
    told = drive.ahead()
    assert {a.rule for a in told} == {Rule.CHEAP_HOURS}
    ran = drive.run(2.9)
    wrong = [when for when, w, _ in ran if abs(w - at(told, when)) > 10.0]
    assert len(wrong) <= 6
    # Berlin: the day ends at 22:00 UTC, and tomorrow's prices are known in full.
    kwh = {False: 0.0, True: 0.0}
    for a in told:
        kwh[a.start >= NOON + 10 * HOUR] += a.power_w * ((a.end - a.start) / HOUR) / 1000.0
    assert kwh[False] == pytest.approx(20.0, abs=0.5)
    assert kwh[True] == pytest.approx(20.0, abs=0.5)


def test_a_command_by_hand_comes_first() -> None:
    drive = Drive(info(ChargingMode.NORMAL), soc=0.5)
    drive.engine.command(ManualCommand(asset="car", power_w=6000.0, until=NOON + HOUR))
    drive.step()
    by_hand, after = drive.ahead()
    assert (by_hand.rule, by_hand.power_w, by_hand.end) == (Rule.MANUAL, 6000.0, NOON + HOUR)
    assert (after.rule, after.start) == (Rule.CHARGE_NOW, NOON + HOUR)


def test_no_more_is_told_than_fuses_and_phases_admit() -> None:
    drive = Drive(info(ChargingMode.NORMAL))
    (full,) = drive.ahead()
    assert full.power_w == pytest.approx(11_040.0)
    one = replace(CAR, phases=Phases.L2)
    (single,) = Drive(info(ChargingMode.NORMAL), point=one).ahead()
    assert single.power_w == pytest.approx(3680.0)
    site = replace(a_site(CAR), circuits=(Circuit(id="garage", fuse_a=10.5, assets=("car",)),))
    need = vehicle_need(CAR, ChargePointState(id="car", connected=True, soc=Reading(value=0.5)))
    narrow = Prospect(
        site=site,
        point=CAR,
        info=info(ChargingMode.NORMAL),
        need=need,
        plan=None,
        tariff=None,
        settings=drive.engine.tuned,
        zone=drive.engine.zone,
    )
    assert charging_ahead(narrow, NOON)[0].power_w == pytest.approx(6900.0)
    blown = replace(site, circuits=(Circuit(id="garage", fuse_a=6.0, assets=("car",)),))
    assert charging_ahead(replace(narrow, site=blown), NOON) == ()


def test_a_vehicle_that_takes_less_takes_longer() -> None:
    drive = Drive(info(ChargingMode.NORMAL), soc=0.9)
    (full,) = drive.ahead()
    drive.engine.memory.assets["car"] = AssetMemory(at_most_w=5444.0)
    (slow,) = drive.ahead()
    assert slow.power_w == 5500.0
    assert (slow.end - NOON) / (full.end - NOON) == pytest.approx(2.0, rel=0.05)
    drive.engine.memory.assets["car"] = AssetMemory(at_most_w=30.0)
    assert drive.ahead() == (full,)


def test_without_a_vehicle_only_the_plan_tells() -> None:
    drive = Drive(info(ChargingMode.NORMAL), plan=BY_PLAN)
    drive.state = ChargePointState(id="car", connected=False)
    assert [round(a.power_w) for a in drive.ahead()] == [11_040, 5520, 4140]
    drive.engine.drop_plan()
    assert drive.ahead() == ()


@pytest.mark.parametrize("soc", [1.0, 1.0 - 1e-16, 1.0 - 1e-12, 0.8 - 1e-15, 0.2 - 1e-15, 0.8 - 1e-9])
@pytest.mark.parametrize("mode", list(ChargingMode))
def test_next_to_nothing_left_comes_to_an_end(mode: ChargingMode, soc: float) -> None:
    wanted = info(mode, spot_market=True, daily_spot_share=1e-15)
    for plan in (None, a_plan(slot(11_040.0, 0.0), slot(1e-9, 0.0), slot(2000.0, 2000.0))):
        told = Drive(wanted, soc=soc, tariff=SPLIT, plan=plan).ahead()
        assert all(a.start < a.end for a in told)
        assert all(a.end <= b.start for a, b in pairwise(told))


@pytest.mark.parametrize("plan", [None, BY_PLAN])
def test_what_charges_on_the_sun_is_told_for_this_quarter_hour(plan: Plan | None) -> None:
    drive = Drive(info(ChargingMode.ECO), plan=plan)
    assert drive.ahead() == ()
    drive.engine.memory.assets["car"] = AssetMemory(commanded_w=5000.0, rule=Rule.SURPLUS)
    drive.now += 4 * MINUTE
    (soon,) = drive.ahead()
    assert soon == Ahead(start=drive.now, end=NOON + 15 * MINUTE, power_w=4830.0, rule=Rule.SURPLUS)


@pytest.mark.parametrize(
    ("mode", "battery_value", "expected_w"),
    [
        (ChargingMode.ECO, 0.05, 6000.0),
        (ChargingMode.ECO, 0.25, 4140.0),
        (None, 0.05, 6000.0),
        (ChargingMode.ECO_WITH_MIN_CURRENT, 0.25, 4140.0),
    ],
)
def test_the_sun_that_is_forecast_goes_to_the_higher_value(
    mode: ChargingMode | None, battery_value: float, expected_w: float
) -> None:
    battery = AssetSlot(power_w=3000.0, value_eur_per_kwh=battery_value)
    plan = a_plan(
        {"car": AssetSlot(power_w=0.0, value_eur_per_kwh=0.2), "battery": battery}, pv_w=-6500.0, load_w=500.0
    )
    drive = Drive(None if mode is None else info(mode), plan=plan)
    drive.engine.site = a_site(CAR, BATTERY, HOUSEHOLD)
    first = drive.ahead()[0]
    # What is left of 6 kW beside the battery is less than the smallest power, and enough to start.
    assert first.power_w == pytest.approx(expected_w)
    dark = replace(plan, slots=tuple(replace(s, pv_w=-2000.0) for s in plan.slots))
    drive.engine.plan = dark
    least = [a for a in drive.ahead() if a.rule is Rule.SURPLUS]
    assert least == []
