"""The heat pump as the thermostat of its coldest room."""

from __future__ import annotations

import pytest

from ohmstead.core.plan import AssetSlot
from ohmstead.core.reason import Limit, Rule
from ohmstead.core.site import HeatPump, Room
from ohmstead.core.state import Reading, RoomState
from tests.core.world import LIVING, PUMP, Bench, Why, a_plan, a_site, why

RESTS = Why(0, Rule.IDLE)


def room_at(temperature_c: float | None, target_c: float | None = None, room: str = "living") -> RoomState:
    return RoomState(
        id=room, power_w=Reading(value=0.0), temperature_c=Reading(value=temperature_c), target_c=target_c
    )


def test_on_at_the_lower_edge_and_off_as_far_above_the_target() -> None:
    bench = Bench(a_site(PUMP, LIVING))
    full_at_c = 21.5 - 1.5
    for i, (temperature_c, power_w, rule) in enumerate(
        [
            (20.6, 0, Rule.IDLE),
            (20.4, round(600 + 1900 * 1.1 / 1.5), Rule.ROOM_COMFORT),
            (full_at_c, 2500, Rule.ROOM_COMFORT),
            (15.0, 2500, Rule.ROOM_COMFORT),
            (21.4, round(600 + 1900 * 0.1 / 1.5), Rule.ROOM_COMFORT),
            (21.5, 0, Rule.IDLE),
            (20.6, 0, Rule.IDLE),
        ]
    ):
        bench.states["living"] = room_at(temperature_c)
        assert why(bench.cycle(1300.0 * i)["pump"]) == Why(power_w, rule), temperature_c


def test_the_coldest_room_counts_by_its_own_target() -> None:
    pump = HeatPump(id="pump", rooms=("living", "bath"))
    bench = Bench(a_site(pump, LIVING, Room(id="bath", target_c=23.0)))
    bench.states |= {"living": room_at(21.0), "bath": room_at(22.4, room="bath")}
    assert bench.cycle(0)["pump"].reason.params["target_c"] == 23.0
    bench.states |= {"living": room_at(21.0, target_c=24.0)}
    assert bench.cycle(10)["pump"].reason.params["target_c"] == 24.0


def test_rooms_without_a_reading_ask_for_nothing() -> None:
    bench = Bench(a_site(PUMP, LIVING))
    bench.states["living"] = room_at(None)
    assert why(bench.cycle(0)["pump"]) == RESTS


def test_with_a_plan_it_waits_a_little_longer_and_stops_at_the_edge() -> None:
    bench = Bench(a_site(PUMP, LIVING), plan=a_plan(*[{"pump": AssetSlot(power_w=0.0)}] * 12))
    for at_s, temperature_c, rule in [
        (0, 20.45, Rule.IDLE),
        (10, 20.35, Rule.ROOM_COMFORT),
        (2000, 20.55, Rule.ROOM_COMFORT),
        (4000, 20.65, Rule.IDLE),
    ]:
        bench.states["living"] = room_at(temperature_c)
        assert bench.cycle(at_s)["pump"].reason.rule is rule, temperature_c


@pytest.mark.parametrize(("outdoor_c", "rule"), [(-5.1, Rule.FROST), (-4.9, Rule.IDLE), (None, Rule.IDLE)])
def test_in_frost_it_runs_as_soon_as_a_room_is_below_its_target(outdoor_c: float | None, rule: Rule) -> None:
    bench = Bench(a_site(PUMP, LIVING))
    bench.states["living"] = room_at(20.9)
    assert bench.cycle(0, outdoor_c=outdoor_c)["pump"].reason.rule is rule


def test_it_is_not_kept_off_for_longer_than_its_longest_pause() -> None:
    bench = Bench(a_site(PUMP, LIVING))
    bench.states["living"] = room_at(20.0)
    bench.cycle(0)
    bench.states["living"] = room_at(21.6)
    assert why(bench.cycle(1300)["pump"]) == RESTS
    bench.states["living"] = room_at(20.9)
    assert why(bench.cycle(1300 + 4 * 3600)["pump"]) == RESTS
    assert bench.cycle(1301 + 4 * 3600)["pump"].reason.rule is Rule.FROST


def test_a_band_of_no_width_is_allowed() -> None:
    bench = Bench(a_site(PUMP, Room(id="living", low_k=0.0, high_k=0.0)))
    bench.states["living"] = room_at(20.7)
    assert why(bench.cycle(0)["pump"]) == Why(2500, Rule.ROOM_COMFORT)


def test_the_minimum_standing_time_holds_even_for_a_cold_room() -> None:
    bench = Bench(a_site(PUMP, LIVING))
    bench.states["living"] = room_at(20.0)
    bench.cycle(0)
    bench.states["living"] = room_at(21.6)
    bench.cycle(1300)
    bench.states["living"] = room_at(15.0)
    assert why(bench.cycle(1310)["pump"]) == Why(0, Rule.ROOM_COMFORT, Limit.MIN_OFF, 2500)
    assert why(bench.cycle(2200)["pump"]) == Why(2500, Rule.ROOM_COMFORT)
