"""The comfort floor of hot water and the legionella cycle."""

from __future__ import annotations

from datetime import timedelta

from ohmstead.core.reason import Limit, Rule
from ohmstead.core.state import Reading, TankState
from tests.core.world import NOON, TANK, Bench, Why, a_site, prices, why

DAY_S = 86_400.0
HEATS = Why(3000, Rule.TANK_COMFORT)
LEGIONELLA = Why(3000, Rule.LEGIONELLA)
RESTS = Why(0, Rule.IDLE)


def tank_at(temperature_c: float | None) -> TankState:
    return TankState(id="tank", temperature_c=Reading(value=temperature_c))


def test_below_its_floor_a_tank_heats_until_three_kelvin_above() -> None:
    bench = Bench(a_site(TANK))
    table = [(45.0, RESTS), (44.9, HEATS), (46.0, HEATS), (47.9, HEATS), (48.0, RESTS), (45.5, RESTS)]
    for i, (temperature_c, expected) in enumerate(table):
        bench.states["tank"] = tank_at(temperature_c)
        assert why(bench.cycle(200.0 * i)["tank"]) == expected, temperature_c


def test_a_tank_without_a_temperature_rests_and_keeps_its_clock() -> None:
    bench = Bench(a_site(TANK))
    bench.states["tank"] = tank_at(50.0)
    bench.cycle(0)
    bench.states["tank"] = tank_at(None)
    assert why(bench.cycle(10)["tank"]) == RESTS
    assert bench.engine.memory.of("tank").sanitised_at == NOON


def test_disinfection_comes_once_per_interval_and_lasts_until_it_is_hot() -> None:
    bench = Bench(a_site(TANK))
    bench.states["tank"] = tank_at(55.0)
    assert why(bench.cycle(0)["tank"]) == RESTS
    assert why(bench.cycle(7 * DAY_S - 10)["tank"]) == RESTS
    assert why(bench.cycle(7 * DAY_S)["tank"]) == LEGIONELLA
    bench.states["tank"] = tank_at(59.9)
    assert why(bench.cycle(7 * DAY_S + 900)["tank"]) == LEGIONELLA
    bench.states["tank"] = tank_at(60.0)
    assert why(bench.cycle(7 * DAY_S + 1800)["tank"]) == RESTS
    assert bench.engine.memory.of("tank").sanitised_at == NOON + timedelta(days=7, seconds=1800)


def test_a_tank_that_the_sun_made_hot_is_disinfected() -> None:
    bench = Bench(a_site(TANK))
    bench.states["tank"] = tank_at(62.0)
    bench.cycle(3 * DAY_S)
    bench.states["tank"] = tank_at(55.0)
    assert why(bench.cycle(7 * DAY_S)["tank"]) == RESTS
    assert why(bench.cycle(10 * DAY_S)["tank"]) == LEGIONELLA


def test_a_due_disinfection_moves_ahead_into_the_cheapest_hour() -> None:
    due = NOON + timedelta(days=7)
    dear = prices(0.40, 0.20, 0.40, start=due - timedelta(hours=3), export=0.3)
    bench = Bench(a_site(TANK), tariff=dear)
    bench.states["tank"] = tank_at(56.0)
    bench.cycle(0)
    assert why(bench.cycle(7 * DAY_S - 3 * 3600)["tank"]) == RESTS
    assert why(bench.cycle(7 * DAY_S - 2 * 3600)["tank"]) == LEGIONELLA
    assert why(bench.cycle(7 * DAY_S - 3600)["tank"]) == LEGIONELLA


def test_a_silent_meter_does_not_stop_it_from_heating_on() -> None:
    bench = Bench(a_site(TANK))
    bench.states["tank"] = tank_at(40.0)
    assert why(bench.cycle(0)["tank"]) == HEATS
    assert why(bench.cycle(10, None)["tank"]) == HEATS


def test_it_does_not_start_blind() -> None:
    bench = Bench(a_site(TANK))
    bench.states["tank"] = tank_at(40.0)
    assert why(bench.cycle(0, None)["tank"]) == Why(0, Rule.TANK_COMFORT, Limit.STALE_METER, 3000)
