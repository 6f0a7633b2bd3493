"""The tables of a central system in PostgreSQL, and rows to values and back.

Everything is in the schema ``ohmstead_ocpp``, so that the database may be shared. The same tables as
:mod:`ohmstead.ocpp.central.store_schema`, in PostgreSQL's own types; beside them the claim of each
charger's newest connection, against which every write is checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ohmstead.ocpp.central.charger import Admission, Charger, Tag, Transaction
from ohmstead.ocpp.central.store_schema import TRANSACTION_COLUMNS, connectors_of, connectors_text

VERSION = 1
SCHEMA = "ohmstead_ocpp"
CREATION_LOCK = 0x4F484D43
"""Advisory lock: workers that start together create the tables once."""
STALE = "OH001"
"""SQLSTATE of a write by a connection that is not the charger's newest."""
LONGEST_TEXT = 2000
LONGEST_KEY = 200
"""Texts in an index; PostgreSQL refuses rows of an index beyond 2.7 kB."""

TABLES = f"""
CREATE SCHEMA IF NOT EXISTS {SCHEMA};
CREATE TABLE {SCHEMA}.version (number integer NOT NULL);
INSERT INTO {SCHEMA}.version VALUES ({VERSION});
CREATE SEQUENCE {SCHEMA}.claim_number AS bigint;
CREATE SEQUENCE {SCHEMA}.transaction_number AS integer;
CREATE TABLE {SCHEMA}.charger (
    identity text PRIMARY KEY, admission text NOT NULL, vendor text NOT NULL, model text NOT NULL,
    serial text NOT NULL, firmware text NOT NULL, first_seen timestamptz, last_seen timestamptz,
    booted_at timestamptz, connectors jsonb NOT NULL, claim bigint NOT NULL DEFAULT 0
);
CREATE TABLE {SCHEMA}.password (
    identity text PRIMARY KEY, hash text NOT NULL, next_hash text
);
CREATE TABLE {SCHEMA}.tag (
    folded text PRIMARY KEY, id_tag text NOT NULL, name text NOT NULL, parent text,
    expires_at timestamptz, blocked boolean NOT NULL, several_at_once boolean NOT NULL
);
CREATE TABLE {SCHEMA}.charge_session (
    id bigint PRIMARY KEY, identity text NOT NULL, connector bigint NOT NULL, id_tag text NOT NULL,
    started_at timestamptz NOT NULL, start_told text NOT NULL, meter_start_wh bigint NOT NULL,
    reservation_id bigint, accepted boolean NOT NULL, register_wh double precision,
    register_at timestamptz, energy_kwh double precision NOT NULL, priced_kwh double precision NOT NULL,
    cost_eur double precision NOT NULL, solar_kwh double precision NOT NULL, soc double precision,
    stopped_at timestamptz, meter_stop_wh bigint, reason text, stop_tag text, tag_folded text NOT NULL
);
CREATE UNIQUE INDEX charge_session_once
    ON {SCHEMA}.charge_session (identity, connector, id_tag, start_told, meter_start_wh);
CREATE INDEX charge_session_open ON {SCHEMA}.charge_session (identity) WHERE stopped_at IS NULL;
CREATE INDEX charge_session_tag ON {SCHEMA}.charge_session (tag_folded) WHERE stopped_at IS NULL;
CREATE INDEX charge_session_of ON {SCHEMA}.charge_session (identity, id);
CREATE INDEX charge_session_started ON {SCHEMA}.charge_session (started_at);
CREATE TABLE {SCHEMA}.sample (
    transaction_id bigint NOT NULL, at timestamptz NOT NULL, energy_wh double precision,
    power_w double precision, soc double precision, PRIMARY KEY (transaction_id, at)
);
CREATE TABLE {SCHEMA}.orphan_stop (
    identity text NOT NULL, stopped_at timestamptz NOT NULL, transaction_id bigint NOT NULL,
    meter_stop_wh bigint NOT NULL, id_tag text, reason text NOT NULL,
    PRIMARY KEY (identity, stopped_at, transaction_id, meter_stop_wh)
);
CREATE TABLE {SCHEMA}.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, identity text NOT NULL, at timestamptz NOT NULL,
    kind text NOT NULL, text text NOT NULL
);
CREATE INDEX event_of ON {SCHEMA}.event (identity, id);
CREATE FUNCTION {SCHEMA}.hold(charger_identity text, held bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM {SCHEMA}.charger WHERE identity = charger_identity AND claim = held FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'this charger has a newer connection' USING ERRCODE = '{STALE}';
    END IF;
END $$;
"""  # noqa: S608 - names of ours
"""``hold`` fails unless the claim is the charger's newest, and keeps others from claiming it meanwhile."""

