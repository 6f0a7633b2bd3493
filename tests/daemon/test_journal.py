"""Cycles become minutes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ohmstead.core.reason import Reason, Rule, Setpoint
from ohmstead.core.state import BatteryState, GridState, LoadState, Reading, RoomState, SiteState
from ohmstead.core.tariff import PriceSlot
from ohmstead.daemon.journal import Journal, decision_row, values_of
from ohmstead.daemon.ledger import Flow

START = datetime(2026, 4, 13, 10, 0, tzinfo=UTC)


def test_an_image_gives_named_series_and_the_household_as_the_rest() -> None:
    state = SiteState(
        at=START,
        grid=GridState(power_w=Reading(value=900.0)),
        assets={
            "battery": BatteryState(id="battery", power_w=Reading(value=-400.0), soc=Reading(value=0.7)),
            "living": RoomState(id="living", temperature_c=Reading(value=20.9)),
        },
    )
    price = PriceSlot(
        start=START, end=START + timedelta(hours=1), import_eur_per_kwh=0.3, export_eur_per_kwh=0.08
    )
    values = values_of(state, price)
    assert values["grid"] == 900.0
    assert values["household"] == pytest.approx(1300.0)
    assert values["battery.soc"] == 0.7
    assert values["living.temperature_c"] == 20.9
    assert "living" not in values
    assert values["price.import"] == 0.3


def test_a_device_that_does_not_answer_hides_in_the_rest() -> None:
    battery = BatteryState(id="battery", power_w=Reading(value=-400.0))
    state = SiteState(at=START, grid=GridState(power_w=Reading(value=900.0)), assets={"battery": battery})
    assert values_of(state, None, ("battery",))["household"] == pytest.approx(1300.0)
    assert values_of(state, None, ("battery", "charger"))["household"] is None
    offline = replace(state, assets={"battery": replace(battery, online=False)})
    assert values_of(offline, None, ("battery",))["household"] is None


def test_a_metered_household_still_balances_the_grid() -> None:
    state = SiteState(
        at=START,
        grid=GridState(power_w=Reading(value=900.0)),
        assets={
            "battery": BatteryState(id="battery", power_w=Reading(value=-400.0)),
            "household": LoadState(id="household", power_w=Reading(value=1250.0)),
        },
    )
    assert values_of(state, None, ("battery",))["household"] == pytest.approx(1300.0)


def test_a_silent_meter_leaves_a_gap_not_a_zero() -> None:
    values = values_of(SiteState(at=START), None)
    assert values["grid"] is None
    assert values["household"] is None


def test_values_are_weighted_by_how_long_they_held() -> None:
    journal = Journal()
    journal.add(START + timedelta(seconds=10), 10.0, {"grid": 0.0})
    journal.add(START + timedelta(seconds=40), 30.0, {"grid": 1000.0})
    minute = journal.close(Flow(), {})
    assert minute is not None
    assert minute.values["grid"] == pytest.approx(750.0)
    assert minute.start == START


def test_missing_values_do_not_pull_the_mean() -> None:
    journal = Journal()
    journal.add(START, 10.0, {"grid": 500.0, "battery": None})
    journal.add(START, 50.0, {"grid": None, "battery": None})
    minute = journal.close(Flow(), {})
    assert minute is not None
    assert dict(minute.values) == {"grid": 500.0}


def test_a_minute_is_due_when_the_clock_leaves_it_in_either_direction() -> None:
    journal = Journal()
    assert not journal.due(START)
    journal.add(START, 1.0, {"grid": 1.0})
    assert not journal.due(START + timedelta(seconds=59))
    assert journal.due(START + timedelta(seconds=60))
    assert journal.due(START - timedelta(hours=1))


def test_closing_takes_decisions_states_and_money_along_once() -> None:
    journal = Journal()
    journal.add(START, 1.0, {"grid": 1.0})
    setpoint = Setpoint(asset="battery", power_w=-500.0, reason=Reason(rule=Rule.SELF_CONSUMPTION))
    journal.decided(decision_row(START, setpoint, None))
    minute = journal.close(Flow(import_kwh=0.1, import_eur=0.03), {"engine": b"{}"})
    assert minute is not None
    assert [d.code for d in minute.decisions] == ["self_consumption"]
    assert minute.states == {"engine": b"{}"}
    assert minute.cost_eur == pytest.approx(0.03)
    assert journal.close(Flow(), {}) is None
