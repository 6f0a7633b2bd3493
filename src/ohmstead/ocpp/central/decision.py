"""What a message from a charger leads to: an answer, a changed charger and what must be kept."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import msgspec

from ohmstead.ocpp.central.accounting import MixAt, unknown_mix
from ohmstead.ocpp.central.authorization import TagList
from ohmstead.ocpp.central.charger import Charger, Transaction
from ohmstead.ocpp.central.meter_values import MeterSample
from ohmstead.ocpp.error_codes import ErrorCode


class SaveCharger(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Facts or connectors of a charger changed."""

    charger: Charger


class SaveTransaction(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A transaction is new or changed."""

    transaction: Transaction


class AddSamples(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Meter values of a transaction, kept for its curve."""

    transaction_id: int
    samples: tuple[MeterSample, ...]


class OrphanStop(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A stop whose transaction is not known here: kept, since it may be somebody's energy."""

    identity: str
    transaction_id: int
    id_tag: str | None
    stopped_at: datetime
    meter_stop_wh: int
    reason: str


class AddEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Something to remember about a charger: a security event, a fault, a status of firmware or log."""

    identity: str
    at: datetime
    kind: str
    text: str


Change = SaveCharger | SaveTransaction | AddSamples | OrphanStop | AddEvent
"""What the store must keep before the answer goes out."""


class Refusal(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A CALLERROR instead of an answer."""

    code: ErrorCode
    description: str


class Decision(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The outcome of one message.

    Args:
        answer: the payload of the answer, by the standard's names; or why there is none.
        charger: as it is after the message.
        changes: to be committed before the answer is sent.
        transactions: those that changed, newest state; also part of ``changes``.
    """

    answer: Mapping[str, Any] | Refusal
    charger: Charger
    changes: tuple[Change, ...] = ()


class Ledger(TagList, Protocol):
    """What is known of tags and transactions."""

    def transaction(self, transaction_id: int) -> Transaction | None:
        """A transaction by its number."""
        ...

    def same_start(
        self, identity: str, connector: int, id_tag: str, started: str, meter_start_wh: int
    ) -> Transaction | None:
        """The transaction that this start began already, however often it is repeated."""
        ...

    def running(self, identity: str, connector: int | None = None) -> tuple[Transaction, ...]:
        """Transactions of a charger that are not stopped yet, oldest first."""
        ...

    def next_transaction_id(self) -> int:
        """A number that no transaction had, positive; never given twice."""
        ...


class Context(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What decisions need beside the message.

    Args:
        heartbeat_s: told to accepted chargers.
        pending_s: how long a charger that is held waits before it asks again.
        vendors: ``vendorId`` of DataTransfer that is understood: none of it is interpreted.
    """

    ledger: Ledger
    mix: MixAt = unknown_mix
    heartbeat_s: int = 300
    pending_s: int = 60
    sign_requests: bool = False
    """Somebody signs certificates; without it SignCertificate is rejected."""
