from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.chargers.vehicle import SimulatedVehicle


def ready(**facts: float) -> SimulatedVehicle:
    return SimulatedVehicle(**({"reaction_s": 0.0} | facts))  # type: ignore[arg-type]


def test_an_offer_is_taken_up_to_what_the_vehicle_can() -> None:
    assert ready(max_a=16.0).take(32.0, 3, 230.0, 1.0) == (16.0, 16.0, 16.0)
    assert ready(phases=1).take(10.0, 3, 230.0, 1.0) == (10.0,)
    assert ready(phases=3).take(10.0, 1, 230.0, 1.0) == (10.0,)


def test_below_6_a_nothing_flows() -> None:
    assert ready().take(5.9, 3, 230.0, 60.0) == (0.0, 0.0, 0.0)


def test_energy_goes_into_the_battery_with_its_efficiency() -> None:
    vehicle = ready(capacity_kwh=50.0, soc=0.2, efficiency=0.9, max_a=16.0)
    vehicle.take(16.0, 3, 230.0, 3600.0)
    assert vehicle.soc == pytest.approx(0.2 + 11.04 * 0.9 / 50.0)


def test_it_reacts_after_a_while_and_again_after_each_pause() -> None:
    vehicle = SimulatedVehicle(reaction_s=4.0, max_a=16.0)
    assert vehicle.take(16.0, 3, 230.0, 3.0) == (0.0, 0.0, 0.0)
    assert vehicle.take(16.0, 3, 230.0, 2.0) == (8.0, 8.0, 8.0)
    assert vehicle.take(16.0, 3, 230.0, 1.0) == (16.0, 16.0, 16.0)
    vehicle.take(0.0, 3, 230.0, 1.0)
    assert vehicle.take(16.0, 3, 230.0, 1.0) == (0.0, 0.0, 0.0)


def test_the_current_tapers_to_a_tenth() -> None:
    assert ready(soc=0.8, max_a=30.0).current_a(40.0) == 30.0
    assert ready(soc=0.9, max_a=30.0).current_a(40.0) == pytest.approx(16.5)
    assert ready(soc=0.9999, max_a=30.0).current_a(40.0) == pytest.approx(3.0, abs=0.1)


def test_it_stops_by_itself() -> None:
    vehicle = ready(soc=0.79, stops_at_soc=0.8, capacity_kwh=40.0)
    vehicle.take(32.0, 3, 230.0, 3600.0)
    assert vehicle.soc == 0.8
    assert vehicle.full
    assert vehicle.take(32.0, 3, 230.0, 1.0) == (0.0, 0.0, 0.0)
    assert vehicle.minutes_left(0.0) == 0


def test_a_wobbling_vehicle_takes_less_and_never_more() -> None:
    vehicle = ready(max_a=16.0, wobble=0.1)
    vehicle.rng = random.Random(1)
    taken = [vehicle.take(16.0, 3, 230.0, 1.0)[0] for _ in range(100)]
    assert len(set(taken)) > 90
    assert 14.4 <= min(taken) < 15.0 < max(taken) <= 16.0


@given(
    st.floats(0.0, 1.0),
    st.lists(st.tuples(st.floats(0.0, 40.0), st.integers(1, 3), st.floats(0.1, 900.0)), max_size=20),
)
def test_no_more_than_offered_and_energy_is_conserved(
    soc: float, steps: list[tuple[float, int, float]]
) -> None:
    vehicle = SimulatedVehicle(soc=soc, efficiency=0.9, capacity_kwh=30.0)
    taken_kwh = 0.0
    for offered_a, phases, dt_s in steps:
        currents = vehicle.take(offered_a, phases, 230.0, dt_s)
        assert len(currents) <= phases
        assert all(0.0 <= current <= offered_a for current in currents)
        taken_kwh += sum(currents) * 230.0 * dt_s / 3.6e6
    assert vehicle.soc is not None
    assert vehicle.soc <= 1.0
    assert vehicle.soc - soc == pytest.approx(taken_kwh * 0.9 / 30.0, abs=1e-9)
