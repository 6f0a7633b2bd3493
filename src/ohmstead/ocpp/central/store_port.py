"""What a central system needs of a store; SQLite for one process, PostgreSQL for several workers."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ohmstead.ocpp.central.charger import Charger, Tag, Transaction
from ohmstead.ocpp.central.committer import StoreError
from ohmstead.ocpp.central.decision import AddEvent, Change, Ledger
from ohmstead.ocpp.central.meter_values import MeterSample

__all__ = ["Claim", "StaleClaim", "StoreError", "TransactionStore"]


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Claim:
    """The right to write for a charger, given to each of its connections. The newest one wins.

    Numbers only grow, also across workers; 0 where one process has all connections.
    """

    number: int
    identity: str


class StaleClaim(StoreError):  # noqa: N818 - what happened to the claim
    """The charger has a newer connection; what comes over this one is not booked any more."""


class TransactionStore(Ledger, Protocol):
    """Chargers, tags, passwords and transactions; what :meth:`commit` took survives a power cut.

    Coroutines and :meth:`commit` never hold up the event loop. The other methods that read transactions,
    tags and events may wait for the database; each may raise :class:`StoreError`.
    """

    @property
    def chargers(self) -> Mapping[str, Charger]:
        """Every known charger, by identity, as it is known in this process."""
        ...

    async def refresh(self, identity: str) -> None:
        """Learn what other workers changed of a charger and its password."""
        ...

    async def claim(self, identity: str) -> Claim | None:
        """Take a charger over for a new connection: earlier claims are void from now on.

        Returns:
            ``None`` where it is not known (any more).
        """
        ...

    def ledger_at_hand(self, action: str) -> Ledger | None:
        """What a decision about such a message may need; ``None``: ask :meth:`ledger`, which may wait."""
        ...

    async def ledger(self, identity: str, action: str, payload: Mapping[str, Any]) -> Ledger:
        """What a decision about this message may need."""
        ...

    def commit(self, changes: Sequence[Change], claim: Claim | None = None) -> asyncio.Future[None]:
        """Begin to keep changes; the future is done once they would survive a power cut.

        It fails with :class:`StaleClaim` where there is a newer connection, and nothing was changed; with
        :class:`StoreError` where they could not be written, or hold a start that is booked already: nothing
        was changed then, as far as can be known.

        Args:
            claim: of the connection that they came by. Without one, a charger that is known already is
                at most adopted.
        """
        ...

    def note(self, charger: Charger) -> None:
        """Remember what need not survive a restart: measurements, and when it was heard last."""
        ...

    async def forget(self, identity: str) -> bool:
        """Forget a charger and its password; its transactions stay. False where it is not known."""
        ...

    def forgotten(self, identity: str) -> None:
        """Remember a charger no longer that another worker forgot."""
        ...

    def password(self, identity: str) -> tuple[str | None, str | None]:
        """The salted hash of a charger's password, and of the one that it is being given."""
        ...

    async def put_password(self, identity: str, hashed: str, next_hash: str | None = None) -> None:
        """Keep the hash of a charger's password."""
        ...

    def tags(self) -> tuple[Tag, ...]:
        """All tags, by identifier."""
        ...

    async def put_tag(self, tag: Tag) -> None:
        """List a tag, or change it."""
        ...

    async def remove_tag(self, id_tag: str) -> bool:
        """Take a tag off the list; False where it is not on it."""
        ...

    def transactions(
        self, *, limit: int = 100, before_id: int | None = None, identity: str | None = None
    ) -> tuple[Transaction, ...]:
        """Transactions, newest first."""
        ...

    def samples(self, transaction_id: int) -> tuple[MeterSample, ...]:
        """The curve of a transaction, by time."""
        ...

    def events(self, identity: str, limit: int = 100) -> tuple[AddEvent, ...]:
        """What happened at a charger, newest first."""
        ...

    def orphan_stops(self) -> int:
        """How many stops came whose transaction is not known."""
        ...
