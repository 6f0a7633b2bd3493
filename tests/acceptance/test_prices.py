"""Prices as aWATTar serves them: odd ones, a long day, and a server that is down for two days."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.core.tariff import Tariff
from ohmstead.daemon.config.sections import SpotCountry, SpotTariff
from ohmstead.daemon.tariff_source import tariff_source
from ohmstead.sources import HttpClient
from tests.acceptance.living import house_at, lived_in, powers
from tests.sources.server import Server, marketdata, running

HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 10, 24, 22, tzinfo=UTC)
"""Of 25 October 2026 in Vienna, a day of 25 hours."""


@pytest.fixture
def market() -> Iterator[Server]:
    with running() as server:
        yield server


def day_of(prices_eur_per_mwh: list[float], start: datetime = MIDNIGHT) -> bytes:
    return marketdata(
        [(start + i * HOUR, start + (i + 1) * HOUR, p) for i, p in enumerate(prices_eur_per_mwh)]
    )


async def fetched(server: Server, folder: Path, now: datetime) -> Tariff:
    async with HttpClient(attempts=1, pause_s=0.01) as http:
        settings = SpotTariff(country=SpotCountry.AT, url=server.url)
        return await tariff_source(settings, timezone="Europe/Vienna", http=http, cache_dir=folder).fetch(now)


@pytest.mark.parametrize(
    ("prices", "best", "worst"),
    [
        ([100.0 - 2 * i for i in range(25)], 24, 0),
        ([50.0, -80.0, *[60.0] * 23], 1, 2),
        ([0.0] * 25, 0, None),
    ],
)
async def test_a_day_of_25_hours_has_a_score_for_each(
    tmp_path: Path, market: Server, prices: list[float], best: int, worst: int | None
) -> None:
    market.body = day_of(prices)
    tariff = await fetched(market, tmp_path, MIDNIGHT + HOUR)
    async with lived_in(house_at(MIDNIGHT + HOUR), tmp_path, tariff=tariff) as life:
        asked = {"date": int((MIDNIGHT + 12 * HOUR).timestamp())}
        answer = await life.client.call("EnergyPlugin.GetSpotMarketScoreEntries", asked)
        entries = answer["spotMarketScoreEntries"]
        assert len(entries) == 25
        assert entries[0]["startDateTime"] == MIDNIGHT.timestamp()
        assert entries[-1]["endDateTime"] == (MIDNIGHT + 25 * HOUR).timestamp()
        assert entries[best]["weighting"] == 1.0
        if worst is None:
            assert {e["weighting"] for e in entries} == {1.0}
        else:
            assert entries[worst]["weighting"] == 0.0


async def test_with_the_server_down_for_two_days_deadlines_are_met_all_the_same(
    tmp_path: Path, market: Server
) -> None:
    market.body = day_of([100.0] * 20 + [40.0] * 5)
    first = MIDNIGHT + HOUR
    known = await fetched(market, tmp_path, first)
    market.status = 500
    later = first + timedelta(days=2)
    kept = await fetched(market, tmp_path, later)
    assert [s.start for s in kept.slots] == [s.start for s in known.slots]
    assert kept.at(later) is None
    async with lived_in(house_at(later, car_soc=0.5), tmp_path, tariff=kept) as life:
        await life.charge("EcoWithTargetTime", endDateTime=int((later + 5 * HOUR).timestamp()))
        records = await life.run(5 * HOUR, every_s=30.0)
        assert round(life.car_soc, 2) >= 0.8
        # Nothing tells a cheap hour: it waits as long as it can.
        assert max(powers(records, "charger")[:120]) < 100.0
