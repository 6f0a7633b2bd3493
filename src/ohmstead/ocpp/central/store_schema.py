"""The tables of a central system's database, and rows to values and back.

One SQLite file: chargers with their connectors, passwords (hashes only), tags, transactions with
energy, cost and sun, their meter values, stops without a start, and events. Times are seconds since 1970,
UTC.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from sqlite3 import Row
from typing import Any

from ohmstead.ocpp.central.charger import (
    Admission,
    Charger,
    Connector,
    ConnectorStatus,
    Tag,
    Transaction,
)

APPLICATION_ID = 0x4F484D43
"""``OHMC`` in the file header: tells our files from other people's databases."""
VERSION = 1

TABLES = """
CREATE TABLE charger (
    identity TEXT PRIMARY KEY, admission TEXT NOT NULL, vendor TEXT NOT NULL, model TEXT NOT NULL,
    serial TEXT NOT NULL, firmware TEXT NOT NULL, first_seen REAL, last_seen REAL, booted_at REAL,
    connectors TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE password (
    identity TEXT PRIMARY KEY, hash TEXT NOT NULL, next_hash TEXT
) WITHOUT ROWID;
CREATE TABLE tag (
    folded TEXT PRIMARY KEY, id_tag TEXT NOT NULL, name TEXT NOT NULL, parent TEXT, expires_at REAL,
    blocked INTEGER NOT NULL, several_at_once INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE charge_session (
    id INTEGER PRIMARY KEY, identity TEXT NOT NULL, connector INTEGER NOT NULL, id_tag TEXT NOT NULL,
    started_at REAL NOT NULL, start_told TEXT NOT NULL, meter_start_wh INTEGER NOT NULL,
    reservation_id INTEGER, accepted INTEGER NOT NULL, register_wh REAL, register_at REAL,
    energy_kwh REAL NOT NULL, priced_kwh REAL NOT NULL, cost_eur REAL NOT NULL, solar_kwh REAL NOT NULL,
    soc REAL, stopped_at REAL, meter_stop_wh INTEGER, reason TEXT, stop_tag TEXT
);
CREATE UNIQUE INDEX charge_session_once
    ON charge_session (identity, connector, id_tag, start_told, meter_start_wh);
CREATE INDEX charge_session_open ON charge_session (identity) WHERE stopped_at IS NULL;
CREATE INDEX charge_session_started ON charge_session (started_at);
CREATE TABLE sample (
    transaction_id INTEGER NOT NULL, at REAL NOT NULL, energy_wh REAL, power_w REAL, soc REAL,
    PRIMARY KEY (transaction_id, at)
) WITHOUT ROWID;
CREATE TABLE orphan_stop (
    identity TEXT NOT NULL, stopped_at REAL NOT NULL, transaction_id INTEGER NOT NULL,
    meter_stop_wh INTEGER NOT NULL, id_tag TEXT, reason TEXT NOT NULL,
    PRIMARY KEY (identity, stopped_at, transaction_id, meter_stop_wh)
) WITHOUT ROWID;
CREATE TABLE event (
    id INTEGER PRIMARY KEY, identity TEXT NOT NULL, at REAL NOT NULL, kind TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX event_of ON event (identity, id);
"""

CHARGER = (
    "INSERT INTO charger VALUES (?,?,?,?,?,?,?,?,?,?) ON CONFLICT (identity) DO UPDATE SET "
    "admission=excluded.admission, vendor=excluded.vendor, model=excluded.model, serial=excluded.serial, "
    "firmware=excluded.firmware, first_seen=excluded.first_seen, last_seen=excluded.last_seen, "
    "booted_at=excluded.booted_at, connectors=excluded.connectors"
)
TRANSACTION_COLUMNS = (
    "id, identity, connector, id_tag, started_at, start_told, meter_start_wh, reservation_id, accepted, "
    "register_wh, register_at, energy_kwh, priced_kwh, cost_eur, solar_kwh, soc, stopped_at, meter_stop_wh, "
    "reason, stop_tag"
)
TRANSACTION = (
    f"INSERT INTO charge_session ({TRANSACTION_COLUMNS}) "  # noqa: S608 - columns of ours
    "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) ON CONFLICT (id) DO UPDATE SET "
    "register_wh=excluded.register_wh, register_at=excluded.register_at, energy_kwh=excluded.energy_kwh, "
    "priced_kwh=excluded.priced_kwh, cost_eur=excluded.cost_eur, solar_kwh=excluded.solar_kwh, "
    "soc=excluded.soc, stopped_at=excluded.stopped_at, meter_stop_wh=excluded.meter_stop_wh, "
    "reason=excluded.reason, stop_tag=excluded.stop_tag"
)
TAG = "INSERT OR REPLACE INTO tag VALUES (?,?,?,?,?,?,?)"
SAMPLE = "INSERT OR REPLACE INTO sample VALUES (?,?,?,?,?)"
ORPHAN = "INSERT OR IGNORE INTO orphan_stop VALUES (?,?,?,?,?,?)"
EVENT = "INSERT INTO event (identity, at, kind, text) VALUES (?,?,?,?)"


