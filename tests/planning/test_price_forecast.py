"""Known prices stay, unknown ones look like the past weeks at today's level."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ohmstead.core.tariff import PriceSlot
from ohmstead.planning.price_forecast import extend_prices

START = datetime(2026, 4, 13, tzinfo=UTC)
HOUR = timedelta(hours=1)


def slot(start: datetime, price: float) -> PriceSlot:
    return PriceSlot(start=start, end=start + HOUR, import_eur_per_kwh=price, export_eur_per_kwh=price - 0.2)


def usual(at: datetime) -> float:
    """Cheap at noon, cheaper still on Sundays."""
    return (0.10 if 10 <= at.hour < 14 else 0.30) - (0.05 if at.weekday() == 6 else 0.0)


def test_known_prices_are_kept_and_the_rest_is_marked() -> None:
    known = [slot(START + i * HOUR, 0.2 + i / 100) for i in range(24)]
    out = extend_prices(known, start=START, end=START + 48 * HOUR, timezone="UTC")
    assert len(out) == 192
    assert [s.import_eur_per_kwh for s in out[:96:4]] == [s.import_eur_per_kwh for s in known]
    assert all(s.known for s in out[:96])
    assert not any(s.known for s in out[96:])
    assert [s.import_eur_per_kwh for s in out[96:]] == pytest.approx([s.import_eur_per_kwh for s in out[:96]])


def test_the_forecast_is_the_weekdays_hour_at_todays_level() -> None:
    history = [slot(START + i * HOUR, usual(START + i * HOUR)) for i in range(-24 * 21, 0)]
    lifted = [slot(START + i * HOUR, usual(START + i * HOUR) + 0.08) for i in range(24)]
    sunday = START + timedelta(days=6)
    out = extend_prices(lifted, start=sunday, end=sunday + 24 * HOUR, timezone="UTC", history=history)
    # Mondays count the lifted day too: a quarter of the four in the window.
    for s in out:
        assert s.import_eur_per_kwh == pytest.approx(usual(s.start) + 0.06, abs=0.021)
        assert s.import_eur_per_kwh - s.export_eur_per_kwh == pytest.approx(0.2)
    noon, night = out[48], out[0]
    assert night.import_eur_per_kwh - noon.import_eur_per_kwh == pytest.approx(0.2)


def test_holes_and_broken_values_are_filled() -> None:
    known = [slot(START + i * HOUR, 0.2) for i in range(24) if i != 5]
    known.append(slot(START + 5 * HOUR, float("nan")))
    out = extend_prices(known, start=START, end=START + 24 * HOUR, timezone="Europe/Vienna")
    assert all(abs(s.import_eur_per_kwh - 0.2) < 1e-9 for s in out)
    assert [s.known for s in out].count(False) == 4


def test_without_any_price_the_fallback_serves() -> None:
    out = extend_prices([], start=START, end=START + HOUR, timezone="UTC", fallback=(0.4, 0.1))
    assert {(s.import_eur_per_kwh, s.export_eur_per_kwh, s.known) for s in out} == {(0.4, 0.1, False)}


def test_the_hour_follows_local_time_over_the_clock_change() -> None:
    # Local noon is cheap; the clocks change on 29 March 2026.
    before = datetime(2026, 3, 28, 23, tzinfo=UTC) - timedelta(days=7)
    history = [slot(at, 0.1 if at.hour == 11 else 0.3) for at in (before + i * HOUR for i in range(24 * 7))]
    start = datetime(2026, 3, 30, tzinfo=UTC)
    out = extend_prices(history, start=start, end=start + 24 * HOUR, timezone="Europe/Vienna")
    cheapest = min(out, key=lambda s: s.import_eur_per_kwh)
    assert cheapest.start.hour == 10
