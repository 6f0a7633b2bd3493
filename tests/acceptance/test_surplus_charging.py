"""Charging on surplus: Eco, the tolerance, and who comes first, the battery or the car."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.core.settings import Settings
from ohmstead.core.site import Phases
from ohmstead.simulator.charger import ChargerSpec
from ohmstead.simulator.house import House
from tests.acceptance.living import Life, house_at, lengths_s, lived_in, powers, starts_and_stops, told

SUNNY = datetime(2026, 7, 5, 10, tzinfo=UTC)
"""Noon of a day with 3 to 4 kW of sun until the evening, and no heating."""
NIGHT = datetime(2026, 7, 5, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
CAR_FIRST = Settings(priority=("charge_point", "battery", "hot_water_tank", "heat_pump"))


def house(start: datetime, *, battery_soc: float) -> House:
    """With a charger of one phase: 1.4 kW is enough to start."""
    return house_at(
        start,
        car_soc=0.2,
        battery_soc=battery_soc,
        charger=ChargerSpec(phases=1),
        site={"charger": {"phases": Phases.L1}},
    )


@pytest.mark.slow
async def test_eco_starts_follows_and_stops_without_flutter(tmp_path: Path) -> None:
    async with lived_in(house(SUNNY, battery_soc=0.98), tmp_path, settings=CAR_FIRST) as life:
        await life.charge("Eco")
        first = await life.run(HOUR)
        assert await life.charging_state() == "ChargingStateSurplusCharging"
        assert starts_and_stops(told(first, "charger")) == 1
        settled = first[120:]
        grid_w = [r.state.grid.power_w.or_(0.0) for r in settled]
        assert abs(sum(grid_w)) / len(grid_w) < 150.0
        assert len({round(w) for w in told(settled, "charger")}) > 10

        rest = await life.run(9 * HOUR)
        assert await life.charging_state() == "ChargingStateIdle"
        assert max(powers(rest, "charger")[-360:]) < 50.0
        # An oven or a cloud may stop it, but on and off each last for the minimum time.
        records = [*first, *rest]
        assert min(lengths_s(records, told(records, "charger"))[1:-1]) >= 300.0
        taken_kwh = sum(powers(records, "charger")) * 10 / 3.6e6
        on = [r for r in records if r.state.assets["charger"].power_w.or_(0.0) > 500.0]
        bought_kwh = sum(max(0.0, r.state.grid.power_w.or_(0.0)) for r in on) * 10 / 3.6e6
        assert taken_kwh > 12.0
        assert bought_kwh < 0.08 * taken_kwh


async def _mean_w(life: Life, what: str, value: float) -> dict[str, float]:
    """Mean powers in the last minutes of half an hour of Eco after setting something."""
    await life.set(what, value)
    await life.charge("Eco")
    records = (await life.run(HOUR / 2))[-60:]
    return {a: sum(powers(records, a)) / len(records) for a in ("charger", "battery")}


@pytest.mark.parametrize(
    ("level", "soc", "first"),
    [
        (0.0, 0.2, "charger"),
        (0.5, 0.25, "battery"),
        (0.5, 0.6, "charger"),
        (1.0, 0.6, "battery"),
        (1.0, 1.0, "charger"),
    ],
)
async def test_from_which_level_on_the_car_gets_what_the_battery_would_charge_with(
    tmp_path: Path, level: float, soc: float, first: str
) -> None:
    async with lived_in(house(SUNNY, battery_soc=soc), tmp_path, settings=CAR_FIRST) as life:
        mean_w = await _mean_w(life, "BatteryLevelConsideration", level)
        other = "battery" if first == "charger" else "charger"
        assert mean_w[first] > 900.0
        assert abs(mean_w[other]) < 150.0


@pytest.mark.parametrize(("tolerance", "charges"), [(0.0, False), (0.5, False), (1.0, True)])
async def test_at_night_only_full_tolerance_charges_at_the_minimum_and_from_the_grid(
    tmp_path: Path, tolerance: float, charges: bool
) -> None:
    async with lived_in(house(NIGHT, battery_soc=0.8), tmp_path, settings=CAR_FIRST) as life:
        mean_w = await _mean_w(life, "AcquisitionTolerance", tolerance)
        assert (mean_w["charger"] > 1200.0) is charges
        assert mean_w["charger"] < 1500.0
        # The battery covers the house, not the car.
        household_w = life.records[-1].state.residual_w() or 0.0
        assert mean_w["battery"] > -max(600.0, 2.0 * household_w)


@pytest.mark.parametrize(("tolerance", "charges"), [(0.0, False), (0.5, True)])
async def test_half_a_minimum_of_sun_is_enough_with_half_tolerance(
    tmp_path: Path, tolerance: float, charges: bool
) -> None:
    # About 1 kW beyond the household's needs, for a minimum of 1.38 kW.
    evening = datetime(2026, 7, 5, 16, 15, tzinfo=UTC)
    async with lived_in(house(evening, battery_soc=1.0), tmp_path, settings=CAR_FIRST) as life:
        await life.set("AcquisitionTolerance", tolerance)
        await life.charge("Eco")
        records = await life.run(HOUR)
        assert (max(told(records, "charger")) > 0.0) is charges
