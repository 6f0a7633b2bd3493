"""What one minute leaves behind, as data."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

MINUTE_S = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionRow:
    """One decision for one asset, as it was made.

    Args:
        at: when, aware UTC.
        asset: id of the asset.
        setpoint_w: power asked for, load convention; ``None``: the asset was released.
        previous_w: what was asked for before.
        code: code of the reason (the rule that decided).
        limit: the limit that bound, if one did.
        detail: the whole reason as JSON, from which a host renders its sentence in any language.
        review_at: when it is looked at again.
    """

    at: datetime
    asset: str
    setpoint_w: float | None
    code: str
    previous_w: float | None = None
    limit: str | None = None
    detail: str = "{}"
    review_at: datetime | None = None

    def __post_init__(self) -> None:
        _refuse_naive(self.at, "at")
        if self.review_at is not None:
            _refuse_naive(self.review_at, "review_at")


@dataclass(frozen=True, kw_only=True, slots=True)
class Minute:
    """One finished minute [start, start + 60 s): everything that is committed together.

    Args:
        start: aware UTC, on the minute.
        values: mean of each series over the minute, by series name (``grid.power_w``,
            ``battery.soc``). ``None``, NaN and infinity are gaps: they are not stored.
        import_kwh, export_kwh: energy through the meter, both ≥ 0; ``None`` where unknown.
        import_eur: cost of the imported energy.
        export_eur: income from the exported energy (negative where exporting costs money).
        baseline_eur: net cost of this minute without energy management.
        decisions: the decisions of this minute, in the order they were made.
        states: resumable state by key, as it is at the end of this minute.

    Raises:
        ValueError: ``start`` is naive or not on the minute.
    """

    start: datetime
    values: Mapping[str, float | None] = field(default_factory=dict)
    import_kwh: float | None = None
    export_kwh: float | None = None
    import_eur: float | None = None
    export_eur: float | None = None
    baseline_eur: float | None = None
    decisions: Sequence[DecisionRow] = ()
    states: Mapping[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _refuse_naive(self.start, "start")
        if self.start.second or self.start.microsecond:
            msg = f"start of a minute must be on the minute, found {self.start.isoformat()}"
            raise ValueError(msg)

    @property
    def cost_eur(self) -> float | None:
        """What the minute cost: import minus export income; ``None`` where either is unknown."""
        if self.import_eur is None or self.export_eur is None:
            return None
        return self.import_eur - self.export_eur


def finite(value: float | None) -> float | None:
    """The value, or ``None`` where it is no number: NaN never gets into the history."""
    return value if value is not None and math.isfinite(value) else None


def epoch_s(when: datetime) -> int:
    """Whole seconds since 1970 UTC, rounded down.

    Raises:
        ValueError: the time is naive.
    """
    _refuse_naive(when, "time")
    return (when - _EPOCH) // timedelta(seconds=1)


def from_epoch_s(seconds: float) -> datetime:
    """Aware UTC of seconds since 1970."""
    return _EPOCH + timedelta(seconds=seconds)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _refuse_naive(when: datetime, name: str) -> None:
    if when.tzinfo is None:
        msg = f"{name} must be an aware time, found the naive {when.isoformat()}"
        raise ValueError(msg)
