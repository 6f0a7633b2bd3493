"""From minutes to quarters of an hour, and what is thrown away afterwards."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Table, delete, func, insert, literal, select

from ohmstead.recorder import schema
from ohmstead.recorder.minute import epoch_s
from ohmstead.recorder.write import QUARTER_S

_DAY_S = 86400
_MOST_PRUNED_S = 2 * _DAY_S
_SUMS = ("import_kwh", "export_kwh", "import_eur", "export_eur", "baseline_eur")


@dataclass(frozen=True, kw_only=True, slots=True)
class Retention:
    """How long things are kept. Quarter-hour values are kept for ever.

    Raises:
        ValueError: a time of less than a day.
    """

    minutes: timedelta = timedelta(days=60)
    decisions: timedelta = timedelta(days=400)
    plans: timedelta = timedelta(days=7)

    def __post_init__(self) -> None:
        for name in ("minutes", "decisions", "plans"):
            if getattr(self, name) < timedelta(days=1):
                msg = f"retention of {name} must be at least one day, found {getattr(self, name)}"
                raise ValueError(msg)


def roll_up(connection: Connection, now: datetime) -> int:
    """Roll up every finished quarter whose minutes changed. Running it again changes nothing.

    Returns:
        How many quarters were rolled up.
    """
    dirty = schema.dirty_quarter.c.start
    done_by = epoch_s(now) - QUARTER_S
    quarters = connection.execute(select(dirty).where(dirty <= done_by).order_by(dirty)).scalars().all()
    for start in quarters:
        _roll_up_quarter(connection, start)
        connection.execute(delete(schema.dirty_quarter).where(dirty == start))
    return len(quarters)


def prune(connection: Connection, now: datetime, retention: Retention) -> None:
    """Throw away what is past its retention.

    Minutes go only once they are rolled up, and at most two days of them per call: a clock that is
    years ahead for a moment must not empty the history.
    """
    _prune_minutes(connection, epoch_s(now - retention.minutes))
    _prune_older(connection, schema.decision, "at", epoch_s(now - retention.decisions))
    _prune_older(connection, schema.plan, "made_at", epoch_s(now - retention.plans))


def _roll_up_quarter(connection: Connection, start: int) -> None:
    end = start + QUARTER_S
    values, quarter_values = schema.minute_value.c, schema.quarter_value
    # Naming every series lets SQLite seek each (series_id, start) instead of scanning the table.
    all_series = select(schema.series.c.id)
    connection.execute(
        delete(quarter_values).where(
            quarter_values.c.series_id.in_(all_series), quarter_values.c.start == start
        )
    )
    means = (
        select(values.series_id, literal(start), func.avg(values.value), func.count())
        .where(values.start >= start, values.start < end)
        .group_by(values.series_id)
    )
    connection.execute(insert(quarter_values).from_select(["series_id", "start", "mean", "minutes"], means))

    minutes, quarters = schema.minute.c, schema.quarter
    connection.execute(delete(quarters).where(quarters.c.start == start))
    sums = (
        select(literal(start), func.count(), *(func.sum(minutes[name]) for name in _SUMS))
        .where(minutes.start >= start, minutes.start < end)
        .having(func.count() > 0)
    )
    connection.execute(insert(quarters).from_select(["start", "minutes", *_SUMS], sums))


def _prune_minutes(connection: Connection, before: int) -> None:
    oldest = connection.execute(select(func.min(schema.minute.c.start))).scalar_one()
    if oldest is None or oldest >= before:
        return
    before = min(before, oldest + _MOST_PRUNED_S)
    dirty = connection.execute(select(func.min(schema.dirty_quarter.c.start))).scalar_one()
    if dirty is not None:
        before = min(before, dirty)
    before -= before % QUARTER_S
    for table in (schema.minute_value, schema.minute):
        connection.execute(delete(table).where(table.c.start < before))
    mark = schema.mark
    known = connection.execute(
        select(mark.c.value).where(mark.c.name == "pruned_before")
    ).scalar_one_or_none()
    connection.execute(delete(mark).where(mark.c.name == "pruned_before"))
    connection.execute(insert(mark).values(name="pruned_before", value=max(before, known or 0)))


def _prune_older(connection: Connection, table: Table, column: str, before: int) -> None:
    oldest = connection.execute(select(func.min(table.c[column]))).scalar_one()
    if oldest is not None and oldest < before:
        connection.execute(delete(table).where(table.c[column] < min(before, oldest + _MOST_PRUNED_S)))
