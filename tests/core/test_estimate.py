"""What nobody controls, out of readings that lag."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.core.estimate import Estimate, estimate
from ohmstead.core.flexibility import flexibility
from ohmstead.core.memory import AssetMemory, Memory
from ohmstead.core.site import Asset, ChargePoint, Phases, PvSystem, Site
from ohmstead.core.state import AssetState, ChargePointState, GridState, PvState, Reading, SiteState
from tests.core.world import CAR, NOON

powers = st.floats(min_value=0.0, max_value=11_000.0)
grids = st.floats(min_value=-15_000.0, max_value=15_000.0)


def ago(seconds: float) -> datetime:
    return NOON - timedelta(seconds=seconds)


def seen(
    grid_w: float | None,
    car_w: float | None,
    known: AssetMemory | None = None,
    *,
    before_w: float | None = None,
    car: ChargePoint = CAR,
    phases_w: tuple[float, float, float] | None = None,
    car_phases_w: tuple[float, float, float] | None = None,
    pv: PvSystem | None = None,
    pv_w: float = 0.0,
) -> Estimate:
    state = ChargePointState(id="car", connected=True, power_w=Reading(value=car_w), phases_w=car_phases_w)
    states: dict[str, AssetState] = {"car": state}
    assets: tuple[Asset, ...] = (car,)
    if pv is not None:
        assets, states["pv"] = (car, pv), PvState(id="pv", power_w=Reading(value=pv_w))
    flex = flexibility(car, state)
    assert flex is not None
    grid = GridState(power_w=Reading(value=grid_w), phases_w=phases_w)
    memory = Memory(uncontrolled_w=before_w, assets={} if known is None else {"car": known})
    image = SiteState(at=NOON, grid=grid, assets=states)
    return estimate(Site(assets=assets), image, grid, {"car": flex}, memory, NOON)


def test_what_has_settled_is_subtracted_as_it_is() -> None:
    settled = AssetMemory(commanded_w=4000.0, commanded_at=ago(60), recent=((ago(4), 4000.0), (NOON, 4000.0)))
    for known in (None, settled):
        got = seen(5000.0, 4000.0, known, before_w=700.0)
        assert got.uncontrolled_w == pytest.approx(1000.0)
        assert got.present_w == {"car": 4000.0}


@pytest.mark.parametrize(
    ("grid_w", "car_w", "expected_w"),
    [
        (500.0, 0.0, 500.0),
        (500.0, 6000.0, 500.0),
        (6500.0, 6000.0, 500.0),
        (6500.0, 0.0, 500.0),
        (3000.0, 3000.0, 500.0),
        (7500.0, 6000.0, 1500.0),
        (-500.0, 0.0, -500.0),
    ],
)
def test_while_a_command_settles_the_household_is_what_it_was_if_it_can_be(
    grid_w: float, car_w: float, expected_w: float
) -> None:
    moving = AssetMemory(commanded_w=6000.0, commanded_at=ago(3), recent=((ago(4), 0.0), (NOON, car_w)))
    assert seen(grid_w, car_w, moving, before_w=500.0).uncontrolled_w == pytest.approx(expected_w)


def test_a_command_that_was_not_followed_in_time_is_not_believed_any_more() -> None:
    late = AssetMemory(commanded_w=6000.0, commanded_at=ago(21), recent=((ago(4), 0.0), (NOON, 0.0)))
    assert seen(2500.0, 0.0, late, before_w=500.0).uncontrolled_w == pytest.approx(2500.0)


def test_a_meter_that_still_shows_the_power_before_the_last_command_is_understood() -> None:
    known = AssetMemory(
        commanded_w=8000.0,
        commanded_at=ago(1),
        recent=((ago(5), 3000.0), (ago(3), 5000.0), (NOON, 8000.0)),
    )
    assert seen(3500.0, 8000.0, known, before_w=500.0).uncontrolled_w == pytest.approx(500.0)


@pytest.mark.parametrize(("measured_s", "expected_w"), [(4.0, 500.0), (6.0, 3500.0)])
def test_what_ended_before_the_meter_s_delay_explains_a_rise_no_more(
    measured_s: float, expected_w: float
) -> None:
    """Between two cycles the meter alone is read: the powers grow old, and what was before them older."""
    known = AssetMemory(
        commanded_w=0.0, commanded_at=ago(16), recent=((ago(14), 3000.0), (ago(measured_s), 0.0))
    )
    got = seen(3500.0, 0.0, known, before_w=500.0)
    assert got.uncontrolled_w == pytest.approx(expected_w)


def test_a_device_without_a_reading_is_taken_at_its_command() -> None:
    known = AssetMemory(commanded_w=4000.0, commanded_at=ago(60))
    assert seen(5000.0, None, known, before_w=0.0).present_w == {"car": 4000.0}
    assert seen(5000.0, None).present_w == {"car": 0.0}


def test_a_silent_meter_leaves_what_was_known() -> None:
    assert seen(None, 4000.0, before_w=800.0).uncontrolled_w == 800.0
    assert seen(None, 4000.0, before_w=800.0).phases_uncontrolled_w == (800.0, 800.0, 800.0)
    assert seen(None, 4000.0).uncontrolled_w is None


@given(powers, powers, grids, grids)
def test_the_estimate_explains_the_grid_reading(
    told_w: float, car_w: float, grid_w: float, before_w: float
) -> None:
    known = AssetMemory(commanded_w=told_w, commanded_at=ago(2), recent=((ago(3), 0.0), (NOON, car_w)))
    got = seen(grid_w, car_w, known, before_w=before_w)
    assert got.uncontrolled_w is not None
    assert got.uncontrolled_w + sum(got.present_w.values()) == pytest.approx(grid_w, abs=1e-6)
    candidates = (0.0, car_w, told_w)
    assert min(candidates) - 1e-6 <= got.present_w["car"] <= max(candidates) + 1e-6


class TestPhases:
    def test_an_asset_is_taken_off_the_phases_it_is_wired_to(self) -> None:
        car = ChargePoint(id="car", phases=Phases.L2)
        got = seen(4000.0, 3000.0, car=car, phases_w=(400.0, 3300.0, 300.0))
        assert got.phases_uncontrolled_w == pytest.approx((400.0, 300.0, 300.0))

    def test_its_own_meter_is_believed_more_than_the_wiring(self) -> None:
        got = seen(4000.0, 3000.0, phases_w=(400.0, 3300.0, 300.0), car_phases_w=(0.0, 3000.0, 0.0))
        assert got.phases_uncontrolled_w == pytest.approx((400.0, 300.0, 300.0))

    def test_on_an_unknown_phase_it_stays_in_the_base(self) -> None:
        car = ChargePoint(id="car", phases=Phases.UNKNOWN)
        got = seen(4000.0, 3000.0, car=car, phases_w=(400.0, 3300.0, 300.0))
        assert got.phases_uncontrolled_w == (400.0, 3300.0, 300.0)
        assert got.in_base_w == {"car": 3000.0}

    @pytest.mark.parametrize("odd", [float("nan"), float("inf")])
    def test_phases_that_are_no_numbers_are_not_metered(self, odd: float) -> None:
        got = seen(4000.0, 3000.0, phases_w=(odd, 300.0, 300.0))
        assert got.phases_uncontrolled_w == pytest.approx((1000.0, 1000.0, 1000.0))

    def test_without_meters_the_sun_relieves_each_phase_by_its_own_part_only(self) -> None:
        three, one = PvSystem(id="pv", peak_w=6000.0), PvSystem(id="pv", peak_w=6000.0, phases=Phases.L1)
        lost = PvSystem(id="pv", peak_w=6000.0, phases=Phases.UNKNOWN)
        for pv, expected in (
            (three, (3000.0, 3000.0, 3000.0)),
            (one, (0.0, 5000.0, 5000.0)),
            (lost, (5000.0, 5000.0, 5000.0)),
        ):
            got = seen(-1000.0, 0.0, pv=pv, pv_w=-6000.0)
            assert got.phases_uncontrolled_w == pytest.approx(expected)
