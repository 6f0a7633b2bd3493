"""What a nymea client is told ahead is what is then done."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.living import CHARGER, house_at, lived_in, powers, tariff_of

EVENING = datetime(2026, 11, 10, 17, tzinfo=UTC)
HOUR = timedelta(hours=1)
SLACK = timedelta(minutes=6)
"""Schedules are told in steps of minutes, and a charger needs a moment to start and to stop."""


@pytest.mark.slow
async def test_the_cheapest_hours_that_are_told_are_those_that_are_taken(tmp_path: Path) -> None:
    prices = [0.35, 0.35, 0.2, 0.35, 0.35, 0.35, 0.12, 0.12, 0.3, 0.25, 0.3, 0.3, 0.3]
    async with lived_in(house_at(EVENING, car_soc=0.3), tmp_path, tariff=tariff_of(EVENING, prices)) as life:
        await life.charge("EcoWithTargetTime", endDateTime=int((EVENING + 12 * HOUR).timestamp()))
        await life.run(timedelta(minutes=1))
        answer = await life.client.call("EnergyPlugin.GetChargingSchedules", {"evChargerId": CHARGER})
        told = [
            (datetime.fromtimestamp(s["startDateTime"], UTC), datetime.fromtimestamp(s["endDateTime"], UTC))
            for s in answer["chargingSchedules"]
        ]
        assert len(told) >= 2
        records = await life.run(12 * HOUR, every_s=30.0)
        ran = [r.at for r, w in zip(records, powers(records, "charger"), strict=True) if w > 5000.0]
        assert round(life.car_soc, 2) >= 0.8
        assert all(any(a - SLACK <= at <= b + SLACK for a, b in told) for at in ran)
        told_s = sum((b - a).total_seconds() for a, b in told)
        # The car's own losses are a little smaller than what the charger is configured with.
        assert 0.85 * told_s <= 30.0 * len(ran) <= 1.02 * told_s
