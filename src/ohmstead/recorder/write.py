"""Writing one minute: everything of it in one transaction of the caller."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from ohmstead.recorder import schema
from ohmstead.recorder.minute import DecisionRow, Minute, epoch_s, finite

QUARTER_S = 900


def write_minute(connection: Connection, minute: Minute, series_ids: Mapping[str, int]) -> dict[str, int]:
    """Write a minute, replacing whatever is stored for the same minute.

    Args:
        connection: inside a transaction.
        minute: what to write.
        series_ids: the ids that are known already.

    Returns:
        The ids of series that were not in ``series_ids``; valid once the transaction is committed.
    """
    start = epoch_s(minute.start)
    values = {name: v for name, raw in minute.values.items() if (v := finite(raw)) is not None}
    new_ids = {name: _series_id(connection, name) for name in values if name not in series_ids}
    ids = {**series_ids, **new_ids}

    for table in (schema.minute, schema.minute_value):
        connection.execute(delete(table).where(table.c.start == start))
    connection.execute(delete(schema.decision).where(schema.decision.c.minute == start))
    connection.execute(
        insert(schema.minute).values(
            start=start,
            import_kwh=finite(minute.import_kwh),
            export_kwh=finite(minute.export_kwh),
            import_eur=finite(minute.import_eur),
            export_eur=finite(minute.export_eur),
            baseline_eur=finite(minute.baseline_eur),
        )
    )
    if values:
        rows = [{"start": start, "series_id": ids[name], "value": v} for name, v in values.items()]
        connection.execute(insert(schema.minute_value), rows)
    if minute.decisions:
        connection.execute(insert(schema.decision), [_decision(start, row) for row in minute.decisions])
    for key, value in minute.states.items():
        write_state(connection, key, value)
    _mark_dirty(connection, start)
    return new_ids


def write_state(connection: Connection, key: str, value: bytes) -> None:
    """Store a state blob under its key."""
    connection.execute(delete(schema.state).where(schema.state.c.key == key))
    connection.execute(insert(schema.state).values(key=key, value=value))


def write_plan(connection: Connection, plan_json: bytes, made_at: datetime) -> None:
    """Add a plan."""
    packed = zlib.compress(plan_json, 6)
    connection.execute(insert(schema.plan).values(made_at=made_at.timestamp(), packed=packed))


def _series_id(connection: Connection, name: str) -> int:
    table = schema.series
    query = select(table.c.id).where(table.c.name == name)
    found: int | None = connection.execute(query).scalar_one_or_none()
    if found is None:
        connection.execute(insert(table).values(name=name))
        found = connection.execute(query).scalar_one()
    return found


def _decision(start: int, row: DecisionRow) -> dict[str, object]:
    return {
        "minute": start,
        "at": row.at.timestamp(),
        "asset": row.asset,
        "setpoint_w": finite(row.setpoint_w),
        "previous_w": finite(row.previous_w),
        "code": row.code,
        "binding_limit": row.limit,
        "detail": row.detail,
        "review_at": None if row.review_at is None else row.review_at.timestamp(),
    }


def _mark_dirty(connection: Connection, start: int) -> None:
    """Have the quarter rolled up again, unless its other minutes are gone for good."""
    pruned = connection.execute(
        select(schema.mark.c.value).where(schema.mark.c.name == "pruned_before")
    ).scalar_one_or_none()
    if pruned is not None and start < pruned:
        return
    quarter = start - start % QUARTER_S
    table = schema.dirty_quarter
    if connection.execute(select(table.c.start).where(table.c.start == quarter)).first() is None:
        connection.execute(insert(table).values(start=quarter))
