"""Reading the history.

A time range is taken from the rolled-up quarters as far as they cover it whole, and from the
minutes at its edges and where a quarter is not rolled up yet. So the answer does not depend on when
the roll-up ran.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Subquery,
    and_,
    false,
    func,
    literal,
    or_,
    select,
    union_all,
)

from ohmstead.recorder import schema
from ohmstead.recorder.minute import MINUTE_S, DecisionRow, epoch_s, from_epoch_s
from ohmstead.recorder.write import QUARTER_S

RESOLUTIONS_S = (60, 900, 3600, 86400)

Points = dict[str, list[tuple[datetime, float]]]
"""Per series, (start of the bin, mean over the minutes that had a value), in order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Costs:
    """Sums over a time; ``None`` where no minute knew the value.

    ``minutes`` is how many minutes were recorded in it.
    """

    minutes: int
    import_kwh: float | None
    export_kwh: float | None
    import_eur: float | None
    export_eur: float | None
    baseline_eur: float | None

    @property
    def cost_eur(self) -> float | None:
        """Import minus export income."""
        if self.import_eur is None or self.export_eur is None:
            return None
        return self.import_eur - self.export_eur

    @property
    def saved_eur(self) -> float | None:
        """What the baseline would have cost more."""
        cost_eur = self.cost_eur
        return None if cost_eur is None or self.baseline_eur is None else self.baseline_eur - cost_eur


@dataclass(frozen=True, slots=True)
class _Parts:
    """A range [start, end) split at quarters; all in seconds since 1970."""

    quarters: tuple[int, int]
    edges: tuple[tuple[int, int], ...]
    start: int
    end: int

    @classmethod
    def of(cls, start: int, end: int) -> _Parts:
        first = start + -start % QUARTER_S
        last = end - end % QUARTER_S
        if first >= last:
            return cls((first, first), ((start, end),), start, end)
        edges = tuple((a, b) for a, b in ((start, first), (last, end)) if a < b)
        return cls((first, last), edges, start, end)


def history(
    connection: Connection, series: Sequence[str] | None, start: datetime, end: datetime, resolution_s: int
) -> Points:
    """Means per bin over [start, end).

    Bins start at ``start``, rounded down to the minute (``resolution_s=60``) or to the quarter of an
    hour (else): give local midnight to get local days. A bin without any value is left out. Minutes
    are there as long as their retention; older ones only in the coarser resolutions.

    Args:
        connection: to read from.
        series: names; ``None``: all. A name that was never recorded gives an empty list.
        start, end: aware times.
        resolution_s: one of 60, 900, 3600, 86400.

    Raises:
        ValueError: another resolution, or ``end`` before ``start``.
    """
    if resolution_s not in RESOLUTIONS_S:
        msg = f"resolution_s must be one of {RESOLUTIONS_S}, found {resolution_s}"
        raise ValueError(msg)
    grid = MINUTE_S if resolution_s == MINUTE_S else QUARTER_S
    first, last = _range_s(start, end)
    first -= first % grid
    last += -last % grid
    names = _names(connection, series)
    out: Points = {name: [] for name in (series if series is not None else names.values())}
    if not names or first == last:
        return out
    if resolution_s == MINUTE_S:
        values = schema.minute_value.c
        query: Select[Any] = (
            select(values.series_id, values.start, values.value)
            .where(values.start >= first, values.start < last, values.series_id.in_(list(names)))
            .order_by(values.start)
        )
    else:
        points = _points(_Parts.of(first, last), list(names))
        bins = points.c.start - (points.c.start - first) % resolution_s
        query = (
            select(points.c.series_id, bins, func.sum(points.c.total) / func.sum(points.c.minutes))
            .group_by(points.c.series_id, bins)
            .order_by(bins)
        )
    for series_id, bin_start, mean in connection.execute(query):
        out[names[series_id]].append((from_epoch_s(bin_start), mean))
    return out


def energy(connection: Connection, start: datetime, end: datetime) -> dict[str, float]:
    """Energy of every power series (name ending in ``_w``) over [start, end), kWh, load convention.

    Only recorded minutes count: gaps are not filled. A series without any value is left out.

    Raises:
        ValueError: ``end`` before ``start``.
    """
    names = {i: n for i, n in _names(connection, None).items() if n.endswith("_w")}
    first, last = _range_s(start, end)
    if not names or first == last:
        return {}
    points = _points(_Parts.of(first, last), list(names))
    query = select(points.c.series_id, func.sum(points.c.total)).group_by(points.c.series_id)
    return {names[i]: total_w * MINUTE_S / 3.6e6 for i, total_w in connection.execute(query)}


