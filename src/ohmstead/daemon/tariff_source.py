"""From the ``tariff`` section of a configuration to what fetches its prices."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

from ohmstead.daemon.config.sections import (
    EjpTariff,
    FeedIn,
    FixedTariff,
    OffPeakTariff,
    SpotTariff,
    TariffSettings,
    TempoTariff,
)
from ohmstead.sources import (
    FixedFeedIn,
    HttpClient,
    NetworkFee,
    RetailTariff,
    SpotFeedIn,
    TariffSource,
    price_provider,
)
from ohmstead.sources.hc_hp import OffPeakSeason
from ohmstead.sources.retail import NEW_YEAR


def tariff_source(
    settings: TariffSettings, *, timezone: str, http: HttpClient, cache_dir: Path
) -> TariffSource:
    """What fetches the import and export prices of a home.

    Args:
        settings: the contract.
        timezone: whose wall clock its times of day mean.
        http: asks servers.
        cache_dir: where answers are kept between starts.

    Raises:
        ConfigError: the settings contradict each other.
    """
    name, options = _provider(settings, timezone)
    provider = price_provider(name, options, http=http, cache_dir=cache_dir)
    return TariffSource(provider, _retail(settings, timezone))


def _provider(settings: TariffSettings, timezone: str) -> tuple[str, dict[str, Any]]:
    match settings:
        case FixedTariff():
            return "fixed", {"eur_per_kwh": settings.import_eur_per_kwh}
        case OffPeakTariff():
            all_year = (OffPeakSeason(start=NEW_YEAR, windows=settings.hc_windows),)
            return "static_hc_hp", {
                "hp_eur_per_kwh": settings.hp_eur_per_kwh,
                "hc_eur_per_kwh": settings.hc_eur_per_kwh,
                "seasons": [_season(season) for season in settings.seasons or all_year],
                "timezone": timezone,
            }
        case TempoTariff() | EjpTariff():
            options = {f.name: getattr(settings, f.name) for f in fields(settings) if f.name != "feed_in"}
            if settings.days_file is not None:
                options["days_file"] = str(settings.days_file)
            return ("tempo" if isinstance(settings, TempoTariff) else "ejp"), options
        case SpotTariff():
            return "awattar", {"country": settings.country.value, "url": settings.url}


def _season(season: OffPeakSeason) -> dict[str, Any]:
    return {
        "month": season.start.month,
        "day": season.start.day,
        "windows": [(window.start, window.end) for window in season.windows],
    }


def _retail(settings: TariffSettings, timezone: str) -> RetailTariff:
    feed_in = _feed_in(settings.feed_in)
    match settings:
        case FixedTariff():
            return RetailTariff(name="Fixed price", timezone=timezone, feed_in=feed_in)
        case OffPeakTariff():
            return RetailTariff(name="Peak and off-peak", timezone=timezone, feed_in=feed_in)
        case TempoTariff():
            return RetailTariff(name="Tempo", timezone=timezone, feed_in=feed_in)
        case EjpTariff():
            return RetailTariff(name="EJP", timezone=timezone, feed_in=feed_in)
        case SpotTariff():
            return RetailTariff(
                name=f"aWATTar {settings.country.value.upper()}",
                timezone=timezone,
                surcharge_eur_per_kwh=settings.surcharge_eur_per_kwh,
                network_eur_per_kwh=settings.network_eur_per_kwh,
                network_fees=tuple(
                    NetworkFee(window=fee.window, eur_per_kwh=fee.eur_per_kwh)
                    for fee in settings.network_windows
                ),
                vat=settings.vat,
                feed_in=feed_in,
            )


def _feed_in(settings: FeedIn) -> FixedFeedIn | SpotFeedIn:
    if settings.spot_factor is not None:
        return SpotFeedIn(factor=settings.spot_factor, fee_eur_per_kwh=settings.spot_fee_eur_per_kwh)
    return FixedFeedIn(eur_per_kwh=settings.fixed_eur_per_kwh or 0.0)
