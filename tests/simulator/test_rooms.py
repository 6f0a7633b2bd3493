"""Heat balance of the rooms, and how they follow."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.simulator.dataset import tabula_house
from ohmstead.simulator.rooms import HeatingSpec, HeatingTwin, RoomTwin
from ohmstead.simulator.scenario import building


def heating(living_c: float = 21.0, bedroom_c: float = 20.0, water_c: float = 30.0) -> HeatingTwin:
    living, bedroom = building()
    return HeatingTwin(
        spec=HeatingSpec(),
        rooms=(
            RoomTwin(spec=living, air_c=living_c, structure_c=living_c, emitter_c=living_c),
            RoomTwin(spec=bedroom, air_c=bedroom_c, structure_c=bedroom_c, emitter_c=bedroom_c),
        ),
        overheat_k=(1.5, 1.5),
        water_c=water_c,
    )


def pass_time(
    twin: HeatingTwin,
    minutes: int,
    *,
    heat_w: float = 0.0,
    outdoor_c: float = 0.0,
    sun: float = 0.0,
    commanded: bool = False,
    dt_s: float = 60.0,
) -> None:
    for _ in range(round(minutes * 60.0 / dt_s)):
        twin.integrate(
            dt_s,
            heat_w=heat_w,
            commanded=commanded,
            outdoor_c=outdoor_c,
            solar_w_m2=(sun, sun),
            internal_w=300.0,
            windows_open=(False, False),
        )


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-3000, 9000), st.floats(-15, 35), st.floats(0, 800), st.booleans()),
        min_size=1,
        max_size=30,
    )
)
def test_heat_balances(hours: list[tuple[float, float, float, bool]]) -> None:
    twin = heating()
    before = twin.energy_kwh
    supplied = 0.0
    for heat_w, outdoor_c, sun, commanded in hours:
        pass_time(twin, 10, heat_w=heat_w, outdoor_c=outdoor_c, sun=sun, commanded=commanded)
        supplied += heat_w / 6000.0
    gains = sum(r.gain_kwh for r in twin.rooms)
    losses = sum(r.loss_kwh for r in twin.rooms)
    assert twin.energy_kwh - before == pytest.approx(supplied + gains - losses, abs=1e-6)
    into_rooms = sum(r.heat_kwh for r in twin.rooms)
    assert 0.12 * (twin.water_c - 30.0) == pytest.approx(supplied - into_rooms, abs=1e-6)


def test_steady_loss_is_tabulas() -> None:
    """At 20 K over the outdoors the house loses what its typology says."""
    loss_w = 0.0
    for spec in building():
        inside, outside = spec.air_structure_w_k, spec.structure_outdoor_w_k
        loss_w += 20.0 * (spec.air_outdoor_w_k + inside * outside / (inside + outside))
    assert loss_w / 20.0 == pytest.approx(tabula_house("DE.N.SFH.06.Gen.ReEx.001.003").ua_w_k, rel=1e-6)


def test_floor_is_slower_than_radiator() -> None:
    floor, radiator = heating(20.0, 20.0, 40.0), heating(20.0, 18.0, 40.0)
    for twin in (floor, radiator):
        pass_time(twin, 60, heat_w=5000.0, commanded=True)
    living, bedroom = floor.rooms[0], radiator.rooms[1]
    stored = living.spec.emitter_kwh_k * (living.emitter_c - 20.0)
    assert stored > 0.5 * living.heat_kwh
    assert bedroom.spec.emitter_kwh_k * (bedroom.emitter_c - 18.0) < 0.6 * bedroom.heat_kwh


def test_valves_close_at_the_target_plus_what_is_allowed() -> None:
    for commanded, offset in ((False, 0.3), (True, 1.5)):
        twin = heating(21.0 + offset + 0.2, 20.0 + offset + 0.2, 40.0)
        pass_time(twin, 60, commanded=commanded, outdoor_c=20.0)
        assert all(r.valve < 0.02 for r in twin.rooms)
        twin = heating(21.0 + offset - 0.6, 20.0 + offset - 1.1, 40.0)
        pass_time(twin, 30, commanded=commanded, outdoor_c=10.0)
        assert all(r.valve > 0.6 for r in twin.rooms)


def test_thermostat_has_hysteresis() -> None:
    twin = heating(21.0, 20.0)
    assert not twin.thermostat()
    twin.rooms[1].air_c = 19.6
    assert twin.thermostat()
    twin.rooms[1].air_c = 20.2
    assert twin.thermostat()
    twin.rooms[1].air_c, twin.rooms[0].air_c = 20.4, 21.4
    assert not twin.thermostat()


def test_a_minute_is_a_fine_enough_step() -> None:
    coarse, fine = heating(), heating()
    for twin, dt_s in ((coarse, 60.0), (fine, 2.0)):
        pass_time(twin, 240, heat_w=4500.0, commanded=True, sun=200.0, dt_s=dt_s)
    for a, b in zip(coarse.rooms, fine.rooms, strict=True):
        assert a.air_c == pytest.approx(b.air_c, abs=0.02)
    assert coarse.water_c == pytest.approx(fine.water_c, abs=0.3)


def test_blinds_and_windows_keep_the_summer_out() -> None:
    twin = heating(23.0, 23.0)
    pass_time(twin, 5 * 1440, outdoor_c=24.0, sun=250.0)
    assert max(r.air_c for r in twin.rooms) < 29.0
