"""Made-up minutes for tests of the recorder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta

from ohmstead.recorder import DecisionRow, Minute

T0 = datetime(2026, 4, 13, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def at(minutes: float) -> datetime:
    """That many minutes after T0."""
    return T0 + minutes * MINUTE


def minute(index: int, values: Mapping[str, float | None] | None = None) -> Minute:
    """A full minute whose every part tells its index."""
    if values is None:
        values = {"grid.power_w": float(index), "battery.soc": 0.5, "pv.power_w": -2.0 * index}
    return Minute(
        start=at(index),
        values=values,
        import_kwh=0.01,
        export_kwh=0.002,
        import_eur=0.003,
        export_eur=0.0001,
        baseline_eur=0.005,
        decisions=[
            DecisionRow(
                at=at(index) + timedelta(seconds=5.25),
                asset="battery",
                setpoint_w=float(index),
                previous_w=None,
                code="surplus",
                limit="fuse_l1",
                detail=f'{{"index": {index}}}',
                review_at=at(index + 15),
            )
        ],
        states={"memory": str(index).encode()},
    )


def minutes(count: int, first: int = 0) -> Iterator[Minute]:
    """Consecutive full minutes."""
    return (minute(i) for i in range(first, first + count))
