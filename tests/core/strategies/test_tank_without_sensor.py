"""Hot water without a temperature sensor."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest

from ohmstead.core.memory import ManualCommand
from ohmstead.core.reason import Rule
from ohmstead.core.site import HotWaterTank
from ohmstead.core.state import Reading, TankState
from ohmstead.core.tariff import Tariff
from tests.core.world import NOON, TANK, Bench, a_site, prices

HOUR_S = 3600
STEP_S = 60


def measured(power_w: float | None) -> TankState:
    return TankState(id="tank", power_w=Reading(value=power_w))


class Heater:
    """A tank with a thermostat of its own: it takes what it is told until it is full, and loses heat."""

    def __init__(
        self, tariff: Tariff | None = None, *, metered: bool = True, tank: HotWaterTank = TANK
    ) -> None:
        self.bench = Bench(a_site(tank), tariff=tariff)
        self.metered = metered
        self.missing_kwh = 2.0
        self.told_w = 0.0
        self.heated: dict[int, Rule] = {}

    def run(self, hours: int, *, surplus_w: float = 0.0, first: int = 0) -> None:
        for at_s in range(first * HOUR_S, (first + hours) * HOUR_S, STEP_S):
            takes_w = self.told_w if self.missing_kwh > 0.0 else 0.0
            self.missing_kwh += (150.0 - takes_w) * STEP_S / 3.6e6
            state = measured(takes_w if self.metered else None)
            unseen_w = 0.0 if self.metered else takes_w
            got = self.bench.cycle(at_s, unseen_w - surplus_w, tank=state)["tank"]
            self.told_w = got.power_w
            if got.power_w > 0.0:
                self.heated.setdefault(at_s // HOUR_S, got.reason.rule)


def test_at_one_price_it_is_filled_once_a_day() -> None:
    heater = Heater(prices(*[0.3] * 80))
    heater.run(72)
    assert set(heater.heated.values()) == {Rule.TANK_COMFORT}
    starts = [h for h in heater.heated if h - 1 not in heater.heated]
    assert starts[0] == 30
    assert [30 <= b - a <= 33 for a, b in pairwise(starts)] == [True]


def test_it_is_filled_in_the_cheapest_hours_of_the_day() -> None:
    day = [0.3] * 24
    day[14] = day[15] = day[16] = 0.1
    heater = Heater(prices(*day * 4))
    heater.run(72)
    assert set(heater.heated.values()) == {Rule.CHEAP_HOURS}
    assert {h // 24 for h in heater.heated} == {0, 1, 2}
    assert {h % 24 for h in heater.heated} <= {14, 15, 16}


def test_the_sun_fills_it_and_then_nothing_is_bought() -> None:
    heater = Heater()
    heater.run(20)
    assert heater.heated == {}
    heater.run(3, surplus_w=3500.0, first=20)
    assert set(heater.heated.values()) == {Rule.SURPLUS}
    full_at = heater.bench.engine.memory.of("tank").full_at
    assert full_at is not None
    assert full_at > NOON + timedelta(hours=20)
    heater.heated.clear()
    heater.run(20, first=23)
    assert heater.heated == {}


def test_nothing_disables_the_disinfection() -> None:
    week = HotWaterTank(id="tank", legionella_every_days=1.0)
    heater = Heater(tank=week)
    heater.bench.engine.command(ManualCommand(asset="tank", power_w=0.0))
    heater.run(30)
    assert set(heater.heated.values()) == {Rule.LEGIONELLA}
    sanitised_at = heater.bench.engine.memory.of("tank").sanitised_at
    assert sanitised_at is not None
    assert sanitised_at > NOON + timedelta(hours=24)


@pytest.mark.parametrize(("volume_l", "hours"), [(100.0, 2), (300.0, 6)])
def test_without_a_meter_it_counts_as_full_after_the_time_that_filling_takes(
    volume_l: float, hours: int
) -> None:
    heater = Heater(metered=False, tank=HotWaterTank(id="tank", volume_l=volume_l))
    heater.run(50)
    assert len(heater.heated) == hours
    assert min(heater.heated) == 30


def test_a_short_pause_of_the_thermostat_is_not_full() -> None:
    bench = Bench(a_site(TANK))
    bench.engine.command(ManualCommand(asset="tank", power_w=3000.0))
    bench.cycle(0, tank=measured(0.0))
    for at_s, power_w in [(60, 0.0), (200, 0.0), (230, 3000.0), (290, 0.0), (450, 0.0)]:
        bench.cycle(at_s, tank=measured(power_w))
        assert bench.engine.memory.of("tank").full_at == NOON
    bench.cycle(480, tank=measured(0.0))
    assert bench.engine.memory.of("tank").full_at == NOON + timedelta(seconds=480)
