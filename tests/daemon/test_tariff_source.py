"""Every contract that a configuration can describe becomes the prices it means."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest

from ohmstead.core.tariff import Tariff
from ohmstead.daemon.config.sections import (
    FeedIn,
    FixedTariff,
    NetworkFee,
    OffPeakTariff,
    SpotCountry,
    SpotTariff,
    TariffSettings,
)
from ohmstead.daemon.tariff_source import tariff_source
from ohmstead.errors import ConfigError
from ohmstead.sources import HttpClient
from ohmstead.sources.hc_hp import OffPeakSeason
from ohmstead.sources.local_time import DailyWindow, YearDay
from tests.sources.server import marketdata, running

NOW = datetime(2026, 7, 1, 10, tzinfo=UTC)
"""12:00 in Paris and Vienna."""
HOUR = timedelta(hours=1)


async def fetched(settings: TariffSettings, folder: Path, timezone: str = "Europe/Paris") -> Tariff:
    async with HttpClient(attempts=1) as http:
        source = tariff_source(settings, timezone=timezone, http=http, cache_dir=folder)
        return await source.fetch(NOW)


def price(tariff: Tariff, hours: float) -> tuple[float, float]:
    slot = tariff.at(NOW + hours * HOUR)
    assert slot is not None
    return slot.import_eur_per_kwh, slot.export_eur_per_kwh


async def test_a_fixed_price_holds_at_any_time(tmp_path: Path) -> None:
    settings = FixedTariff(import_eur_per_kwh=0.31, feed_in=FeedIn(fixed_eur_per_kwh=0.08))
    tariff = await fetched(settings, tmp_path)
    assert [price(tariff, h) for h in (0, 13, 48)] == [(0.31, 0.08)] * 3


async def test_off_peak_hours_are_the_same_all_year_in_local_time(tmp_path: Path) -> None:
    window = DailyWindow(start=time(22, 30), end=time(6, 30))
    settings = OffPeakTariff(hp_eur_per_kwh=0.27, hc_eur_per_kwh=0.2, hc_windows=(window,))
    tariff = await fetched(settings, tmp_path)
    # From 12:00 local: 22:15, 22:30, 06:15, 06:30.
    assert [price(tariff, h)[0] for h in (10.25, 10.5, 18.25, 18.5)] == [0.27, 0.2, 0.2, 0.27]
    assert price(tariff, 0) == (0.27, 0.0)


async def test_off_peak_seasons_are_passed_on(tmp_path: Path) -> None:
    midday = DailyWindow(start=time(11), end=time(17))
    night = DailyWindow(start=time(23), end=time(7))
    settings = OffPeakTariff(
        hp_eur_per_kwh=0.27,
        hc_eur_per_kwh=0.2,
        seasons=(
            OffPeakSeason(start=YearDay(month=4, day=1), windows=(midday,)),
            OffPeakSeason(start=YearDay(month=11, day=1), windows=(night,)),
        ),
    )
    tariff = await fetched(settings, tmp_path)
    assert [price(tariff, h)[0] for h in (0, 6, 12)] == [0.2, 0.27, 0.27]


async def test_the_spot_price_gets_its_surcharges_and_feed_in(tmp_path: Path) -> None:
    with running() as server:
        server.body = marketdata([(NOW + i * HOUR, NOW + (i + 1) * HOUR, 100.0 - 40.0 * i) for i in range(4)])
        settings = SpotTariff(
            country=SpotCountry.AT,
            surcharge_eur_per_kwh=0.015,
            network_eur_per_kwh=0.09,
            network_windows=(NetworkFee(window=DailyWindow(start=time(13), end=time(16)), eur_per_kwh=0.06),),
            vat=0.2,
            feed_in=FeedIn(spot_factor=0.9, spot_fee_eur_per_kwh=0.01),
            url=server.url,
        )
        tariff = await fetched(settings, tmp_path, "Europe/Vienna")
    assert tariff.name == "aWATTar AT"
    assert price(tariff, 0) == pytest.approx(((0.1 + 0.015 + 0.09) * 1.2, 0.08))
    assert price(tariff, 1) == pytest.approx(((0.06 + 0.015 + 0.06) * 1.2, 0.044))
    assert price(tariff, 3)[1] == pytest.approx(-0.028)
    assert (tmp_path / "prices-awattar-at.json").exists()


async def test_a_spot_feed_in_needs_a_spot_tariff(tmp_path: Path) -> None:
    settings = FixedTariff(import_eur_per_kwh=0.3, feed_in=FeedIn(spot_factor=1.0))
    with pytest.raises(ConfigError, match="needs a spot provider"):
        await fetched(settings, tmp_path)