def costs(connection: Connection, start: datetime, end: datetime) -> Costs:
    """Energy through the meter and money over [start, end).

    Raises:
        ValueError: ``end`` before ``start``.
    """
    parts = _Parts.of(*_range_s(start, end))
    names = ("import_kwh", "export_kwh", "import_eur", "export_eur", "baseline_eur")
    quarters, minutes, dirty = schema.quarter.c, schema.minute.c, schema.dirty_quarter.c
    clean = select(quarters.minutes, *(quarters[n] for n in names)).where(
        quarters.start >= parts.quarters[0],
        quarters.start < parts.quarters[1],
        quarters.start.not_in(select(dirty.start)),
    )
    fresh = (
        select(literal(1), *(minutes[n] for n in names))
        .join(schema.dirty_quarter, _in_quarter(minutes.start, dirty.start))
        .where(minutes.start >= parts.start, minutes.start < parts.end)
    )
    edges = select(literal(1), *(minutes[n] for n in names)).where(_at_edges(minutes.start, parts))
    rows = union_all(clean, fresh, edges).subquery()
    counted = func.coalesce(func.sum(rows.c.minutes), 0).label("minutes")
    sums = (func.sum(rows.c[n]).label(n) for n in names)
    return Costs(**connection.execute(select(counted, *sums)).mappings().one())


def decisions(
    connection: Connection, limit: int, before: datetime | None = None, asset: str | None = None
) -> list[DecisionRow]:
    """The newest decisions first, at most ``limit``, made before a moment, of one asset or of all."""
    table = schema.decision.c
    query = select(schema.decision).order_by(table.at.desc(), table.id.desc()).limit(limit)
    if before is not None:
        query = query.where(table.at < before.timestamp())
    if asset is not None:
        query = query.where(table.asset == asset)
    return [_decision_row(row) for row in connection.execute(query)]


def latest_plan(connection: Connection) -> bytes | None:
    """JSON of the plan made last, or ``None``."""
    table = schema.plan.c
    query = select(table.packed).order_by(table.made_at.desc(), table.id.desc()).limit(1)
    packed = connection.execute(query).scalar_one_or_none()
    return None if packed is None else zlib.decompress(packed)


def load_state(connection: Connection, key: str) -> bytes | None:
    """The state blob under a key, or ``None``."""
    table = schema.state.c
    return connection.execute(select(table.value).where(table.key == key)).scalar_one_or_none()


def last_minute(connection: Connection) -> datetime | None:
    """Start of the newest recorded minute, or ``None``."""
    newest = connection.execute(select(func.max(schema.minute.c.start))).scalar_one()
    return None if newest is None else from_epoch_s(newest)


def _range_s(start: datetime, end: datetime) -> tuple[int, int]:
    if end < start:
        msg = f"end {end.isoformat()} is before start {start.isoformat()}"
        raise ValueError(msg)
    return epoch_s(start), epoch_s(end)


def _names(connection: Connection, series: Sequence[str] | None) -> dict[int, str]:
    table = schema.series.c
    query = select(table.id, table.name).order_by(table.name)
    if series is not None:
        query = query.where(table.name.in_(series))
    return {row.id: row.name for row in connection.execute(query)}


def _points(parts: _Parts, ids: list[int]) -> Subquery:
    """Rows (series_id, start, total, minutes) that cover the range once."""
    quarters, minutes, dirty = schema.quarter_value.c, schema.minute_value.c, schema.dirty_quarter.c
    clean = select(
        quarters.series_id,
        quarters.start,
        (quarters.mean * quarters.minutes).label("total"),
        quarters.minutes,
    ).where(
        quarters.series_id.in_(ids),
        quarters.start >= parts.quarters[0],
        quarters.start < parts.quarters[1],
        quarters.start.not_in(select(dirty.start)),
    )
    one = select(minutes.series_id, minutes.start, minutes.value, literal(1))
    fresh = one.join(schema.dirty_quarter, _in_quarter(minutes.start, dirty.start)).where(
        minutes.start >= parts.start, minutes.start < parts.end, minutes.series_id.in_(ids)
    )
    edges = one.where(_at_edges(minutes.start, parts), minutes.series_id.in_(ids))
    return union_all(clean, fresh, edges).subquery()


def _in_quarter(start: ColumnElement[int], quarter: ColumnElement[int]) -> ColumnElement[bool]:
    return and_(start >= quarter, start < quarter + QUARTER_S)


def _at_edges(start: ColumnElement[int], parts: _Parts) -> ColumnElement[bool]:
    """The minutes at the edges, without those of dirty quarters, which are counted on their own."""
    clean = (start - start % QUARTER_S).not_in(select(schema.dirty_quarter.c.start))
    ranges = [and_(start >= a, start < b) for a, b in parts.edges]
    return and_(or_(false(), *ranges), clean)


def _decision_row(row: Row[Any]) -> DecisionRow:
    return DecisionRow(
        at=from_epoch_s(row.at),
        asset=row.asset,
        setpoint_w=row.setpoint_w,
        previous_w=row.previous_w,
        code=row.code,
        limit=row.binding_limit,
        detail=row.detail,
        review_at=None if row.review_at is None else from_epoch_s(row.review_at),
    )
