"""Heat stores that are full, with their hysteresis."""

from __future__ import annotations

from ohmstead.core.reason import Limit, Rule
from ohmstead.core.state import Reading, RoomState, TankState
from tests.core.world import LIVING, PUMP, TANK, Bench, Why, a_site, why


def tank_at(temperature_c: float) -> TankState:
    return TankState(id="tank", temperature_c=Reading(value=temperature_c))


def room_at(temperature_c: float) -> RoomState:
    return RoomState(id="living", power_w=Reading(value=0.0), temperature_c=Reading(value=temperature_c))


def test_a_tank_takes_surplus_up_to_its_maximum_and_again_three_kelvin_below() -> None:
    bench = Bench(a_site(TANK))
    heats = Why(3000, Rule.SURPLUS, Limit.DEVICE, 4000)
    rests = Why(0, Rule.IDLE)
    for i, (temperature_c, expected) in enumerate(
        [(64.9, heats), (65.0, rests), (63.0, rests), (62.1, rests), (61.9, heats), (64.0, heats)]
    ):
        bench.states["tank"] = tank_at(temperature_c)
        assert why(bench.cycle(200 * i, -4000.0)["tank"]) == expected, temperature_c


def test_a_full_tank_stops_although_its_minimum_time_is_not_over() -> None:
    bench = Bench(a_site(TANK))
    bench.states["tank"] = tank_at(64.9)
    bench.cycle(0, -4000.0)
    bench.states["tank"] = tank_at(65.0)
    assert why(bench.cycle(10, -4000.0)["tank"]) == Why(0, Rule.IDLE)
    assert bench.record is not None
    assert [(c.won, c.lost) for c in bench.record.conflicts] == [(Limit.FULL, Limit.MIN_ON)]


def test_rooms_at_the_top_of_their_band_stop_the_heat_pump() -> None:
    bench = Bench(a_site(PUMP, LIVING))
    for at_s in (0, 60):
        out = bench.cycle(at_s, -4000.0)
    assert out["pump"].reason.rule is Rule.SURPLUS
    bench.states["living"] = room_at(22.5)
    assert why(bench.cycle(1400, -4000.0)["pump"]) == Why(0, Rule.IDLE)
    bench.states["living"] = room_at(22.3)
    assert why(bench.cycle(2400, -4000.0)["pump"]) == Why(0, Rule.IDLE)
    bench.states["living"] = room_at(22.1)
    for at_s in (2410, 2480):
        out = bench.cycle(at_s, -4000.0)
    assert out["pump"].reason.rule is Rule.SURPLUS
