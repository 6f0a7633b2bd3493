from __future__ import annotations

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.ykc.cp56time import WallTime, read_time, write_time


def wall(*parts: int) -> datetime:
    return datetime(*parts)  # type: ignore[arg-type] # noqa: DTZ001


def test_the_documented_example() -> None:
    data = bytes.fromhex("98B70E11100314")
    assert read_time(data) == WallTime(at=wall(2020, 3, 16, 17, 14, 47))
    assert write_time(WallTime(at=wall(2020, 3, 16, 17, 14, 47))) == data


def test_weekday_and_flags_are_not_part_of_the_date() -> None:
    data = bytes.fromhex("A08C09116D0C17")
    time = read_time(data)
    assert time == WallTime(at=wall(2023, 12, 13, 17, 9, 36), weekday=3)
    assert write_time(time) == data
    flagged = read_time(bytes((0, 0, 0x80 | 5, 0x80 | 6, 7, 8, 0x80 | 23)))
    assert flagged == WallTime(at=wall(2023, 8, 7, 6, 5), invalid=True, summer=True)


@pytest.mark.parametrize("data", ["00000000000000", "FFFFFFFFFFFFFF", "60EA3B171F0C17", "00003C17010117"])
def test_what_is_no_date_is_none(data: str) -> None:
    assert read_time(bytes.fromhex(data)) is None


def test_none_is_zeros_and_a_year_must_fit() -> None:
    assert write_time(None) == bytes(7)
    with pytest.raises(ValueError, match="year 1999"):
        write_time(WallTime(at=wall(1999, 1, 1)))


@given(st.datetimes(min_value=wall(2000, 1, 1), max_value=wall(2127, 12, 31)), st.integers(0, 7))
def test_milliseconds_survive(at: datetime, weekday: int) -> None:
    time = WallTime(at=at.replace(microsecond=at.microsecond // 1000 * 1000), weekday=weekday)
    assert read_time(write_time(time)) == time


@given(st.binary(min_size=7, max_size=7))
def test_any_bytes_can_be_read(data: bytes) -> None:
    time = read_time(data)
    if time is not None:
        assert read_time(write_time(time)) == time
