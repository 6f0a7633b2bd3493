"""A connector as the core sees it."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from ohmstead.core.site import ChargePoint, Phases
from ohmstead.core.state import ChargePointState, Quality
from ohmstead.devices.ocpp import IDLE, state_of
from ohmstead.ocpp.central.charger import PLUGGED, Connector, ConnectorStatus, Transaction
from ohmstead.ocpp.central.meter_values import MeterSample

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
WALLBOX = ChargePoint(id="wallbox")
SAMPLE = MeterSample(at=NOW, power_w=6900.0, phases_a=(10.0, 10.0, 10.0), soc=0.4)
CHARGING = Connector(
    id=1, status=ConnectorStatus.CHARGING, status_at=NOW, sample=SAMPLE, sampled_at=NOW, power_at=NOW
)
RUNNING = Transaction(
    id=1, identity="A", connector=1, id_tag="C", started_at=NOW, meter_start_wh=0, energy_kwh=1.5
)


def seen(
    connector: Connector,
    *,
    asset: ChargePoint = WALLBOX,
    transaction: Transaction | None = None,
    after_s: float = 0.0,
) -> ChargePointState:
    now = NOW + timedelta(seconds=after_s)
    return state_of(asset, connector, transaction, now, max_age_s=60.0)


@pytest.mark.parametrize("status", [s for s in ConnectorStatus if s is not ConnectorStatus.UNKNOWN])
def test_the_status_says_whether_a_vehicle_is_there_and_old_power_is_not_carried_on(
    status: ConnectorStatus,
) -> None:
    later = replace(CHARGING, status=status, status_at=NOW + timedelta(seconds=1))
    state = seen(later, after_s=2.0)
    assert state.connected is (status in PLUGGED)
    assert state.power_w.value == (0.0 if status in IDLE else 6900.0)
    assert state.charging is (status not in IDLE)
    assert (state.soc.value == 0.4) is state.connected


def test_what_is_measured_after_the_status_counts() -> None:
    trickle = replace(SAMPLE, power_w=120.0)
    waiting = replace(CHARGING, status=ConnectorStatus.SUSPENDED_EV, sample=trickle)
    assert seen(waiting).power_w.value == 120.0
    assert seen(waiting, after_s=120.0).power_w.value == 0.0


def test_power_that_is_too_old_is_stale_while_it_charges() -> None:
    assert seen(CHARGING, after_s=59.0).power_w.quality is Quality.GOOD
    assert seen(CHARGING, after_s=61.0).power_w.quality is Quality.STALE
    energy_only = replace(CHARGING, sampled_at=NOW + timedelta(seconds=60))
    assert seen(energy_only, after_s=61.0).power_w.quality is Quality.STALE
    assert seen(replace(CHARGING, sample=None, power_at=None)).power_w.quality is Quality.MISSING


def test_a_charger_that_tells_no_status_is_known_by_its_transaction() -> None:
    silent = replace(CHARGING, status=ConnectorStatus.UNKNOWN)
    assert not seen(silent).connected
    state = seen(silent, transaction=RUNNING)
    assert (state.connected, state.charging, state.session_kwh) == (True, True, 1.5)


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        (Phases.ALL, (2300.0, 2300.0, 2300.0)),
        (Phases.L1, (6900.0, 0.0, 0.0)),
        (Phases.L2, (0.0, 6900.0, 0.0)),
        (Phases.L3, (0.0, 0.0, 6900.0)),
        (Phases.UNKNOWN, None),
    ],
)
def test_power_is_on_the_wires_that_the_home_has(
    phases: Phases, expected: tuple[float, float, float] | None
) -> None:
    assert seen(CHARGING, asset=dataclasses.replace(WALLBOX, phases=phases)).phases_w == expected


def test_phases_that_contradict_the_power_are_left_out() -> None:
    assert seen(replace(CHARGING, sample=replace(SAMPLE, power_w=3000.0))).phases_w is None


def test_faults_have_words() -> None:
    broken = replace(CHARGING, status=ConnectorStatus.FAULTED, error_code="OverVoltage", info="L2")
    assert seen(broken).fault == "OverVoltage: L2"
    assert seen(replace(CHARGING, status=ConnectorStatus.UNAVAILABLE)).fault == "out of service"
    assert seen(CHARGING).fault is None
