"""MeterValues: the newest measurement of a connector, and the energy of its transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from ohmstead.ocpp.central.accounting import MixAt, advance
from ohmstead.ocpp.central.charger import Charger, Connector, Transaction
from ohmstead.ocpp.central.decision import AddSamples, Change, Context, Decision, SaveTransaction
from ohmstead.ocpp.central.meter_values import MeterSample, parse_meter_values

LATE_S = 120.0
"""A value older than this was queued while the charger was offline: it says nothing about now."""
_BOOKED_CONTEXTS = frozenset(
    {"Sample.Periodic", "Sample.Clock", "Transaction.Begin", "Transaction.End", "Trigger", "Other"}
)


def meter_values(charger: Charger, payload: Mapping[str, Any], now: datetime, context: Context) -> Decision:
    """Book meter values; answered normally whatever they say (OCPP 1.6, 4.7)."""
    connector_id = int(payload["connectorId"])
    samples = parse_meter_values(payload["meterValue"])
    changes: list[Change] = []
    transaction = _transaction_of(charger, connector_id, payload.get("transactionId"), context)
    if transaction is not None and samples:
        booked = book(transaction, samples, now, context.mix)
        if booked != transaction:
            changes.append(SaveTransaction(transaction=booked))
        changes.append(AddSamples(transaction_id=transaction.id, samples=_timed(samples, now)))
    connector = charger.connector(connector_id)
    for sample in samples:
        connector = newest(connector, sample, now)
    charger = charger.with_connector(connector, now)
    return Decision(answer={}, charger=charger, changes=tuple(changes))


def _transaction_of(
    charger: Charger, connector_id: int, told_id: object, context: Context
) -> Transaction | None:
    """The transaction that values belong to. A number that cannot be (0, −1) means the running one."""
    if isinstance(told_id, int) and told_id > 0:
        found = context.ledger.transaction(told_id)
        return found if found is not None and found.identity == charger.identity else None
    if connector_id == 0:
        return None
    running = context.ledger.running(charger.identity, connector_id)
    return running[-1] if running else None


def book(transaction: Transaction, samples: Sequence[MeterSample], now: datetime, mix: MixAt) -> Transaction:
    """A transaction after meter values of it."""
    for sample in samples:
        if sample.energy_wh is not None and sample.context in _BOOKED_CONTEXTS and transaction.open:
            transaction = advance(transaction, sample.energy_wh, sample.at or now, mix, soc=sample.soc)
        elif sample.soc is not None and transaction.open:
            transaction = replace(transaction, soc=sample.soc)
    return transaction


def _timed(samples: tuple[MeterSample, ...], now: datetime) -> tuple[MeterSample, ...]:
    if all(sample.at is not None for sample in samples):
        return samples
    return tuple(sample if sample.at is not None else replace(sample, at=now) for sample in samples)


def newest(connector: Connector, sample: MeterSample, now: datetime) -> Connector:
    """A connector after a measurement. What the sample leaves out stays as it was.

    Values of a past time are not taken: chargers empty their queue after being offline. A charger whose
    clock is wrong is known by the pace: live values arrive as far apart as their own times are.
    """
    heard = connector.heard if sample.at is None else (now, sample.at)
    if (
        sample.at is not None
        and _past(connector, sample.at, now)
        and not _live(connector.heard, sample.at, now)
    ):
        return replace(connector, heard=heard)
    power_at = connector.power_at
    if _tells_power(sample):
        power_at = now
    old = connector.sample
    if old is not None and _lacks(sample, old):
        sample = _filled_up(sample, old)
    return replace(connector, sample=sample, sampled_at=now, power_at=power_at, heard=heard)


def _past(connector: Connector, at: datetime, now: datetime) -> bool:
    """By its own time, a value is not of now, or is older than the one before."""
    if (now - at).total_seconds() > LATE_S:
        return True
    last = connector.sample
    return last is not None and last.at is not None and at < last.at and _recent(connector, now)


def _live(heard: tuple[datetime, datetime] | None, at: datetime, now: datetime) -> bool:
    """The value arrived as long after the one before as its own time is later."""
    if heard is None:
        return False
    between_s, told_s = (now - heard[0]).total_seconds(), (at - heard[1]).total_seconds()
    return told_s > 0 and abs(between_s - told_s) <= 0.5 * told_s


def _tells_power(sample: MeterSample) -> bool:
    return (
        sample.power_w is not None
        or sample.phases_w is not None
        or sample.phases_a is not None
        or sample.current_a is not None
    )


def _filled_up(sample: MeterSample, old: MeterSample) -> MeterSample:
    powers = sample if _tells_power(sample) else old
    return replace(
        sample,
        power_w=powers.power_w,
        phases_w=powers.phases_w,
        phases_a=powers.phases_a,
        current_a=powers.current_a,
        energy_wh=old.energy_wh if sample.energy_wh is None else sample.energy_wh,
        soc=old.soc if sample.soc is None else sample.soc,
        phases_v=sample.phases_v or old.phases_v,
        voltage_v=old.voltage_v if sample.voltage_v is None else sample.voltage_v,
        temperature_c=old.temperature_c if sample.temperature_c is None else sample.temperature_c,
    )


def _lacks(sample: MeterSample, old: MeterSample) -> bool:
    """The one before told something that this one does not."""
    return (
        (sample.energy_wh is None and old.energy_wh is not None)
        or (sample.soc is None and old.soc is not None)
        or (sample.phases_v is None and old.phases_v is not None)
        or (sample.voltage_v is None and old.voltage_v is not None)
        or (sample.temperature_c is None and old.temperature_c is not None)
        or not _tells_power(sample)
    )


def _recent(connector: Connector, now: datetime) -> bool:
    """The last sample arrived lately, so that its time is worth comparing with."""
    return connector.sampled_at is not None and (now - connector.sampled_at).total_seconds() < LATE_S
