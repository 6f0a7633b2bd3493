"""How much a vehicle still needs."""

from __future__ import annotations

import pytest

from ohmstead.core.state import AssetState, ChargePointState, Reading
from ohmstead.core.vehicle_need import UNKNOWN_SOC, vehicle_need
from tests.core.world import CAR


def test_a_known_soc_counts_with_its_losses() -> None:
    need = vehicle_need(CAR, ChargePointState(id="car", connected=True, soc=Reading(value=0.5)))
    assert need is not None
    assert need.grid_kwh == pytest.approx(0.3 * 60.0 / 0.9)
    full = vehicle_need(CAR, ChargePointState(id="car", connected=True, soc=Reading(value=0.9)))
    assert full is not None
    assert full.grid_kwh == 0.0


@pytest.mark.parametrize(
    ("session_kwh", "soc"), [(0.0, UNKNOWN_SOC), (20.0, UNKNOWN_SOC + 0.3), (80.0, 1.0), (-1.0, UNKNOWN_SOC)]
)
def test_an_unknown_soc_is_what_it_came_with_and_what_it_was_charged_with(
    session_kwh: float, soc: float
) -> None:
    need = vehicle_need(CAR, ChargePointState(id="car", connected=True, session_kwh=session_kwh))
    assert need is not None
    assert need.soc == pytest.approx(soc)


def test_no_vehicle_needs_nothing() -> None:
    assert vehicle_need(CAR, ChargePointState(id="car", connected=False)) is None
    assert vehicle_need(CAR, AssetState(id="car")) is None
    assert vehicle_need(CAR, None) is None
