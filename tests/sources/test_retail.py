from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from ohmstead.errors import ConfigError
from ohmstead.sources import FixedFeedIn, NetworkFee, RetailTariff, SpotFeedIn, TariffSource, WholesalePrice
from ohmstead.sources.fixed import FixedPriceProvider
from ohmstead.sources.local_time import DailyWindow, YearDay

VIENNA = ZoneInfo("Europe/Vienna")
HOUR = timedelta(hours=1)


def price(start: datetime, eur_per_kwh: float, length: timedelta = HOUR) -> WholesalePrice:
    return WholesalePrice(start=start, end=start + length, eur_per_kwh=eur_per_kwh)


NOON = datetime(2026, 7, 1, 10, tzinfo=UTC)
"""12:00 in Vienna."""


def test_the_formula() -> None:
    retail = RetailTariff(
        spot_factor=1.03,
        surcharge_eur_per_kwh=0.015,
        network_eur_per_kwh=0.08,
        vat=0.2,
        feed_in=SpotFeedIn(factor=0.9, fee_eur_per_kwh=0.01),
    )
    (slot,) = retail.tariff([price(NOON, 0.1)]).slots
    assert slot.import_eur_per_kwh == pytest.approx((0.103 + 0.015 + 0.08) * 1.2)
    assert slot.export_eur_per_kwh == pytest.approx(0.08)
    assert slot.known


def test_negative_prices_stay_negative_both_ways() -> None:
    retail = RetailTariff(vat=0.2, feed_in=SpotFeedIn(fee_eur_per_kwh=0.01))
    (slot,) = retail.tariff([price(NOON, -0.2)]).slots
    assert slot.import_eur_per_kwh == pytest.approx(-0.24)
    assert slot.export_eur_per_kwh == pytest.approx(-0.21)


def test_without_options_the_price_is_the_price_and_exports_bring_nothing() -> None:
    (slot,) = RetailTariff().tariff([price(NOON, 0.25)]).slots
    assert (slot.import_eur_per_kwh, slot.export_eur_per_kwh) == (0.25, 0.0)


def test_a_slot_is_cut_where_the_network_fee_changes() -> None:
    """As Austria's summer fee: cheaper from 10:00 to 16:00, April to September."""
    fee = NetworkFee(
        window=DailyWindow(start=time(10), end=time(16)),
        eur_per_kwh=0.05,
        first=YearDay(month=4, day=1),
        last=YearDay(month=9, day=30),
    )
    retail = RetailTariff(timezone="Europe/Vienna", network_eur_per_kwh=0.08, network_fees=(fee,))
    day = datetime(2026, 7, 1, tzinfo=VIENNA).astimezone(UTC)
    slots = retail.tariff([price(day, 0.0, 24 * HOUR)]).slots
    assert [(s.end - s.start, s.import_eur_per_kwh) for s in slots] == [
        (10 * HOUR, 0.08),
        (6 * HOUR, 0.05),
        (8 * HOUR, 0.08),
    ]
    october = datetime(2026, 10, 1, tzinfo=VIENNA).astimezone(UTC)
    assert [s.import_eur_per_kwh for s in retail.tariff([price(october, 0.0, 24 * HOUR)]).slots] == [0.08]


def test_the_first_fee_that_applies_counts_and_winter_seasons_reach_over_new_year() -> None:
    all_day = DailyWindow(start=time(0), end=time(0))
    winter = NetworkFee(
        window=all_day, eur_per_kwh=0.1, first=YearDay(month=11, day=1), last=YearDay(month=2, day=28)
    )
    rest = NetworkFee(window=all_day, eur_per_kwh=0.07)
    retail = RetailTariff(network_fees=(winter, rest))
    for month, expected in ((1, 0.1), (12, 0.1), (3, 0.07), (10, 0.07)):
        (slot,) = retail.tariff([price(datetime(2026, month, 5, 12, tzinfo=UTC), 0.0)]).slots
        assert slot.import_eur_per_kwh == expected


def test_gaps_stay_gaps() -> None:
    tariff = RetailTariff().tariff([price(NOON, 0.1), price(NOON + 2 * HOUR, 0.3)])
    assert tariff.at(NOON + 1.5 * HOUR) is None


def test_vat_in_percent_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"20 % is 0\.2"):
        RetailTariff(vat=20)


async def test_a_tariff_source_joins_provider_and_formula() -> None:
    retail = RetailTariff(name="Flat", feed_in=FixedFeedIn(eur_per_kwh=0.08))
    tariff = await TariffSource(FixedPriceProvider(eur_per_kwh=0.3), retail).fetch(NOON)
    slot = tariff.at(NOON)
    assert slot is not None
    assert (tariff.name, slot.import_eur_per_kwh, slot.export_eur_per_kwh) == ("Flat", 0.3, 0.08)


def test_spot_feed_in_needs_a_spot_provider() -> None:
    with pytest.raises(ConfigError, match="needs a spot provider"):
        TariffSource(FixedPriceProvider(eur_per_kwh=0.3), RetailTariff(feed_in=SpotFeedIn()))
