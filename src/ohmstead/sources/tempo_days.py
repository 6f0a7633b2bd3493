"""Which colour a Tempo day has, or the worst that it can have while nobody knows.

A Tempo day runs from 06:00 to 06:00 of the next day. A season begins on 1 September and has 300 blue
days (301 with a 29 February), 43 white and 22 red ones. Red: 1 November to 31 March, Monday to Friday,
no public holidays. Sundays are always blue. (EDF, option Tempo; RTE "Tempo Like Supply Contract")
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from ohmstead.errors import DataError

DAY_START_HOUR = 6
RED_DAYS = 22
WHITE_DAYS = 43
SATURDAY, SUNDAY = 5, 6


class Colour(StrEnum):
    """The colour of a day."""

    BLUE = "blue"
    WHITE = "white"
    RED = "red"


WORDS: Mapping[str, Colour] = {
    "blue": Colour.BLUE,
    "bleu": Colour.BLUE,
    "white": Colour.WHITE,
    "blanc": Colour.WHITE,
    "red": Colour.RED,
    "rouge": Colour.RED,
}
"""How a table may name a colour."""


def tempo_day(local: datetime) -> date:
    """The Tempo day that a local time belongs to: until 06:00 still the one before."""
    day = local.date()
    return day - timedelta(days=1) if local.hour < DAY_START_HOUR else day


def season_of(day: date) -> int:
    """The year in which the season of a day began."""
    return day.year if day.month >= 9 else day.year - 1


def worst_colour(day: date, known: Mapping[date, Colour]) -> Colour:
    """The dearest colour that a day can have, from the calendar and what is known of its season."""
    same_season = [c for d, c in known.items() if season_of(d) == season_of(day)]
    if day.weekday() == SUNDAY:
        return Colour.BLUE
    may_be_red = (
        (day.month >= 11 or day.month <= 3)
        and day.weekday() < SATURDAY
        and day not in french_holidays(day.year)
        and same_season.count(Colour.RED) < RED_DAYS
    )
    if may_be_red:
        return Colour.RED
    return Colour.WHITE if same_season.count(Colour.WHITE) < WHITE_DAYS else Colour.BLUE


def french_holidays(year: int) -> frozenset[date]:
    """The public holidays of metropolitan France (Code du travail, L3133-1)."""
    easter = _easter(year)
    fixed = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
    moving = (1, 39, 50)  # Easter Monday, Ascension, Whit Monday
    return frozenset(date(year, month, day) for month, day in fixed) | frozenset(
        easter + timedelta(days=after) for after in moving
    )


def read_days(path: Path) -> dict[date, Colour]:
    """A table of days, one ``2026-01-15 red`` per line; ``#`` begins a comment.

    Raises:
        DataError: the file cannot be read, or a line is something else; the message names it.
    """
    return dict(_lines(path, WORDS))


def read_dates(path: Path) -> frozenset[date]:
    """A list of days, one ``2026-01-15`` per line; ``#`` begins a comment.

    Raises:
        DataError: as for :func:`read_days`.
    """
    return frozenset(day for day, _ in _lines(path, {"": Colour.RED}))


def _lines(path: Path, words: Mapping[str, Colour]) -> list[tuple[date, Colour]]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: the days cannot be read: {error}") from error
    form = "a date as 2026-01-15" + ("" if "" in words else f" and one of {', '.join(Colour)}")
    out: list[tuple[date, Colour]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        content = line.partition("#")[0].strip()
        if not content:
            continue
        first, _, rest = content.partition(" ")
        try:
            out.append((date.fromisoformat(first), words[rest.strip().lower()]))
        except (ValueError, KeyError):
            raise DataError(f"{path}, line {number}: found {content!r}, allowed: {form}") from None
    return out


def _easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8)."""
    a, b, c = year % 19, year // 100, year % 100
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    weekday = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * weekday) // 451
    month, day = divmod(h + weekday - 7 * m + 114, 31)
    return date(year, month, day + 1)