CHARGER_COLUMNS = (
    "identity, admission, vendor, model, serial, firmware, first_seen, last_seen, booted_at, connectors"
)
_AS_TEXT = CHARGER_COLUMNS.replace("connectors", "connectors::text")
READ_CHARGER = f"SELECT {_AS_TEXT} FROM charger"  # noqa: S608 - columns of ours
CLAIM = (
    "UPDATE charger SET claim = nextval('claim_number') WHERE identity = %s "  # noqa: S608 - columns of ours
    f"RETURNING {_AS_TEXT}, claim"
)
_INSERT_CHARGER = (
    f"INSERT INTO charger ({CHARGER_COLUMNS}) "  # noqa: S608 - columns of ours
    "VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s::jsonb) ON CONFLICT (identity) DO UPDATE SET "
)
CHARGER = _INSERT_CHARGER + (
    "admission = CASE WHEN charger.admission = 'adopted' THEN 'adopted' ELSE excluded.admission END, "
    "vendor=excluded.vendor, model=excluded.model, serial=excluded.serial, firmware=excluded.firmware, "
    "first_seen=excluded.first_seen, last_seen=excluded.last_seen, booted_at=excluded.booted_at, "
    "connectors=excluded.connectors"
)
"""By the connection that has the claim; a worker that did not hear of an adoption does not undo it."""
NEW_CHARGER = _INSERT_CHARGER + (
    "admission = CASE WHEN charger.admission = 'adopted' THEN 'adopted' ELSE excluded.admission END"
)
"""Without a claim: what a connection told of the charger stays as it is."""
READ_TRANSACTION = f"SELECT {TRANSACTION_COLUMNS} FROM charge_session"  # noqa: S608 - columns of ours
TRANSACTION = (
    f"INSERT INTO charge_session ({TRANSACTION_COLUMNS}, tag_folded) "  # noqa: S608 - columns of ours
    f"VALUES ({','.join(['%s'] * 21)}) ON CONFLICT (id) DO UPDATE SET "
    "register_wh=excluded.register_wh, register_at=excluded.register_at, energy_kwh=excluded.energy_kwh, "
    "priced_kwh=excluded.priced_kwh, cost_eur=excluded.cost_eur, solar_kwh=excluded.solar_kwh, "
    "soc=excluded.soc, stopped_at=excluded.stopped_at, meter_stop_wh=excluded.meter_stop_wh, "
    "reason=excluded.reason, stop_tag=excluded.stop_tag"
)
TAG = (
    "INSERT INTO tag (folded, id_tag, name, parent, expires_at, blocked, several_at_once) "
    "VALUES (%s,%s,%s,%s,%s,%s,%s) ON CONFLICT (folded) DO UPDATE SET id_tag=excluded.id_tag, "
    "name=excluded.name, parent=excluded.parent, expires_at=excluded.expires_at, "
    "blocked=excluded.blocked, several_at_once=excluded.several_at_once"
)
SAMPLE = (
    "INSERT INTO sample (transaction_id, at, energy_wh, power_w, soc) VALUES (%s,%s,%s,%s,%s) "
    "ON CONFLICT (transaction_id, at) DO UPDATE SET "
    "energy_wh=excluded.energy_wh, power_w=excluded.power_w, soc=excluded.soc"
)
ORPHAN = (
    "INSERT INTO orphan_stop (identity, stopped_at, transaction_id, meter_stop_wh, id_tag, reason) "
    "VALUES (%s,%s,%s,%s,%s,%s) ON CONFLICT DO NOTHING"
)
EVENT = "INSERT INTO event (identity, at, kind, text) VALUES (%s,%s,%s,%s)"
HASH = (
    "INSERT INTO password (identity, hash, next_hash) VALUES (%s,%s,%s) "
    "ON CONFLICT (identity) DO UPDATE SET hash=excluded.hash, next_hash=excluded.next_hash"
)
PRUNE_EVENTS = (
    "DELETE FROM event WHERE identity = %(identity)s AND id <= "
    "(SELECT id FROM event WHERE identity = %(identity)s ORDER BY id DESC LIMIT 1 OFFSET %(kept)s)"
)
PRUNE_CURVES = (
    "DELETE FROM sample WHERE transaction_id < (SELECT min(id) FROM charge_session WHERE started_at >= %s)"
)
SAME_START = (
    f"{READ_TRANSACTION} WHERE identity = %s AND connector = %s AND id_tag = %s "
    "AND start_told = %s AND meter_start_wh = %s"
)
RUNNING = f"{READ_TRANSACTION} WHERE identity = %s AND stopped_at IS NULL ORDER BY id"
OPEN_OF_TAG = "SELECT id FROM charge_session WHERE tag_folded = %s AND stopped_at IS NULL"
FIND_TAG = "SELECT * FROM tag WHERE folded = %s"
ANY_TAGS = "SELECT EXISTS (SELECT 1 FROM tag) AS listed"
NEXT_ID = "SELECT nextval('transaction_number') AS id"

