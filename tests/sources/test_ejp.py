"""EJP: peak days from seven to one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ohmstead.errors import ConfigError, DataError
from ohmstead.sources import HttpClient, price_provider

PARIS = ZoneInfo("Europe/Paris")


def local(*args: int) -> datetime:
    return datetime(*args, tzinfo=PARIS).astimezone(UTC)  # type: ignore[misc,arg-type]


async def test_a_peak_day_lasts_from_seven_to_one_of_the_next_day(http: HttpClient, tmp_path: Path) -> None:
    days = tmp_path / "ejp.txt"
    days.write_text("2026-01-15\n")
    options = {"normal_eur_per_kwh": 0.14, "peak_eur_per_kwh": 1.2, "days_file": str(days)}
    provider = price_provider("ejp", options, http=http, cache_dir=tmp_path)
    prices = await provider.fetch(local(2026, 1, 15, 12))
    dear = [(p.start, p.end) for p in prices if p.eur_per_kwh == 1.2]
    assert dear == [(local(2026, 1, 15, 7), local(2026, 1, 16, 1))]
    assert (prices[0].start, prices[-1].end) == (local(2026, 1, 14), local(2026, 1, 17))
    days.write_text("2026-01-15\n2026-01-16\n")
    dear = [(p.start, p.end) for p in await provider.fetch(local(2026, 1, 15, 20)) if p.eur_per_kwh == 1.2]
    assert dear[-1] == (local(2026, 1, 16, 7), local(2026, 1, 17))
    days.write_text("soon\n")
    with pytest.raises(DataError, match="line 1: found 'soon', allowed: a date as 2026-01-15"):
        await provider.fetch(local(2026, 1, 15, 20))
    with pytest.raises(ConfigError, match=r"tariff\.days_file"):
        price_provider("ejp", options, http=http, cache_dir=tmp_path)
