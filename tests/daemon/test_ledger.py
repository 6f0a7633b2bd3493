"""Money: what flowed at which price, per minute, day and in total."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.core.site import Battery, ChargePoint, HotWaterTank, Site
from ohmstead.core.state import BatteryState, ChargePointState, Reading, SiteState, TankState
from ohmstead.core.tariff import PriceSlot, Tariff
from ohmstead.daemon.ledger import Ledger, mean_price_eur_per_kwh, stored_kwh

ZONE = ZoneInfo("Europe/Vienna")
START = datetime(2026, 4, 13, 21, 0, tzinfo=UTC)


def price(import_eur: float = 0.30, export_eur: float = 0.08) -> PriceSlot:
    return PriceSlot(
        start=START,
        end=START + timedelta(days=2),
        import_eur_per_kwh=import_eur,
        export_eur_per_kwh=export_eur,
    )


def ledger() -> Ledger:
    return Ledger(zone=ZONE, since=START)


def test_an_hour_of_import_costs_its_price() -> None:
    book = ledger()
    book.add(START, 3600, grid_w=2000.0, pv_w=-500.0, load_w=2500.0, price=price())
    assert book.total.import_kwh == pytest.approx(2.0)
    assert book.total.cost_eur == pytest.approx(0.60)
    assert book.total.pv_kwh == pytest.approx(0.5)
    assert book.total.load_kwh == pytest.approx(2.5)


def test_export_earns_and_costs_where_its_price_is_negative() -> None:
    book = ledger()
    book.add(START, 3600, grid_w=-1000.0, pv_w=0.0, load_w=0.0, price=price(export_eur=-0.05))
    assert book.total.export_kwh == pytest.approx(1.0)
    assert book.total.cost_eur == pytest.approx(0.05)


def test_a_silent_meter_books_nothing() -> None:
    book = ledger()
    book.add(START, 3600, grid_w=None, pv_w=0.0, load_w=0.0, price=price())
    assert book.total.import_kwh == book.total.export_kwh == 0.0


def test_savings_are_what_the_unmanaged_house_paid_more_plus_what_is_in_store() -> None:
    book = ledger()
    assert book.saved_eur is None
    book.add(START, 3600, grid_w=0.0, pv_w=0.0, load_w=0.0, price=price(), baseline_kwh=(2.0, 1.0))
    book.stored_eur = 0.25
    assert book.saved_eur == pytest.approx(2.0 * 0.30 - 1.0 * 0.08 + 0.25)


def test_a_day_begins_at_local_midnight() -> None:
    book = ledger()
    for hour in range(3):  # 21:00, 22:00 and 23:00 UTC; midnight in Vienna is at 22:00 UTC
        at = START + timedelta(hours=hour)
        book.add(at, 3600, grid_w=1000.0, pv_w=0.0, load_w=0.0, price=price())
    assert book.total.import_kwh == pytest.approx(3.0)
    assert book.today.import_kwh == pytest.approx(2.0)


def test_savings_of_today_do_not_count_what_was_stored_before_midnight() -> None:
    book = ledger()
    book.add(START, 60, grid_w=0.0, pv_w=0.0, load_w=0.0, price=price(), baseline_kwh=(0.0, 0.0))
    book.stored_eur = 1.0
    book.add(START + timedelta(hours=2), 60, grid_w=0.0, pv_w=0.0, load_w=0.0, price=price())
    assert book.saved_today_eur == pytest.approx(0.0)


@given(st.lists(st.floats(-20000, 20000), max_size=30))
def test_minutes_sum_up_to_the_total(powers_w: list[float]) -> None:
    book, minutes = ledger(), []
    for i, power_w in enumerate(powers_w):
        book.add(START + timedelta(minutes=i), 60, grid_w=power_w, pv_w=0.0, load_w=0.0, price=price())
        minutes.append(book.take_minute())
    assert sum(m.cost_eur for m in minutes) == pytest.approx(book.total.cost_eur, abs=1e-9)


def test_a_ledger_survives_a_restart() -> None:
    book = ledger()
    book.add(START, 3600, grid_w=1000.0, pv_w=0.0, load_w=1.0, price=price(), baseline_kwh=(1.0, 0.0))
    book.take_minute()
    assert Ledger.from_data(json.loads(json.dumps(book.to_data())), ZONE) == book


def test_stores_count_by_what_they_save_at_the_meter() -> None:
    site = Site(
        assets=(
            Battery(id="b", capacity_kwh=10, max_charge_w=1, max_discharge_w=1, discharge_efficiency=0.9),
            ChargePoint(id="c", vehicle_capacity_kwh=60, efficiency=0.9),
            HotWaterTank(id="t", volume_l=100, min_c=45),
        )
    )
    state = SiteState(
        at=START,
        assets={
            "b": BatteryState(id="b", soc=Reading(value=0.5)),
            "c": ChargePointState(id="c", connected=True, soc=Reading(value=0.3)),
            "t": TankState(id="t", temperature_c=Reading(value=55.0)),
        },
    )
    assert stored_kwh(site, state) == pytest.approx(4.5 + 20.0 + 10 * 100 * 4186 / 3.6e6)


def test_the_mean_price_needs_prices() -> None:
    assert mean_price_eur_per_kwh(Tariff(name="t", slots=[price(0.2)]), START) == pytest.approx(0.2)
    assert mean_price_eur_per_kwh(Tariff(name="t", slots=[]), START) == 0.0