Row = Mapping[str, Any]


def storable(text: str, longest: int = LONGEST_TEXT) -> str:
    """A text as PostgreSQL takes it: it has no character 0."""
    return text.replace("\0", "\ufffd")[:longest]


def key(text: str) -> str:
    """A text that is part of an index."""
    return storable(text, LONGEST_KEY)


def charger_row(charger: Charger) -> tuple[Any, ...]:
    """A charger as a row."""
    return (
        charger.identity,
        charger.admission.value,
        storable(charger.vendor),
        storable(charger.model),
        storable(charger.serial),
        storable(charger.firmware),
        charger.first_seen,
        charger.last_seen,
        charger.booted_at,
        connectors_text(charger).replace("\\u0000", ""),
    )


def charger_of(row: Row) -> Charger:
    """A charger out of a row."""
    return Charger(
        identity=row["identity"],
        admission=Admission(row["admission"]),
        vendor=row["vendor"],
        model=row["model"],
        serial=row["serial"],
        firmware=row["firmware"],
        first_seen=row["first_seen"],
        last_seen=row["last_seen"],
        booted_at=row["booted_at"],
        connectors=connectors_of(row["connectors"]),
    )


def transaction_row(t: Transaction) -> tuple[Any, ...]:
    """A transaction as a row."""
    return (
        t.id,
        t.identity,
        t.connector,
        key(t.id_tag),
        t.started_at,
        key(t.start_told),
        t.meter_start_wh,
        t.reservation_id,
        t.accepted,
        t.register_wh,
        t.register_at,
        t.energy_kwh,
        t.priced_kwh,
        t.cost_eur,
        t.solar_kwh,
        t.soc,
        t.stopped_at,
        t.meter_stop_wh,
        None if t.reason is None else storable(t.reason),
        None if t.stop_tag is None else storable(t.stop_tag),
        key(t.id_tag.casefold()),
    )


def transaction_of(row: Row) -> Transaction:
    """A transaction out of a row."""
    return Transaction(**row)


def tag_row(tag: Tag) -> tuple[Any, ...]:
    """A tag as a row."""
    return (
        key(tag.id_tag.casefold()),
        key(tag.id_tag),
        storable(tag.name),
        None if tag.parent is None else storable(tag.parent),
        tag.expires_at,
        tag.blocked,
        tag.several_at_once,
    )


def tag_of(row: Row) -> Tag:
    """A tag out of a row."""
    return Tag(**{name: value for name, value in row.items() if name != "folded"})
