from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from ohmstead.errors import DataError
from ohmstead.ocpp.times import read_time, write_time


def test_whole_seconds_with_z_are_sent() -> None:
    berlin = timezone(timedelta(hours=2))
    assert write_time(datetime(2026, 7, 1, 14, 0, 0, 999_999, tzinfo=berlin)) == "2026-07-01T12:00:00Z"
    with pytest.raises(ValueError, match="time zone"):
        write_time(datetime(2026, 7, 1))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    "text",
    ["2026-07-01T12:00:00Z", "2026-07-01T12:00:00.000Z", "2026-07-01T14:00:00+02:00", "2026-07-01 12:00"],
)
def test_fractions_offsets_and_missing_offsets_are_understood(text: str) -> None:
    assert read_time(text) == datetime(2026, 7, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "0", "yesterday", "2026-13-01T00:00:00Z", "9999-12-31T23:59:59-12:00"])
def test_what_is_no_time_is_told(text: str) -> None:
    with pytest.raises(DataError):
        read_time(text)
