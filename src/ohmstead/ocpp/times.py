"""Timestamps as OCPP 1.6 writes them."""

from __future__ import annotations

from datetime import UTC, datetime

from ohmstead.errors import DataError


def write_time(when: datetime) -> str:
    """Whole seconds of UTC with ``Z``: some chargers cannot read fractions or offsets.

    Raises:
        ValueError: ``when`` has no time zone.
    """
    if when.tzinfo is None:
        raise ValueError("a time without a time zone")
    return when.astimezone(UTC).replace(microsecond=0, tzinfo=None).isoformat() + "Z"


def read_time(text: str) -> datetime:
    """Aware UTC; fractions and offsets are understood, a missing offset means UTC.

    Raises:
        DataError: this is no time.
    """
    try:
        when = datetime.fromisoformat(text)
    except ValueError:
        raise DataError(f"{text[:40]!r} is not an ISO 8601 time") from None
    if when.tzinfo is None:
        return when.replace(tzinfo=UTC)
    try:
        return when.astimezone(UTC)
    except OverflowError:
        raise DataError(f"{text[:40]!r} is beyond the calendar") from None
