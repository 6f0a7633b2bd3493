"""A number never asks for more than was wanted, whatever its range, step and unit."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.core.site import (
    Asset,
    Battery,
    ChargePoint,
    FlexibleLoad,
    HeatPump,
    HotWaterTank,
    Phases,
    PvSystem,
)
from ohmstead.devices.home_assistant_command import Knobs, full_power_w, number_for, step_of, volts
from ohmstead.devices.home_assistant_wire import EntityState
from ohmstead.errors import DeviceError

NOW = datetime(2026, 1, 1, tzinfo=UTC)
BATTERY = Battery(id="battery", capacity_kwh=10.0, max_charge_w=5000.0, max_discharge_w=5000.0)
WALLBOX = ChargePoint(id="wallbox")


def entity(
    unit: str | None, *, low: float | None = None, high: float | None = None, step: float | None = None
) -> EntityState:
    given_ = {"unit_of_measurement": unit, "min": low, "max": high, "step": step}
    return EntityState(
        entity_id="number.p",
        state="0",
        attributes={key: value for key, value in given_.items() if value is not None},
        changed_at=NOW,
        updated_at=NOW,
        reported_at=NOW,
    )


def as_power_w(value: float, unit: str | None, asset: Asset) -> float:
    if unit == "A":
        assert isinstance(asset, ChargePoint)
        return value * volts(asset)
    return value * {None: 1.0, "W": 1.0, "kW": 1e3, "%": full_power_w(asset) / 100.0}[unit]


@settings(max_examples=400, derandomize=True, deadline=None)
@given(
    asset=st.sampled_from([BATTERY, WALLBOX, PvSystem(id="roof", peak_w=8000.0)]),
    unit=st.sampled_from([None, "W", "kW", "A", "%"]),
    power_w=st.floats(-20_000.0, 20_000.0),
    low=st.none() | st.floats(-6000.0, 2000.0),
    high=st.none() | st.floats(-2000.0, 6000.0),
    step=st.none() | st.sampled_from([0.001, 0.1, 1.0, 10.0, 100.0]),
)
def test_a_number_is_never_more_than_what_was_wanted(
    asset: Asset, unit: str | None, power_w: float, low: float | None, high: float | None, step: float | None
) -> None:
    if low is not None and high is not None and low > high:
        low, high = high, low
    state = entity(unit, low=low, high=high, step=step)
    try:
        value = number_for(power_w, asset, state)
    except DeviceError:
        assert (unit == "A" and asset is not WALLBOX) or (unit == "%" and asset is BATTERY)
        return
    if value == 0.0:
        return
    asked_w = as_power_w(value, unit, asset)
    slack_w = abs(as_power_w(step_of(state) * 1e-5, unit, asset))
    assert asked_w * power_w > 0.0, "never the other way round"
    assert abs(asked_w) <= abs(power_w) + slack_w
    assert low is None or value >= low
    assert high is None or value <= high


FULL = [
    (PvSystem(id="x", peak_w=8000.0, inverter_w=6000.0), 6000.0),
    (ChargePoint(id="x", max_a=16.0), 16.0 * 3 * 230.0),
    (ChargePoint(id="x", max_a=16.0, phases=Phases.L2), 16.0 * 230.0),
    (HotWaterTank(id="x", max_w=9000.0, stages_w=(3000.0, 6000.0)), 6000.0),
    (HeatPump(id="x", min_w=600.0), 600.0),
    (FlexibleLoad(id="x", max_w=2000.0), 2000.0),
]


@pytest.mark.parametrize(("asset", "power_w"), FULL)
def test_what_a_switched_asset_takes(asset: Asset, power_w: float) -> None:
    assert full_power_w(asset) == pytest.approx(power_w)
    knobs = Knobs(asset=asset, command="switch.x")
    sign = -1.0 if isinstance(asset, PvSystem) else 1.0

    def sent(wanted_w: float) -> list[str]:
        return [order.call.service for order in knobs.orders(wanted_w, lambda _: entity(None))]

    assert sent(sign * power_w) == ["switch.turn_on"]
    assert sent(sign * (power_w - 50.0)) == ["switch.turn_off"]
