from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.ocpp.charge_point.vehicle import SimulatedVehicle


@settings(max_examples=300, derandomize=True)
@given(
    offers=st.lists(st.tuples(st.floats(0, 80), st.integers(1, 3), st.floats(0.1, 60)), max_size=20),
    soc=st.floats(0, 1),
    phases=st.integers(1, 3),
)
def test_a_car_never_takes_more_than_it_is_offered_nor_more_than_it_holds(
    offers: list[tuple[float, int, float]], soc: float, phases: int
) -> None:
    car = SimulatedVehicle(soc=soc, phases=phases, capacity_kwh=1.0)
    for offered_a, supply_phases, dt_s in offers:
        currents = car.take(offered_a, supply_phases, 230.0, dt_s)
        assert len(currents) == min(phases, supply_phases)
        assert all(0.0 <= current <= offered_a for current in currents)
        assert offered_a >= 6.0 or not any(currents)
        assert car.soc is not None
        assert soc <= car.soc <= 1.0
        soc = car.soc


def test_energy_is_conserved() -> None:
    car = SimulatedVehicle(soc=0.2, capacity_kwh=10.0, efficiency=0.9, taper_soc=0.8)
    taken_kwh = 0.0
    for _ in range(2000):
        taken_kwh += sum(car.take(16.0, 3, 230.0, 5.0)) * 230.0 * 5.0 / 3.6e6
    assert car.soc is not None
    assert abs(taken_kwh * 0.9 - (car.soc - 0.2) * 10.0) < 1e-6
    assert car.soc > 0.99
