"""The tables of the history.

All times are whole seconds since 1970 UTC. Minute values are clustered by time, so that a minute
lands on one or two pages; quarter-hour values are clustered by series, so that a chart of a year
reads one run of pages. Why these shapes: docs/decisions/0002-history-tables.md.
"""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, LargeBinary, MetaData, String, Table

APPLICATION_ID = 0x4F484D53
"""``OHMS`` in the file header: tells our files from other people's databases."""

metadata = MetaData()

series = Table(
    "series",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
)

minute = Table(
    "minute",
    metadata,
    Column("start", Integer, primary_key=True, autoincrement=False),
    Column("import_kwh", Float),
    Column("export_kwh", Float),
    Column("import_eur", Float),
    Column("export_eur", Float),
    Column("baseline_eur", Float),
)
"""One row per recorded minute; NULL where a sum is unknown."""

minute_value = Table(
    "minute_value",
    metadata,
    Column("start", Integer, primary_key=True, autoincrement=False),
    Column("series_id", Integer, primary_key=True, autoincrement=False),
    Column("value", Float, nullable=False),
    sqlite_with_rowid=False,
)
"""The mean of a series over a minute. A gap has no row."""

quarter = Table(
    "quarter",
    metadata,
    Column("start", Integer, primary_key=True, autoincrement=False),
    Column("minutes", Integer, nullable=False),
    Column("import_kwh", Float),
    Column("export_kwh", Float),
    Column("import_eur", Float),
    Column("export_eur", Float),
    Column("baseline_eur", Float),
)
"""Sums over the recorded minutes of a quarter of an hour."""

quarter_value = Table(
    "quarter_value",
    metadata,
    Column("series_id", Integer, primary_key=True, autoincrement=False),
    Column("start", Integer, primary_key=True, autoincrement=False),
    Column("mean", Float, nullable=False),
    Column("minutes", Integer, nullable=False),
    sqlite_with_rowid=False,
)
"""The mean over the ``minutes`` (1..15) that had a value: energies and longer means stay exact."""

dirty_quarter = Table(
    "dirty_quarter",
    metadata,
    Column("start", Integer, primary_key=True, autoincrement=False),
)
"""Quarters with minutes that the roll-up has not seen yet; reads take them from the minutes."""

decision = Table(
    "decision",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("minute", Integer, nullable=False),
    Column("at", Float, nullable=False),
    Column("asset", String, nullable=False),
    Column("setpoint_w", Float),
    Column("previous_w", Float),
    Column("code", String, nullable=False),
    Column("binding_limit", String),
    Column("detail", String, nullable=False),
    Column("review_at", Float),
    Index("decision_minute", "minute"),
    Index("decision_at", "at"),
    Index("decision_asset_at", "asset", "at"),
)

state = Table(
    "state",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

plan = Table(
    "plan",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("made_at", Float, nullable=False),
    Column("packed", LargeBinary, nullable=False),
    Index("plan_made_at", "made_at"),
)
"""Plans as zlib-packed JSON."""

mark = Table(
    "mark",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Integer, nullable=False),
)
"""Small counters: ``pruned_before`` is the time before which minutes were thrown away."""
