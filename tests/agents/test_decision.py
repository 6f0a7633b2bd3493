"""The core's decision on what the agents tell: the rule of the agents, to the watt."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.agents.decision import Home, decide_actions
from ohmstead.agents.schema import LoadStatus, SolarStatus, StorageStatus, VehicleStatus
from ohmstead.agents.storage import Mode

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def battery(energy_kwh: float = 6.0, **other: float) -> StorageStatus:
    facts = {
        "capacity_kwh": 10.0,
        "max_charge_kw": 5.0,
        "max_discharge_kw": 5.0,
        "reserve_kwh": 1.0,
        "efficiency": 0.95,
    }
    return StorageStatus(state_of_charge_kwh=energy_kwh, **(facts | other))


def vehicle(
    energy_kwh: float = 40.0, *, connected: bool = True, bidirectional: bool = False
) -> VehicleStatus:
    return VehicleStatus(
        state_of_charge_kwh=energy_kwh,
        capacity_kwh=60.0,
        max_charge_kw=11.0,
        max_discharge_kw=10.0,
        reserve_kwh=12.0,
        efficiency=0.9,
        connected=connected,
        bidirectional=bidirectional,
    )


def home(
    production_kw: float,
    critical_kw: float = 5.0,
    flexible_kw: float = 3.0,
    battery: StorageStatus | None = battery(),  # noqa: B008 - frozen
    vehicle: VehicleStatus | None = vehicle(),  # noqa: B008 - frozen
) -> Home:
    return Home(
        solar=SolarStatus(production_kw=production_kw),
        battery=battery,
        vehicle=vehicle,
        load=LoadStatus(critical_load_kw=critical_kw, flexible_load_kw=flexible_kw),
    )


V2H = vehicle(bidirectional=True)

TABLE = [
    ("the example of the contract", home(9.5), (1.5, 0.0, 0.0, 0.0)),
    ("nothing over, nothing missing", home(8.0), (0.0, 0.0, 0.0, 0.0)),
    ("the battery first, the rest to the vehicle", home(16.0), (5.0, 3.0, 0.0, 0.0)),
    ("both at their limits, the rest exported", home(30.0), (5.0, 11.0, 0.0, -6.0)),
    ("a full battery", home(10.0, battery=battery(10.0)), (0.0, 2.0, 0.0, 0.0)),
    ("a full vehicle", home(16.0, vehicle=vehicle(60.0)), (5.0, 0.0, 0.0, -3.0)),
    ("no vehicle", home(16.0, vehicle=vehicle(connected=False)), (5.0, 0.0, 0.0, -3.0)),
    ("the battery gives", home(6.0), (-2.0, 0.0, 0.0, 0.0)),
    ("then flexible load is shed", home(2.0), (-5.0, 0.0, 1.0, 0.0)),
    ("but a bidirectional vehicle gives before", home(2.0, vehicle=V2H), (-5.0, -1.0, 0.0, 0.0)),
    ("then the rest is bought", home(0.0, 10.0, 3.0), (-5.0, 0.0, 3.0, 5.0)),
    ("everything at once", home(0.0, 20.0, 3.0, vehicle=V2H), (-5.0, -10.0, 3.0, 5.0)),
    ("at its reserve", home(6.0, battery=battery(1.0)), (0.0, 0.0, 2.0, 0.0)),
    ("below its reserve nothing is bought for it", home(5.0, battery=battery(0.2)), (0.0, 0.0, 3.0, 0.0)),
    (
        "a vehicle at its reserve",
        home(2.0, vehicle=vehicle(12.0, bidirectional=True)),
        (-5.0, 0.0, 1.0, 0.0),
    ),
    ("4 W are not lost", home(8.004), (0.004, 0.0, 0.0, 0.0)),
    ("nearly full: what it can take for two minutes", home(9.5, battery=battery(9.981)), (0.6, 0.9, 0, 0)),
    ("nearly empty: what it can give for two minutes", home(6.5, battery=battery(1.02)), (-0.57, 0, 0.93, 0)),
    ("no battery agent", home(9.5, battery=None), (0.0, 1.5, 0.0, 0.0)),
    ("no vehicle agent", home(16.0, vehicle=None), (5.0, 0.0, 0.0, -3.0)),
]


@pytest.mark.parametrize(("what", "given_", "expected"), TABLE, ids=[row[0] for row in TABLE])
def test_who_gets_and_who_gives(what: str, given_: Home, expected: tuple[float, float, float, float]) -> None:
    actions = decide_actions(given_, NOW)
    found = (actions.battery.power_w, actions.vehicle.power_w, actions.load.power_w, actions.grid_w)
    assert [w / 1e3 for w in found] == pytest.approx(list(expected), abs=1e-6)


def test_agents_that_do_not_answer_are_named_in_the_reasons() -> None:
    actions = decide_actions(Home(), NOW)
    assert actions.battery.reason == "The battery agent is left out: it does not answer."
    assert "does not answer" in actions.load.reason
    assert (actions.battery.mode, actions.vehicle.mode, actions.grid_w) == (Mode.IDLE, Mode.IDLE, 0.0)


def test_reasons_say_what_and_why() -> None:
    actions = decide_actions(home(2.0, battery=battery(1.0)), NOW)
    assert actions.battery.reason == "6.00 kW missing. Stopped: it is at its reserve."
    assert actions.vehicle.reason == "The vehicle cannot feed the house."
    assert actions.load.reason == "Sun and storage leave 6.00 kW uncovered; shedding 3.00 kW."
    away = home(16.0, battery=battery(10.0), vehicle=vehicle(connected=False))
    actions = decide_actions(away, NOW)
    assert actions.battery.reason == "8.00 kW to store. Stopped: it is full."
    assert actions.vehicle.reason == "No vehicle is connected."


powers = st.floats(min_value=0.0, max_value=1e6)


@st.composite
def storages(draw: st.DrawFn) -> dict[str, float]:
    capacity_kwh = draw(st.floats(0.001, 1e6))
    return {
        "state_of_charge_kwh": capacity_kwh * draw(st.floats(0, 1)),
        "capacity_kwh": capacity_kwh,
        "max_charge_kw": draw(powers),
        "max_discharge_kw": draw(powers),
        "reserve_kwh": capacity_kwh * draw(st.floats(0, 1)),
        "efficiency": draw(st.floats(0.3, 1)),
    }


@st.composite
def homes(draw: st.DrawFn) -> Home:
    switches = {"connected": draw(st.booleans()), "bidirectional": draw(st.booleans())}
    return Home(
        solar=SolarStatus(production_kw=draw(powers)) if draw(st.booleans()) else None,
        battery=StorageStatus(**draw(storages())) if draw(st.booleans()) else None,
        vehicle=VehicleStatus(**draw(storages()), **switches),
        load=LoadStatus(critical_load_kw=draw(powers), flexible_load_kw=draw(powers)),
    )


@given(homes())
def test_actions_balance_to_the_watt_within_every_limit(home: Home) -> None:
    actions = decide_actions(home, NOW)
    production_w = 0.0 if home.solar is None else 1e3 * home.solar.production_kw
    assert home.load is not None
    loads_w = 1e3 * (home.load.critical_load_kw + home.load.flexible_load_kw)
    signed_w = {
        a.mode: a.power_kw * 1e3 for a in (actions.battery, actions.vehicle) if a.mode is not Mode.IDLE
    }
    assert not {Mode.CHARGE, Mode.DISCHARGE} <= set(signed_w), "one direction for all"
    charge_w = sum(1e3 * a.power_kw for a in (actions.battery, actions.vehicle) if a.mode is Mode.CHARGE)
    discharge_w = sum(
        1e3 * a.power_kw for a in (actions.battery, actions.vehicle) if a.mode is Mode.DISCHARGE
    )
    shed_w = 1e3 * actions.load.power_kw
    import_w, export_w = max(0.0, actions.grid_w), max(0.0, -actions.grid_w)
    assert production_w + discharge_w + import_w == pytest.approx(
        loads_w - shed_w + charge_w + export_w, abs=1.0, rel=0
    )
    assert 0.0 <= shed_w <= 1e3 * home.load.flexible_load_kw + 0.01
    for status, action in ((home.battery, actions.battery), (home.vehicle, actions.vehicle)):
        if status is None or not getattr(status, "connected", True):
            assert action.mode is Mode.IDLE
            continue
        assert -status.max_discharge_kw - 1e-5 <= action.power_w / 1e3 <= status.max_charge_kw + 1e-5
        if action.mode is Mode.CHARGE:
            assert status.state_of_charge_kwh < status.capacity_kwh
        if action.mode is Mode.DISCHARGE:
            assert status.state_of_charge_kwh > status.reserve_kwh
            assert getattr(status, "bidirectional", True)
    if import_w > 1.0:
        assert shed_w == pytest.approx(1e3 * home.load.flexible_load_kw, abs=0.01)
    assert not (import_w > 1.0 and charge_w > 1.0)
    assert not (export_w > 1.0 and (discharge_w > 1.0 or shed_w > 1.0))
