"""Deadlines are met in the cheapest hours, also far ahead and over a clock change; faults on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.core.reason import Rule
from ohmstead.simulator.faults import FaultKind
from tests.acceptance.living import LOCAL, house_at, lived_in, powers, tariff_of

pytestmark = pytest.mark.slow

EVENING = datetime(2026, 11, 10, 17, tzinfo=UTC)
"""A dark evening."""
HOUR = timedelta(hours=1)
FOR_A_DEADLINE = {Rule.CHEAP_HOURS, Rule.DEADLINE}
MODES = ("EcoWithTargetTime", "EcoMinWithTargetTime")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("with_prices", [True, False])
async def test_the_car_is_ready_in_time(tmp_path: Path, mode: str, with_prices: bool) -> None:
    end = EVENING + 12 * HOUR
    prices = [0.35] * 6 + [0.12] * 5 + [0.30] * 13
    tariff = tariff_of(EVENING, prices) if with_prices else None
    async with lived_in(house_at(EVENING, car_soc=0.22), tmp_path, tariff=tariff) as life:
        await life.charge(mode, endDateTime=int(end.timestamp()))
        records = await life.run(12 * HOUR, every_s=30.0)
        assert round(life.car_soc, 2) >= 0.8
        taken = powers(records, "charger")
        strong = [r.at for r, w in zip(records, taken, strict=True) if w > 5000.0]
        if with_prices:
            assert all(EVENING + 6 * HOUR <= at <= EVENING + 11 * HOUR + HOUR / 12 for at in strong)
        if mode == "EcoMinWithTargetTime":
            assert min(taken[10:]) > 3500.0
        else:
            assert not with_prices or max(taken[: 5 * 120]) < 100.0


async def test_far_ahead_and_repeated_over_the_clock_change(tmp_path: Path) -> None:
    """Asked for on Saturday: 07:00 on Sunday, when the clocks go back, and again on Monday."""
    start = datetime(2026, 10, 23, 20, tzinfo=UTC)
    sunday = datetime(2026, 10, 25, 7, tzinfo=LOCAL)
    monday = datetime(2026, 10, 26, 7, tzinfo=LOCAL)
    tariff = tariff_of(start, [0.3 + 0.05 * ((h * 7) % 5) for h in range(80)])
    async with lived_in(house_at(start, car_soc=0.3), tmp_path, tariff=tariff) as life:
        await life.charge("EcoWithTargetTime", endDateTime=int(sunday.timestamp()), repeatDays=[1, 7])
        before = await life.run(sunday.astimezone(UTC) - start, every_s=60.0)
        assert (sunday.astimezone(UTC) - start) > 24 * HOUR
        assert round(life.car_soc, 2) >= 0.8
        # It waits for the cheap hours: they are spread over two nights.
        rules = {s.reason.rule for r in before for s in r.setpoints if s.asset == "charger"}
        assert Rule.CHEAP_HOURS in rules
        life.house.devices.charger.soc = 0.5
        (record, *_) = await life.run(timedelta(minutes=2), every_s=60.0)
        seen = record.state.assets["charger"]
        assert seen.departure == monday  # type: ignore[attr-defined]
        await life.run(monday.astimezone(UTC) - life.clock.now(), every_s=60.0)
        assert round(life.car_soc, 2) >= 0.8
        assert monday.astimezone(UTC) - sunday.astimezone(UTC) == 24 * HOUR
        assert sunday.utcoffset() == HOUR


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(
    ("sunday", "hours"),
    [(datetime(2026, 3, 29, 7, tzinfo=LOCAL), 24), (datetime(2026, 10, 25, 7, tzinfo=LOCAL), 26)],
    ids=["spring", "autumn"],
)
async def test_the_next_morning_over_a_clock_change_both_ways(
    tmp_path: Path, mode: str, sunday: datetime, hours: int
) -> None:
    """Asked for at six on Saturday: seven on Sunday is 24 or 26 hours away, and the car is ready then."""
    end = sunday.astimezone(UTC)
    start = (sunday - timedelta(hours=25)).astimezone(UTC)
    assert end - start == hours * HOUR
    prices = [0.35] * (hours - 4) + [0.1] * 4
    house = house_at(start, car_soc=0.3)
    async with lived_in(house, tmp_path, tariff=tariff_of(start, prices)) as life:
        await life.charge(mode, endDateTime=int(end.timestamp()), repeatDays=[7])
        records = await life.run(end - start - 6 * HOUR, every_s=120.0)
        # What the sun gave has been driven away by midnight.
        house.devices.charger.soc = 0.3
        records += await life.run(6 * HOUR, every_s=120.0)
        assert life.clock.now() == end
        assert round(life.car_soc, 2) >= 0.8
        bought = [
            r.at
            for r in records
            for s in r.setpoints
            if s.asset == "charger" and s.reason.rule in FOR_A_DEADLINE and s.power_w > 10_000.0
        ]
        assert all(end - 4 * HOUR <= at < end for at in bought)
        assert len(bought) * 120.0 > (2.5 if mode == "EcoWithTargetTime" else 0.5) * 3600.0
        # A week later it is again at seven, whatever the clocks did.
        (record, *_) = await life.run(timedelta(minutes=4), every_s=120.0)
        seen = record.state.assets["charger"]
        assert seen.departure == sunday + timedelta(days=7)  # type: ignore[attr-defined]


async def test_a_daily_share_is_taken_in_the_cheapest_slots_at_negative_prices_too(tmp_path: Path) -> None:
    start = datetime(2026, 11, 9, 23, tzinfo=UTC)  # midnight in Vienna
    day = [0.3] * 24
    day[3], day[14] = -0.05, 0.1
    async with lived_in(house_at(start, car_soc=0.3), tmp_path, tariff=tariff_of(start, day)) as life:
        await life.charge("Eco", spotMarketChargingEnabled=True, dailySpotMarketPercentage=25)
        records = await life.run(23 * HOUR, every_s=60.0)
        bought = [
            r.at
            for r in records
            for s in r.setpoints
            if s.asset == "charger" and s.reason.rule is Rule.CHEAP_HOURS and s.power_w > 0.0
        ]
        assert {int((at - start) / HOUR) for at in bought} == {3, 14}
        bought_kwh = sum(
            w for r, w in zip(records, powers(records, "charger"), strict=True) if r.at in bought
        )
        assert bought_kwh / 60_000 == pytest.approx(0.25 * 60.0 / 0.9, rel=0.05)


async def test_a_charger_that_ignores_its_commands_is_told_again_flagged_and_counted(tmp_path: Path) -> None:
    async with lived_in(house_at(EVENING, battery_soc=0.9), tmp_path) as life:
        await life.charge("Normal")
        await life.run(timedelta(minutes=10))
        assert powers(life.records, "charger")[-1] > 10_000.0
        life.house.faults.inject(FaultKind.STUCK, "charger")
        await life.charge("Eco")
        records = await life.run(timedelta(minutes=15))
        sent = [r.at for r in records for s in r.setpoints if s.asset == "charger" and s.send]
        assert len(sent) >= 3
        assert life.engine.disobedient == ("charger",)
        assert life.engine.memory.of("charger").at_least_w == pytest.approx(11_000.0, rel=0.05)
        life.house.faults.clear()
        await life.run(timedelta(minutes=10))
        assert not life.engine.disobedient
        assert powers(life.records, "charger")[-1] < 50.0


async def test_a_meter_that_is_lost_for_a_minute_puts_the_car_to_its_minimum(tmp_path: Path) -> None:
    async with lived_in(house_at(EVENING), tmp_path) as life:
        await life.charge("Normal")
        await life.run(timedelta(minutes=10))
        life.house.faults.inject(FaultKind.METER_GAP, duration_s=60.0)
        blind = await life.run(timedelta(minutes=1))
        limits = [s.reason.limit for s in blind[-1].setpoints if s.asset == "charger"]
        assert [limit.value for limit in limits if limit] == ["stale_meter"]
        assert blind[-1].setpoints
        after = await life.run(timedelta(minutes=8))
        lowest = min(powers([*blind, *after[:6]], "charger"))
        assert 3800.0 < lowest < 4300.0
        assert powers(after, "charger")[-1] > 10_000.0
