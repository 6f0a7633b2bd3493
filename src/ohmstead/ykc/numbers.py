"""Pile, gun and order numbers, and what the clock on the pile's wall shows."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from ohmstead.errors import ConfigError
from ohmstead.ykc.cp56time import WallTime

PILE_DIGITS = 14
SERIAL_DIGITS = 32


def checked_pile_number(number: str) -> str:
    """A pile number as it is on the wire.

    Raises:
        ConfigError: it is not 14 decimal digits.
    """
    if len(number) != PILE_DIGITS or not (number.isascii() and number.isdigit()):
        raise ConfigError(f"pile number {number!r}: allowed are {PILE_DIGITS} digits")
    return number


def gun_code(gun: int) -> str:
    """A gun's number on the wire: ``01`` for the first.

    Raises:
        ConfigError: it is not 1 to 99.
    """
    if not 1 <= gun <= 99:
        raise ConfigError(f"gun {gun}: allowed are 1 to 99")
    return f"{gun:02d}"


def serial_number(pile: str, gun: str, wall: datetime, counter: int) -> str:
    """An order number: pile, gun, local time to the second, and a counter for orders of one second."""
    return f"{pile}{gun}{wall:%y%m%d%H%M%S}{counter % 10_000:04d}"


def wall_time(now: datetime, zone: ZoneInfo) -> WallTime:
    """What a clock in that zone shows, to the millisecond."""
    local = now.astimezone(zone).replace(tzinfo=None)
    return WallTime(at=local.replace(microsecond=local.microsecond // 1000 * 1000))


def from_wall_time(time: WallTime | None, zone: ZoneInfo) -> datetime | None:
    """The moment that a wall clock in that zone showed, UTC; ``None`` where it showed none."""
    if time is None or time.invalid:
        return None
    return time.at.replace(tzinfo=zone).astimezone(UTC)
