"""The calendar of Tempo: what a day is, and what it can be."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ohmstead.errors import DataError
from ohmstead.sources.tempo_days import (
    Colour,
    french_holidays,
    read_dates,
    read_days,
    season_of,
    tempo_day,
    worst_colour,
)

PARIS = ZoneInfo("Europe/Paris")


@pytest.mark.parametrize(
    ("hour", "minute", "day"), [(0, 0, 14), (5, 59, 14), (6, 0, 15), (12, 0, 15), (23, 59, 15)]
)
def test_a_day_begins_at_six(hour: int, minute: int, day: int) -> None:
    assert tempo_day(datetime(2026, 1, 15, hour, minute, tzinfo=PARIS)) == date(2026, 1, day)


@pytest.mark.parametrize(
    ("day", "colour"),
    [
        (date(2026, 1, 15), Colour.RED),  # Thursday in January
        (date(2026, 1, 17), Colour.WHITE),  # Saturday
        (date(2026, 1, 18), Colour.BLUE),  # Sunday
        (date(2026, 1, 1), Colour.WHITE),  # public holiday
        (date(2026, 11, 11), Colour.WHITE),
        (date(2025, 10, 31), Colour.WHITE),  # before November
        (date(2026, 3, 31), Colour.RED),
        (date(2026, 4, 1), Colour.WHITE),
        (date(2027, 3, 29), Colour.WHITE),  # Easter Monday
    ],
)
def test_the_worst_that_an_unknown_day_can_be(day: date, colour: Colour) -> None:
    assert worst_colour(day, {}) is colour


def test_a_season_has_no_more_red_and_white_days_than_it_has() -> None:
    reds = {date(2025, 11, 3 + i): Colour.RED for i in range(22)}
    day = date(2026, 1, 15)
    assert worst_colour(day, reds) is Colour.WHITE
    whites = {date(2025, 9, 1 + i % 30): Colour.WHITE for i in range(30)} | {
        date(2025, 10, 1 + i): Colour.WHITE for i in range(13)
    }
    assert worst_colour(day, reds | whites) is Colour.BLUE
    # The next season begins on 1 September.
    assert worst_colour(date(2026, 11, 5), reds | whites) is Colour.RED
    assert (season_of(date(2026, 8, 31)), season_of(date(2026, 9, 1))) == (2025, 2026)


def test_public_holidays_move_with_easter() -> None:
    assert {date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25)} <= french_holidays(2026)
    assert {date(2024, 4, 1), date(2024, 5, 9), date(2024, 5, 20)} <= french_holidays(2024)
    assert len(french_holidays(2026)) == 11


def test_a_table_of_days(tmp_path: Path) -> None:
    table = tmp_path / "days.txt"
    table.write_text("# winter\n2026-01-15 red\n\n2026-01-16 Blanc   # French words too\n2026-01-17 blue\n")
    assert read_days(table) == {
        date(2026, 1, 15): Colour.RED,
        date(2026, 1, 16): Colour.WHITE,
        date(2026, 1, 17): Colour.BLUE,
    }
    table.write_text("2026-01-15\n2026-02-03 # cold\n")
    assert read_dates(table) == {date(2026, 1, 15), date(2026, 2, 3)}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2026-01-15 red\n2026-01-16 rot\n", "days.txt, line 2: found '2026-01-16 rot', allowed: a date as"),
        ("15.1.2026 red\n", "line 1: found '15.1.2026 red', allowed: .* and one of blue, white, red"),
        ("2026-02-30 red\n", "line 1"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, text: str, words: str) -> None:
    table = tmp_path / "days.txt"
    table.write_text(text)
    with pytest.raises(DataError, match=words):
        read_days(table)


def test_a_missing_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the days cannot be read"):
        read_dates(tmp_path / "none.txt")
