from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ohmstead.errors import ConfigError
from ohmstead.sources import CachedProvider, HttpClient, price_provider, weather_provider
from tests.sources.server import Server, recorded

NOW = datetime(2026, 3, 2, 6, tzinfo=UTC)


async def test_every_kind_of_tariff_by_name(http: HttpClient, tmp_path: Path) -> None:
    fixed = price_provider("fixed", {"eur_per_kwh": 0.3}, http=http, cache_dir=tmp_path)
    assert [p.eur_per_kwh for p in await fixed.fetch(NOW)] == [0.3]
    options = {
        "hp_eur_per_kwh": 0.27,
        "hc_eur_per_kwh": 0.2,
        "seasons": [{"month": 1, "day": 1, "windows": [["22:00:00", "06:00:00"]]}],
    }
    hc_hp = price_provider("static_hc_hp", options, http=http, cache_dir=tmp_path)
    assert {p.eur_per_kwh for p in await hc_hp.fetch(NOW)} == {0.27, 0.2}
    assert not hc_hp.is_spot
    assert price_provider("awattar", {"country": "de"}, http=http, cache_dir=tmp_path).is_spot


async def test_weather_is_kept_like_prices(http: HttpClient, tmp_path: Path, server: Server) -> None:
    server.body = recorded("open_meteo_berlin_2026-03-02.json")
    options = {"latitude_deg": 50.0, "longitude_deg": 10.0, "url": server.url}
    provider = weather_provider("open_meteo", options, http=http, cache_dir=tmp_path)
    forecast = await provider.fetch(NOW)
    assert forecast.issued_at == NOW
    (asked,) = server.asked
    assert asked["timezone"] == ["UTC"]
    assert asked["latitude"] == ["50.00"]
    assert "direct_normal_irradiance" in asked["hourly"][0]
    server.status = 500
    again = weather_provider("open_meteo", options, http=http, cache_dir=tmp_path)
    assert isinstance(again, CachedProvider)
    assert await again.fetch(NOW + timedelta(minutes=59)) == forecast
    assert len(server.asked) == 1
    assert await again.fetch(NOW + timedelta(hours=13)) == forecast
    assert again.status(NOW + timedelta(hours=13)).stale


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("tibber", {}, r"tariff.provider: found 'tibber', allowed: awattar, ejp, fixed, static_hc_hp, tempo"),
        ("awattar", {"country": "ch"}, "country 'ch', allowed are at, de"),
        ("awattar", {}, "country"),
        ("fixed", {"eur_per_kwh": "dear"}, "eur_per_kwh"),
        ("fixed", {"eur_per_kwh": 1.0, "vta": 0.2}, "vta"),
    ],
)
async def test_unknown_names_and_options_are_refused_loudly(
    http: HttpClient, tmp_path: Path, name: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        price_provider(name, options, http=http, cache_dir=tmp_path)


async def test_an_unknown_weather_provider_is_refused(http: HttpClient, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"weather.provider: found 'frog', allowed: open_meteo"):
        weather_provider("frog", {}, http=http, cache_dir=tmp_path)
