"""The platform's bills: each order exactly once, stored before it is confirmed.

One SQLite file; what is committed survives a kill and a power cut. A pile that hears no confirmation repeats
its bill; the repeat is recognised by its order number and only confirmed.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ohmstead.errors import DataError
from ohmstead.ykc.database import open_own
from ohmstead.ykc.layout import REGISTRY
from ohmstead.ykc.messages.orders import SealedTransactionRecord, TransactionRecord

Bill = TransactionRecord | SealedTransactionRecord
_APPLICATION_ID = 0x4F684B42  # "OhKB"
_METER_TOLERANCE_KWH = 0.01
_WIRE_KWH = 1.5e-4
_CENT_YUAN = 0.01001
_SCHEMA = """
CREATE TABLE IF NOT EXISTS bill (
    serial TEXT PRIMARY KEY,
    pile TEXT NOT NULL,
    gun TEXT NOT NULL,
    received_at TEXT NOT NULL,
    energy_kwh REAL NOT NULL,
    amount_yuan REAL NOT NULL,
    stop_reason INTEGER NOT NULL,
    frame_type INTEGER NOT NULL,
    body BLOB NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS disputed (
    number INTEGER PRIMARY KEY, serial TEXT NOT NULL, received_at TEXT NOT NULL,
    frame_type INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (serial, body)
);
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a bill: ``new``, or one that was here; ``doubts`` are what does not add up, in words."""

    new: bool
    doubts: tuple[str, ...] = ()


class BillStore:
    """Args: the file, or :data:`IN_MEMORY`.

    Raises:
        DataError: the file belongs to another program or cannot be opened.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = path
        self._db = open_own(path, _APPLICATION_ID, _SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def store(self, bill: Bill, now: datetime) -> Stored:
        """Keep a bill. A second one of the same order with other contents is kept apart, for people to judge.

        Raises:
            DataError: the disk does not take it; then the bill must not be confirmed.
        """
        body = bill.to_bytes()
        try:
            cursor = self._db.execute(
                "INSERT OR IGNORE INTO bill VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    bill.serial,
                    bill.pile,
                    bill.gun,
                    now.isoformat(),
                    bill.energy_kwh,
                    bill.amount_yuan,
                    bill.stop_reason,
                    bill.TYPE,
                    body,
                ),
            )
            if cursor.rowcount:
                return Stored(True, doubts(bill))
            row = self._db.execute("SELECT body FROM bill WHERE serial = ?", (bill.serial,)).fetchone()
            if row[0] == body:
                return Stored(False)
            self._db.execute(
                "INSERT OR IGNORE INTO disputed (serial, received_at, frame_type, body) VALUES (?, ?, ?, ?)",
                (bill.serial, now.isoformat(), bill.TYPE, body),
            )
        except sqlite3.Error as error:
            raise DataError(f"{self._path}: {error}") from error
        return Stored(False, ("differs from the bill that came first",))

    def bills(self, pile: str | None = None) -> list[Bill]:
        """All bills, or those of one pile, by order number."""
        query = "SELECT frame_type, body FROM bill WHERE ?1 IS NULL OR pile = ?1 ORDER BY serial"
        found = []
        for frame_type, body in self._db.execute(query, (pile,)).fetchall():
            bill = REGISTRY[frame_type].from_bytes(body)
            if isinstance(bill, TransactionRecord | SealedTransactionRecord):
                found.append(bill)
        return found


def doubts(bill: Bill) -> tuple[str, ...]:
    """What does not add up in a bill. Real firmware rounds and leaves fields out, so nothing is refused."""
    found = []
    classes_kwh = sum(share.energy_kwh for share in bill.shares)
    if abs(classes_kwh - bill.energy_kwh) > 4 * _WIRE_KWH:
        found.append(f"the classes add up to {classes_kwh:.4f} kWh, the bill says {bill.energy_kwh:.4f}")
    metered_kwh = bill.meter_end_kwh - bill.meter_start_kwh
    if abs(metered_kwh - bill.energy_kwh) > _METER_TOLERANCE_KWH:
        found.append(f"the meter says {metered_kwh:.4f} kWh, the bill {bill.energy_kwh:.4f}")
    for share in bill.shares:
        amount_yuan = share.price_per_kwh * share.energy_kwh
        if abs(amount_yuan - share.amount_yuan) > _CENT_YUAN:
            found.append(f"{amount_yuan:.4f} yuan by price and energy, the bill says {share.amount_yuan:.4f}")
    return tuple(found)
