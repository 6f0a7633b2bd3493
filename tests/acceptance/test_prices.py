"""Prices as aWATTar serves them: odd ones, a long day, and a server that is down for two days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.core.record import CycleRecord
from tests.acceptance.feeding import fed
from tests.acceptance.living import LOCAL, house_at, powers, starts_and_stops, told
from tests.sources.server import Server, marketdata, running

HOUR = timedelta(hours=1)
MIDNIGHT = datetime(2026, 10, 24, 22, tzinfo=UTC)
"""Of 25 October 2026 in Vienna, a day of 25 hours."""
LATER = MIDNIGHT + HOUR / 2
FULL_W = 10_000.0
"""More than this is charging with all that the station gives."""


@pytest.fixture
def market() -> Iterator[Server]:
    with running() as server:
        yield server


def day_of(eur_per_mwh: Sequence[float], start: datetime = MIDNIGHT) -> bytes:
    return marketdata([(start + i * HOUR, start + (i + 1) * HOUR, p) for i, p in enumerate(eur_per_mwh)])


def awattar(market: Server) -> str:
    """The section of the configuration; the price at home is the market's."""
    return f"{{provider: awattar, country: at, url: '{market.url}', feed_in: {{fixed_eur_per_kwh: 0.07}}}}"


def at_full_power(records: Sequence[CycleRecord]) -> set[int]:
    """The hours since midnight in which the car was told to take all that it can."""
    told_w = told(records, "charger")
    return {int((r.at - MIDNIGHT) / HOUR) for r, w in zip(records, told_w, strict=True) if w > FULL_W}


@pytest.mark.parametrize(
    ("prices", "best", "worst"),
    [
        ([100.0 - 2 * i for i in range(25)], 24, 0),
        ([50.0, -80.0, *[60.0] * 23], 1, 2),
        ([0.0] * 25, 0, None),
    ],
    ids=["falling", "negative", "flat"],
)
async def test_a_day_of_25_hours_has_a_score_for_each(
    tmp_path: Path, market: Server, prices: list[float], best: int, worst: int | None
) -> None:
    market.body = day_of(prices)
    async with fed(house_at(LATER), tmp_path, awattar(market)) as it:
        entries = await it.scores(MIDNIGHT + 12 * HOUR)
        assert len(entries) == 25
        assert entries[0]["startDateTime"] == MIDNIGHT.timestamp()
        assert entries[-1]["endDateTime"] == (MIDNIGHT + 25 * HOUR).timestamp()
        assert [e["value"] for e in entries] == pytest.approx([p / 1000 for p in prices])
        assert entries[best]["weighting"] == 1.0
        if worst is None:
            assert {e["weighting"] for e in entries} == {1.0}
        else:
            assert entries[worst]["weighting"] == 0.0


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cheap", "car_soc", "hours"),
    [
        # Both hours from two to three: the clocks go back between them.
        ({2: 20.0, 3: 10.0}, 0.5, {2, 3}),
        ({4: -80.0}, 0.66, {4}),
        # Paid for taking more, dearer than usual afterwards: the most negative ones count.
        ({1: -20.0, 2: -90.0, 3: -50.0, 4: 300.0}, 0.5, {2, 3}),
    ],
    ids=["the hour twice", "one negative", "several negative"],
)
async def test_the_car_charges_in_the_hours_with_the_best_scores(
    tmp_path: Path, market: Server, cheap: dict[int, float], car_soc: float, hours: set[int]
) -> None:
    market.body = day_of([cheap.get(i, 60.0) for i in range(25)])
    async with fed(house_at(LATER, car_soc=car_soc), tmp_path, awattar(market)) as it:
        entries = await it.scores(LATER)
        best = sorted(range(25), key=lambda i: -entries[i]["weighting"])[: len(hours)]
        assert set(best) == hours
        await it.life.charge("EcoWithTargetTime", endDateTime=int((MIDNIGHT + 20 * HOUR).timestamp()))
        records = await it.run(6 * HOUR)
        assert at_full_power(records) == hours
        assert round(it.life.car_soc, 2) >= 0.8
        if hours == {2, 3}:
            assert {(MIDNIGHT + h * HOUR).astimezone(LOCAL).hour for h in cheap if h in hours} == {2}


@pytest.mark.slow
async def test_at_flat_prices_the_car_is_ready_all_the_same(tmp_path: Path, market: Server) -> None:
    market.body = day_of([50.0] * 25)
    async with fed(house_at(LATER, car_soc=0.5), tmp_path, awattar(market)) as it:
        await it.life.charge("EcoWithTargetTime", endDateTime=int((LATER + 5 * HOUR).timestamp()))
        records = await it.run(5 * HOUR)
        assert round(it.life.car_soc, 2) >= 0.8
        # No slot is better than another, and nothing flutters between them.
        assert starts_and_stops(told(records, "charger")) <= 4


@pytest.mark.slow
async def test_with_the_server_down_for_two_days_deadlines_are_met_all_the_same(
    tmp_path: Path, market: Server
) -> None:
    market.body = day_of([100.0] * 3 + [40.0] * 2 + [100.0] * 20)
    async with fed(house_at(LATER, car_soc=0.5), tmp_path, awattar(market)) as it:
        known = await it.scores(LATER)
        assert len(known) == 25
    market.status = 500
    house = house_at(LATER, car_soc=0.5)
    async with fed(house, tmp_path, awattar(market)) as it:
        # After a restart without the server, what was fetched before counts.
        assert await it.scores(LATER) == known
        await it.life.charge("EcoWithTargetTime", endDateTime=int((MIDNIGHT + 8 * HOUR).timestamp()))
        assert at_full_power(await it.run(6 * HOUR)) == {3, 4}
        assert round(it.life.car_soc, 2) >= 0.8

        await it.run(MIDNIGHT + timedelta(days=2) - it.life.clock.now(), every_s=300.0)
        now = it.life.clock.now()
        assert await it.scores(now) == []
        assert any("out of date" in words for words in it.warnings())
        market_state = await it.life.client.call("EnergyPlugin.GetSpotMarketConfiguration")
        assert market_state["available"] is True
        house.devices.charger.soc = 0.5
        await it.life.charge("EcoWithTargetTime", endDateTime=int((now + 4 * HOUR).timestamp()))
        records = await it.run(4 * HOUR)
        assert round(it.life.car_soc, 2) >= 0.8
        # Nothing tells a cheap hour: it waits as long as it can.
        assert max(powers(records, "charger")[:60]) < 100.0

        market.status, market.body = 200, day_of([70.0] * 24, MIDNIGHT + timedelta(days=2, hours=1))
        await it.run(HOUR, every_s=300.0)
        assert len(await it.scores(it.life.clock.now())) == 24
        assert it.warnings() == []
