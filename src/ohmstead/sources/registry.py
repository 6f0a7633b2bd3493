"""Providers by the names that a configuration uses. An unknown name or option is refused loudly."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from ohmstead.errors import ConfigError, DataError
from ohmstead.sources import prices, weather
from ohmstead.sources.awattar import AwattarProvider
from ohmstead.sources.cached import CachedProvider
from ohmstead.sources.ejp import EjpProvider
from ohmstead.sources.fixed import FixedPriceProvider
from ohmstead.sources.hc_hp import OffPeakSeason, StaticHcHpProvider
from ohmstead.sources.http_client import HttpClient
from ohmstead.sources.local_time import DailyWindow, YearDay
from ohmstead.sources.open_meteo import OpenMeteoProvider
from ohmstead.sources.prices import PriceProvider, WholesalePrice
from ohmstead.sources.tempo import ColouredDay, ColourPrices, TempoProvider, TempoServer, checked_days
from ohmstead.sources.tempo_days import Colour
from ohmstead.sources.weather import WeatherForecast, WeatherProvider

PriceFactory = Callable[[Mapping[str, Any], HttpClient, Path], PriceProvider]
WeatherFactory = Callable[[Mapping[str, Any], HttpClient, Path], WeatherProvider]

_F = TypeVar("_F")
_O = TypeVar("_O")


class _Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    pass


class FixedOptions(_Options, frozen=True, kw_only=True):
    """Options of ``fixed``."""

    eur_per_kwh: float


class SeasonOptions(_Options, frozen=True, kw_only=True):
    """A season of ``static_hc_hp``: its first day and its off-peak windows as (start, end)."""

    month: int
    day: int
    windows: tuple[tuple[time, time], ...]


class HcHpOptions(_Options, frozen=True, kw_only=True):
    """Options of ``static_hc_hp``."""

    hp_eur_per_kwh: float
    hc_eur_per_kwh: float
    seasons: tuple[SeasonOptions, ...]
    timezone: str = "Europe/Paris"


class TempoOptions(_Options, frozen=True, kw_only=True):
    """Options of ``tempo``."""

    blue_hc_eur_per_kwh: float
    blue_hp_eur_per_kwh: float
    white_hc_eur_per_kwh: float
    white_hp_eur_per_kwh: float
    red_hc_eur_per_kwh: float
    red_hp_eur_per_kwh: float
    days_file: str | None = None
    ask_server: bool = True
    url: str | None = None


class EjpOptions(_Options, frozen=True, kw_only=True):
    """Options of ``ejp``."""

    normal_eur_per_kwh: float
    peak_eur_per_kwh: float
    days_file: str


class AwattarOptions(_Options, frozen=True, kw_only=True):
    """Options of ``awattar``."""

    country: str
    url: str | None = None
    past_days: int = 28
    spread_s: float = 300.0


class OpenMeteoOptions(_Options, frozen=True, kw_only=True):
    """Options of ``open_meteo``."""

    latitude_deg: float
    longitude_deg: float
    interval_s: float = 3600.0
    url: str | None = None


def price_provider(
    name: str, options: Mapping[str, Any], *, http: HttpClient, cache_dir: Path
) -> PriceProvider:
    """The provider of prices of that name.

    Args:
        name: ``awattar``, ``ejp``, ``fixed``, ``static_hc_hp`` or ``tempo``.
        options: its options, see the ``…Options`` classes.
        http: asks servers.
        cache_dir: where answers are kept.

    Raises:
        ConfigError: unknown name, or an option that is missing, unknown or wrong.
    """
    return _chosen(PRICE_PROVIDERS, name, "tariff.provider")(options, http, cache_dir)


def weather_provider(
    name: str, options: Mapping[str, Any], *, http: HttpClient, cache_dir: Path
) -> WeatherProvider:
    """The provider of weather forecasts of that name; as :func:`price_provider`."""
    return _chosen(WEATHER_PROVIDERS, name, "weather.provider")(options, http, cache_dir)


def _fixed(options: Mapping[str, Any], _http: HttpClient, _cache_dir: Path) -> PriceProvider:
    return FixedPriceProvider(eur_per_kwh=_read(options, FixedOptions, "fixed").eur_per_kwh)


def _hc_hp(options: Mapping[str, Any], _http: HttpClient, _cache_dir: Path) -> PriceProvider:
    o = _read(options, HcHpOptions, "static_hc_hp")
    seasons = tuple(
        OffPeakSeason(
            start=YearDay(month=s.month, day=s.day),
            windows=tuple(DailyWindow(start=start, end=end) for start, end in s.windows),
        )
        for s in o.seasons
    )
    return StaticHcHpProvider(
        hp_eur_per_kwh=o.hp_eur_per_kwh, hc_eur_per_kwh=o.hc_eur_per_kwh, seasons=seasons, timezone=o.timezone
    )


def _tempo(options: Mapping[str, Any], http: HttpClient, cache_dir: Path) -> PriceProvider:
    o = _read(options, TempoOptions, "tempo")
    server = None
    if o.ask_server:
        server = CachedProvider(
            TempoServer(http=http, url=o.url),
            cache_dir / "tempo-days.json",
            kind=tuple[ColouredDay, ...],
            check=checked_days,
        )
    return _usable(
        lambda: TempoProvider(
            prices={
                Colour.BLUE: ColourPrices(
                    hc_eur_per_kwh=o.blue_hc_eur_per_kwh, hp_eur_per_kwh=o.blue_hp_eur_per_kwh
                ),
                Colour.WHITE: ColourPrices(
                    hc_eur_per_kwh=o.white_hc_eur_per_kwh, hp_eur_per_kwh=o.white_hp_eur_per_kwh
                ),
                Colour.RED: ColourPrices(
                    hc_eur_per_kwh=o.red_hc_eur_per_kwh, hp_eur_per_kwh=o.red_hp_eur_per_kwh
                ),
            },
            days_file=None if o.days_file is None else Path(o.days_file),
            server=server,
        )
    )


def _ejp(options: Mapping[str, Any], _http: HttpClient, _cache_dir: Path) -> PriceProvider:
    o = _read(options, EjpOptions, "ejp")
    return _usable(
        lambda: EjpProvider(
            normal_eur_per_kwh=o.normal_eur_per_kwh,
            peak_eur_per_kwh=o.peak_eur_per_kwh,
            days_file=Path(o.days_file),
        )
    )


def _usable(make: Callable[[], PriceProvider]) -> PriceProvider:
    """A provider whose table of days is right; later changes of it are judged when they are read."""
    try:
        return make()
    except DataError as error:
        raise ConfigError(f"tariff.days_file: {error}") from error


def _awattar(options: Mapping[str, Any], http: HttpClient, cache_dir: Path) -> PriceProvider:
    o = _read(options, AwattarOptions, "awattar")
    provider = AwattarProvider(
        http=http, country=o.country, url=o.url, past_days=o.past_days, spread_s=o.spread_s
    )
    path = cache_dir / f"prices-{provider.name}.json"
    return CachedProvider(
        provider, path, kind=tuple[WholesalePrice, ...], check=_checked_prices, is_spot=True
    )


def _checked_prices(kept: tuple[WholesalePrice, ...], source: str) -> tuple[WholesalePrice, ...]:
    if not kept:
        raise DataError(f"{source}: the list of prices is empty")
    return prices.checked(kept, source)


def _open_meteo(options: Mapping[str, Any], http: HttpClient, cache_dir: Path) -> WeatherProvider:
    o = _read(options, OpenMeteoOptions, "open_meteo")
    provider = OpenMeteoProvider(
        http=http,
        latitude_deg=o.latitude_deg,
        longitude_deg=o.longitude_deg,
        interval_s=o.interval_s,
        url=o.url,
    )
    return CachedProvider(
        provider, cache_dir / "weather-open-meteo.json", kind=WeatherForecast, check=weather.checked
    )


PRICE_PROVIDERS: Mapping[str, PriceFactory] = {
    "awattar": _awattar,
    "ejp": _ejp,
    "fixed": _fixed,
    "static_hc_hp": _hc_hp,
    "tempo": _tempo,
}

WEATHER_PROVIDERS: Mapping[str, WeatherFactory] = {"open_meteo": _open_meteo}


def _chosen(table: Mapping[str, _F], name: str, key: str) -> _F:
    if name not in table:
        raise ConfigError(f"{key}: found {name!r}, allowed: {', '.join(sorted(table))}")
    return table[name]


def _read(options: Mapping[str, Any], kind: type[_O], name: str) -> _O:
    try:
        return msgspec.convert(dict(options), type=kind)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {error}") from error
