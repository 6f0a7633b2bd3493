"""Times that chargers tell, as far as they can be true."""

from __future__ import annotations

from datetime import UTC, datetime

from ohmstead.errors import DataError
from ohmstead.ocpp.times import read_time

EARLIEST = datetime(2010, 1, 1, tzinfo=UTC)
"""OCPP 1.6 is younger than that: an earlier time is a clock that was never set."""
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


def plausible_time(text: object) -> datetime | None:
    """A time out of a message, UTC; ``None`` where a charger told none that can be.

    ``"0"``, ``""`` and the epoch of a clock that was never set are not times.
    """
    if not isinstance(text, str) or len(text) < len("2010-01-01"):
        return None
    try:
        found = read_time(text.strip())
    except DataError:
        return None
    return found if EARLIEST <= found <= LATEST else None