def seconds(at: datetime | None) -> float | None:
    """A time as it is stored."""
    return None if at is None else at.timestamp()


def moment(stored: float | None) -> datetime | None:
    """A stored time, UTC."""
    return None if stored is None else datetime.fromtimestamp(stored, UTC)


def _moment(stored: float) -> datetime:
    return datetime.fromtimestamp(stored, UTC)


def connectors_text(charger: Charger) -> str:
    """A charger's connectors as JSON; measurements are left out: after a restart they would be old."""
    connectors = [
        {
            "id": connector.id,
            "status": connector.status.value,
            "error_code": connector.error_code,
            "info": connector.info,
            "status_at": seconds(connector.status_at),
            "transaction_id": connector.transaction_id,
            "waiting": connector.waiting,
        }
        for connector in charger.connectors.values()
    ]
    return json.dumps(connectors, separators=(",", ":"))


def connectors_of(text: str) -> dict[int, Connector]:
    """Connectors out of :func:`connectors_text`, by number."""
    return {
        item["id"]: Connector(
            id=item["id"],
            status=ConnectorStatus(item["status"]),
            error_code=item["error_code"],
            info=item["info"],
            status_at=moment(item["status_at"]),
            transaction_id=item["transaction_id"],
            waiting=item.get("waiting", False),
        )
        for item in json.loads(text)
    }


def charger_row(charger: Charger) -> tuple[Any, ...]:
    """A charger as a row."""
    return (
        charger.identity,
        charger.admission.value,
        charger.vendor,
        charger.model,
        charger.serial,
        charger.firmware,
        seconds(charger.first_seen),
        seconds(charger.last_seen),
        seconds(charger.booted_at),
        connectors_text(charger),
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
        first_seen=moment(row["first_seen"]),
        last_seen=moment(row["last_seen"]),
        booted_at=moment(row["booted_at"]),
        connectors=connectors_of(row["connectors"]),
    )


def transaction_row(t: Transaction) -> tuple[Any, ...]:
    """A transaction as a row."""
    return (
        t.id,
        t.identity,
        t.connector,
        t.id_tag,
        t.started_at.timestamp(),
        t.start_told,
        t.meter_start_wh,
        t.reservation_id,
        t.accepted,
        t.register_wh,
        seconds(t.register_at),
        t.energy_kwh,
        t.priced_kwh,
        t.cost_eur,
        t.solar_kwh,
        t.soc,
        seconds(t.stopped_at),
        t.meter_stop_wh,
        t.reason,
        t.stop_tag,
    )


def transaction_of(row: Row) -> Transaction:
    """A transaction out of a row."""
    facts = {name: row[name] for name in row.keys()}  # noqa: SIM118 - a Row iterates over its values
    facts["accepted"] = bool(facts["accepted"])
    facts["started_at"] = _moment(facts["started_at"])
    facts["register_at"] = moment(facts["register_at"])
    facts["stopped_at"] = moment(facts["stopped_at"])
    return Transaction(**facts)


def tag_row(tag: Tag) -> tuple[Any, ...]:
    """A tag as a row."""
    return (
        tag.id_tag.casefold(),
        tag.id_tag,
        tag.name,
        tag.parent,
        seconds(tag.expires_at),
        tag.blocked,
        tag.several_at_once,
    )


def tag_of(row: Row) -> Tag:
    """A tag out of a row."""
    return Tag(
        id_tag=row["id_tag"],
        name=row["name"],
        parent=row["parent"],
        expires_at=moment(row["expires_at"]),
        blocked=bool(row["blocked"]),
        several_at_once=bool(row["several_at_once"]),
    )
