"""StartTransaction and StopTransaction: each transaction exactly once, however often it is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from ohmstead.ocpp.central.accounting import advance
from ohmstead.ocpp.central.authorization import TagStatus, id_tag_info, judge_tag
from ohmstead.ocpp.central.charger import Charger, Transaction
from ohmstead.ocpp.central.decision import (
    AddSamples,
    Change,
    Context,
    Decision,
    OrphanStop,
    SaveCharger,
    SaveTransaction,
)
from ohmstead.ocpp.central.meter_values import parse_meter_values
from ohmstead.ocpp.central.metering import book
from ohmstead.ocpp.central.times import plausible_time

MOST_WH = 1_000_000.0
"""No vehicle takes more in one session; a larger difference of the meter is not energy."""
SUPERSEDED = "Superseded"
"""Reason of a transaction whose end was never told: the next one began on its connector."""


def clamped(value: Any) -> int:
    """A whole number as the database can hold it; nothing real is larger."""
    return max(-(1 << 53), min(int(value), 1 << 53))


def _reservation(payload: Mapping[str, Any]) -> int | None:
    told = payload.get("reservationId")
    return None if told is None else clamped(told)


def start_transaction(
    charger: Charger, payload: Mapping[str, Any], now: datetime, context: Context
) -> Decision:
    """Begin a transaction, or find the one that this message began before.

    The answer always carries a positive number, also where the tag is refused: the charger tells the end
    of it, or asks what to do with it, by that number.
    """
    ledger = context.ledger
    connector_id, id_tag = clamped(payload["connectorId"]), str(payload["idTag"])
    told, meter_start_wh = str(payload["timestamp"]), clamped(payload["meterStart"])
    before = ledger.same_start(charger.identity, connector_id, id_tag, told, meter_start_wh)
    status = judge_tag(
        ledger,
        charger,
        id_tag,
        now,
        starting=True,
        except_transaction=None if before is None else before.id,
    )
    info = id_tag_info(ledger, id_tag, status)
    if before is not None:
        return Decision(answer={"idTagInfo": info, "transactionId": before.id}, charger=charger)
    started_at = plausible_time(told) or now
    transaction = Transaction(
        id=ledger.next_transaction_id(),
        identity=charger.identity,
        connector=connector_id,
        id_tag=id_tag,
        started_at=started_at,
        start_told=told,
        meter_start_wh=meter_start_wh,
        reservation_id=_reservation(payload),
        accepted=status is TagStatus.ACCEPTED,
    )
    changes: list[Change] = [
        SaveTransaction(transaction=_superseded(old, meter_start_wh, started_at, context))
        for old in ledger.running(charger.identity, connector_id)
        if old.started_at <= started_at
    ]
    connector = charger.connector(connector_id)
    charger = charger.with_connector(replace(connector, transaction_id=transaction.id), now)
    changes += [SaveTransaction(transaction=transaction), SaveCharger(charger=charger)]
    answer = {"idTagInfo": info, "transactionId": transaction.id}
    return Decision(answer=answer, charger=charger, changes=tuple(changes))


def _superseded(old: Transaction, meter_start_wh: int, at: datetime, context: Context) -> Transaction:
    """A transaction whose end got lost; it cannot have taken more than up to the next one's start."""
    if old.register_wh is None or old.register_wh < meter_start_wh:
        old = advance(old, meter_start_wh, at, context.mix)
    return replace(
        old,
        stopped_at=old.register_at or at,
        meter_stop_wh=round(old.register_wh if old.register_wh is not None else old.meter_start_wh),
        reason=SUPERSEDED,
    )


def stop_transaction(
    charger: Charger, payload: Mapping[str, Any], now: datetime, context: Context
) -> Decision:
    """End a transaction. One that is not known, or was never numbered (−1, 0), is answered normally too."""
    ledger = context.ledger
    transaction_id, id_tag = clamped(payload["transactionId"]), payload.get("idTag")
    answer: dict[str, Any] = {}
    if id_tag is not None:
        status = judge_tag(ledger, charger, str(id_tag), now)
        answer["idTagInfo"] = id_tag_info(ledger, str(id_tag), status)
    transaction = ledger.transaction(transaction_id) if transaction_id > 0 else None
    if transaction is None or transaction.identity != charger.identity:
        orphan = OrphanStop(
            identity=charger.identity,
            transaction_id=transaction_id,
            id_tag=None if id_tag is None else str(id_tag),
            stopped_at=plausible_time(payload["timestamp"]) or now,
            meter_stop_wh=clamped(payload["meterStop"]),
            reason=str(payload.get("reason") or "Local"),
        )
        return Decision(answer=answer, charger=charger, changes=(orphan,))
    if not transaction.open and transaction.reason != SUPERSEDED:
        return Decision(answer=answer, charger=charger)
    stopped, data = _stopped(transaction, payload, now, context)
    changes: list[Change] = [SaveTransaction(transaction=stopped)]
    if data:
        changes.append(AddSamples(transaction_id=stopped.id, samples=data))
    connector = charger.connector(transaction.connector)
    if connector.transaction_id == transaction.id:
        charger = charger.with_connector(replace(connector, transaction_id=None))
        changes.append(SaveCharger(charger=charger))
    return Decision(answer=answer, charger=replace(charger, last_seen=now), changes=tuple(changes))


def _stopped(
    transaction: Transaction, payload: Mapping[str, Any], now: datetime, context: Context
) -> tuple[Transaction, tuple[Any, ...]]:
    at = plausible_time(payload["timestamp"]) or now
    meter_stop_wh = clamped(payload["meterStop"])
    transaction = replace(transaction, stopped_at=None)
    samples = parse_meter_values(payload.get("transactionData"))
    data = tuple(sample if sample.at is not None else replace(sample, at=at) for sample in samples)
    transaction = book(transaction, data, at, context.mix)
    transaction = advance(transaction, float(meter_stop_wh), at, context.mix)
    taken_wh = meter_stop_wh - transaction.meter_start_wh
    if 0 <= taken_wh <= MOST_WH:
        transaction = replace(transaction, energy_kwh=taken_wh / 1e3)
    stopped = replace(
        transaction,
        stopped_at=max(at, transaction.started_at),
        meter_stop_wh=meter_stop_wh,
        reason=str(payload.get("reason") or "Local"),
        stop_tag=payload.get("idTag"),
    )
    return stopped, data
