"""Prices and weather in the background, from real servers that fail."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.daemon.clock import WallClock
from ohmstead.daemon.config.loading import parse_config
from ohmstead.daemon.config.sections import Config, SpotCountry, SpotTariff, WeatherSettings
from ohmstead.daemon.feeds import HomeFeeds, age_in_words
from ohmstead.daemon.init import default_answers, render
from ohmstead.sources import HttpClient
from tests.sources.server import Server, marketdata, recorded, running

HOUR = timedelta(hours=1)
ISSUED = datetime(2026, 3, 2, 10, 20, tzinfo=UTC)
DEADLINE_S = 30.0


@pytest.fixture
def market() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def sky() -> Iterator[Server]:
    with running() as server:
        server.body = recorded("open_meteo_berlin_2026-03-02.json")
        yield server


@pytest.fixture
def config(market: Server, sky: Server, tmp_path: Path) -> Config:
    config = parse_config(render(default_answers()), tmp_path / "home.yaml")
    return replace(
        config,
        tariff=SpotTariff(country=SpotCountry.AT, url=market.url),
        weather=WeatherSettings(url=sky.url),
    )


def prices_from(start: datetime, hours: int = 36) -> bytes:
    first = start.replace(minute=0, second=0, microsecond=0)
    return marketdata([(first + i * HOUR, first + (i + 1) * HOUR, 50.0 + i) for i in range(hours)])


async def test_what_was_fetched_is_served_at_once(config: Config, market: Server, tmp_path: Path) -> None:
    market.body = prices_from(datetime.now(UTC))
    async with HttpClient(attempts=1) as http:
        feeds = HomeFeeds(config, http, tmp_path)
        assert feeds.tariff_now(ISSUED) is None
        assert feeds.outdoor_c(ISSUED).value is None
        async with feeds.running(WallClock(), first_answer_s=DEADLINE_S):
            tariff = feeds.tariff_now(datetime.now(UTC))
            assert tariff is not None
            assert tariff.at(datetime.now(UTC)) is not None
            forecast = feeds.forecast()
            assert forecast is not None
            slot = forecast.at(ISSUED)
            assert slot is not None
            assert feeds.outdoor_c(ISSUED).value == slot.outdoor_c
            assert feeds.outdoor_c(ISSUED + timedelta(days=90)).value is None
    kept = {entry.name for entry in os.scandir(tmp_path)}
    assert kept == {"prices-awattar-at.json", "weather-open-meteo.json"}


async def test_a_server_that_is_down_is_a_warning_and_what_was_fetched_stays(
    config: Config, market: Server, sky: Server, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    market.body = prices_from(now)
    async with HttpClient(attempts=1) as http:
        feeds = HomeFeeds(config, http, tmp_path)
        await feeds.tariff.refresh(now)
        assert feeds.weather is not None
        sky.status = 404
        await feeds.weather.refresh(now)
        told = feeds.warnings(now)
        assert [w.code for w in told] == ["weather"]
        assert told[0].message == (
            f"The weather forecast is missing: {sky.url}: HTTP 404 Not Found; "
            f"asked again at {now + timedelta(minutes=1)}"
        )
        before = feeds.tariff_now(now)
        assert feeds.tariff.warning(now) is None
        market.status = 500
        later = now + timedelta(days=2)
        await feeds.tariff.refresh(later)
        kept = feeds.tariff_now(later)
        assert before is not None
        assert kept is not None
        assert kept.slots == before.slots
        warning = next(w for w in feeds.warnings(later) if w.code == "prices")
        assert warning.message.startswith("The prices are out of date, fetched 2 days ago: ")
        assert "HTTP 500" in warning.message

    # A restart while the server is still down: the file serves.
    async with HttpClient(attempts=1) as http:
        again = HomeFeeds(config, http, tmp_path)
        await again.tariff.refresh(later)
        kept = again.tariff_now(later)
        assert kept is not None
        assert kept.slots == before.slots
        market.status, market.body = 200, prices_from(later)
        await again.tariff.refresh(later + HOUR)
        assert [w for w in again.warnings(later + HOUR) if w.code == "prices"] == []


@pytest.mark.parametrize("body", [b"", b"[]", b'{"object": "list", "data": []}', b"\xff\xfe", b"<html>"])
async def test_nonsense_and_empty_lists_are_no_prices(
    config: Config, market: Server, tmp_path: Path, body: bytes
) -> None:
    market.body = body
    async with HttpClient(attempts=1) as http:
        feeds = HomeFeeds(config, http, tmp_path)
        await feeds.tariff.refresh(ISSUED)
        assert feeds.tariff_now(ISSUED) is None
        assert [w.code for w in feeds.warnings(ISSUED)] == ["prices"]


async def test_a_slow_server_does_not_hold_up_the_start(
    config: Config, market: Server, tmp_path: Path
) -> None:
    market.body, market.delay_s = prices_from(datetime.now(UTC)), 0.5
    async with HttpClient(attempts=1) as http:
        feeds = HomeFeeds(config, http, tmp_path)
        async with feeds.running(WallClock(), first_answer_s=0.01):
            assert feeds.tariff.value is None
            assert feeds.tariff.warning(datetime.now(UTC)) is None
            async with asyncio.timeout(DEADLINE_S):
                await feeds.tariff.asked.wait()
            assert feeds.tariff.value is not None


def test_ages_as_people_say_them() -> None:
    found = [age_in_words(s) for s in (-5.0, 59.0, 40 * 60.0, 3 * 3600.0, 3 * 86400.0)]
    assert found == ["0 min", "1 min", "40 min", "3 h", "3 days"]
