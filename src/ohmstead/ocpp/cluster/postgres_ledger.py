"""What a decision about one message may need, read in one round trip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncCursor
from psycopg.rows import DictRow

from ohmstead.ocpp.central.charger import Tag, Transaction
from ohmstead.ocpp.central.transactions import clamped
from ohmstead.ocpp.cluster import postgres_schema as schema
from ohmstead.ocpp.cluster.postgres_pool import Database

LARGEST_ID = (1 << 31) - 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """A :class:`~ohmstead.ocpp.central.decision.Ledger` as far as one message is concerned."""

    found_tag: Tag | None = None
    listed: bool = False
    charging: frozenset[int] = frozenset()
    """Open transactions of the message's tag."""
    named: Transaction | None = None
    """The transaction that the message names."""
    begun: Transaction | None = None
    """The transaction that the message began before."""
    open: tuple[Transaction, ...] = ()
    """The charger's own."""
    next_id: int | None = None

    def tag(self, id_tag: str) -> Tag | None:
        """The message's tag."""
        found = self.found_tag
        return (
            found if found is not None and found.id_tag.casefold() == schema.key(id_tag.casefold()) else None
        )

    def any_tags(self) -> bool:
        """At least one tag is listed."""
        return self.listed

    def charging_with(self, _id_tag: str, *, except_transaction: int | None = None) -> bool:
        """A transaction of the message's tag runs somewhere."""
        return bool(self.charging - {except_transaction})

    def transaction(self, transaction_id: int) -> Transaction | None:
        """The transaction that the message names, or an open one of the charger."""
        if self.named is not None and self.named.id == transaction_id:
            return self.named
        return next((found for found in self.open if found.id == transaction_id), None)

    def same_start(
        self, _identity: str, _connector: int, _id_tag: str, _started: str, _meter_start_wh: int
    ) -> Transaction | None:
        """The transaction that the message began before."""
        return self.begun

    def running(self, _identity: str, connector: int | None = None) -> tuple[Transaction, ...]:
        """The charger's open transactions, oldest first."""
        return tuple(t for t in self.open if connector is None or t.connector == connector)

    def next_transaction_id(self) -> int:
        """The number that was drawn for the message.

        Raises:
            LookupError: the message begins no transaction.
        """
        if self.next_id is None:
            raise LookupError("only a StartTransaction draws a number")
        return self.next_id


EMPTY = Snapshot()
ASKS_NOTHING = frozenset(
    {
        "BootNotification",
        "DataTransfer",
        "DiagnosticsStatusNotification",
        "FirmwareStatusNotification",
        "Heartbeat",
        "LogStatusNotification",
        "SecurityEventNotification",
        "SignCertificate",
        "SignedFirmwareStatusNotification",
        "StatusNotification",
    }
)
"""Decided by the charger's own facts."""


async def read_snapshot(
    database: Database, identity: str, action: str, payload: Mapping[str, Any]
) -> Snapshot:
    """Read what the message names; its payload was judged by the schema."""
    starts = action == "StartTransaction"
    id_tag, transaction_id = payload.get("idTag"), payload.get("transactionId")
    cursors: dict[str, AsyncCursor[DictRow]] = {}
    async with database.pipeline():

        async def ask(name: str, query: str, values: tuple[object, ...] = ()) -> None:
            cursors[name] = await database.execute(query, values)

        if id_tag is not None:
            folded = schema.key(str(id_tag).casefold())
            await ask("tag", schema.FIND_TAG, (folded,))
            await ask("listed", schema.ANY_TAGS)
            if starts:
                await ask("charging", schema.OPEN_OF_TAG, (folded,))
        if isinstance(transaction_id, int) and 0 < transaction_id <= LARGEST_ID:
            await ask("named", f"{schema.READ_TRANSACTION} WHERE id = %s", (transaction_id,))
        if starts or action == "MeterValues":
            await ask("open", schema.RUNNING, (identity,))
        if starts:
            await ask("begun", schema.SAME_START, start_key(identity, payload))
            await ask("next", schema.NEXT_ID)
    rows = {name: await cursor.fetchall() for name, cursor in cursors.items()}
    return Snapshot(
        found_tag=next(map(schema.tag_of, rows.get("tag", ())), None),
        listed=any(row["listed"] for row in rows.get("listed", ())),
        charging=frozenset(row["id"] for row in rows.get("charging", ())),
        named=next(map(schema.transaction_of, rows.get("named", ())), None),
        begun=next(map(schema.transaction_of, rows.get("begun", ())), None),
        open=tuple(map(schema.transaction_of, rows.get("open", ()))),
        next_id=next((row["id"] for row in rows.get("next", ())), None),
    )


def start_key(identity: str, payload: Mapping[str, Any]) -> tuple[object, ...]:
    """By what a repeat of a StartTransaction is known."""
    return (
        identity,
        clamped(payload["connectorId"]),
        schema.key(str(payload["idTag"])),
        schema.key(str(payload["timestamp"])),
        clamped(payload["meterStart"]),
    )
