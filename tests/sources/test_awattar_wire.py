from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.errors import DataError
from ohmstead.sources.awattar_wire import parse_marketdata
from ohmstead.sources.local_time import local_midnight
from ohmstead.sources.prices import gaps
from tests.sources.server import marketdata, recorded

T0 = datetime(2026, 8, 20, 22, tzinfo=UTC)
HOUR = timedelta(hours=1)
VIENNA = ZoneInfo("Europe/Vienna")


def hours(count: int) -> list[tuple[datetime, datetime, float]]:
    return [(T0 + i * HOUR, T0 + (i + 1) * HOUR, 50.0 + i) for i in range(count)]


def test_a_recorded_hourly_answer() -> None:
    prices = parse_marketdata(recorded("awattar_at_marketdata_2026-08-21.json"), "file")
    assert len(prices) == 24
    assert prices[0].start == T0
    assert prices[-1].end == T0 + 24 * HOUR
    assert prices[0].eur_per_kwh == pytest.approx(0.17035)
    assert gaps(prices) == ()


def test_a_recorded_quarter_hourly_answer_of_the_same_day() -> None:
    hourly = parse_marketdata(recorded("awattar_at_marketdata_2026-08-21.json"), "file")
    quarters = parse_marketdata(recorded("awattar_shape_at_15min_2026-08-21.json"), "file")
    assert len(quarters) == 96
    assert (quarters[0].start, quarters[-1].end) == (hourly[0].start, hourly[-1].end)
    for i, hour in enumerate(hourly):
        mean = sum(q.eur_per_kwh for q in quarters[4 * i : 4 * i + 4]) / 4
        assert mean == pytest.approx(hour.eur_per_kwh, abs=0.01)


@pytest.mark.parametrize(
    ("day", "length"), [(date(2026, 10, 25), 25), (date(2026, 3, 29), 23), (date(2026, 6, 1), 24)]
)
def test_days_of_23_24_and_25_hours(day: date, length: int) -> None:
    start, end = local_midnight(day, VIENNA), local_midnight(day + timedelta(days=1), VIENNA)
    count = (end - start) // HOUR
    assert count == length
    slots = [(start + i * HOUR, start + (i + 1) * HOUR, float(i)) for i in range(count)]
    prices = parse_marketdata(marketdata(slots), "file")
    assert [p.start for p in prices] == [s[0] for s in slots]
    assert gaps(prices) == ()


def test_order_and_repetition_do_not_matter_and_gaps_are_told() -> None:
    slots = hours(6)
    del slots[2]
    prices = parse_marketdata(marketdata([*reversed(slots), slots[0]]), "file")
    assert len(prices) == 5
    assert gaps(prices) == ((T0 + 2 * HOUR, T0 + 3 * HOUR),)


def test_negative_prices_and_no_prices_are_prices() -> None:
    (price,) = parse_marketdata(marketdata([(T0, T0 + HOUR, -500.0)]), "file")
    assert price.eur_per_kwh == pytest.approx(-0.5)
    assert parse_marketdata(marketdata([]), "file") == ()


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (marketdata(hours(3))[:100], r"^http://x: "),
        (b"", "^http://x: "),
        (b"\xff\xfe", "^http://x: "),
        (b"<html>", "^http://x: "),
        (b'{"data": [{"start_timestamp": "x"}]}', r"\$.data\[0\]"),
        (marketdata(hours(2), unit="ct/kWh"), r"data\[0\].unit: found 'ct/kWh', allowed is 'Eur/MWh'"),
        (marketdata([*hours(2), (T0 + HOUR / 2, T0 + 1.5 * HOUR, 1.0)]), "overlap"),
        (marketdata([*hours(2), (T0, T0 + HOUR, 99.0)]), "overlap"),
        (marketdata([(T0, T0 + 24 * HOUR, 1.0)]), "slot of 1440 minutes"),
        (marketdata([(T0 + HOUR, T0, 1.0)]), "slot of -60 minutes"),
        (marketdata([(T0, T0 + HOUR, 1e6)]), r"marketprice: found 1000000.0"),
        (
            json.dumps(
                {
                    "data": [
                        {
                            "start_timestamp": 1787263200,
                            "end_timestamp": 1787266800,
                            "marketprice": 1,
                            "unit": "Eur/MWh",
                        }
                    ]
                }
            ).encode(),
            "expected milliseconds",
        ),
    ],
)
def test_what_cannot_be_used_is_named(body: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message):
        parse_marketdata(body, "http://x")


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_garbage_is_a_data_error_or_nothing(body: bytes) -> None:
    with suppress(DataError):
        assert parse_marketdata(body, "x") == ()
