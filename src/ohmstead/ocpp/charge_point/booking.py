"""Begin and end of transactions, as they are kept and queued: each one commit (OCPP 1.6 §4.8, §4.10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from ohmstead.ocpp.charge_point.memory import Memory, TransactionRecord
from ohmstead.ocpp.charge_point.metering import Context, MeterReading, meter_value
from ohmstead.ocpp.charge_point.outlet import Outlet, PendingUser, RunningTransaction
from ohmstead.ocpp.charge_point.reservation import Reservation
from ohmstead.ocpp.charge_point.sender import Sender
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.times import write_time


class Booking:
    """What survives a power cut of the transactions of one charge point. Meters are read before."""

    __slots__ = ("_memory", "_now", "_sender")

    def __init__(self, *, memory: Memory, sender: Sender, now: Callable[[], datetime]) -> None:
        self._memory = memory
        self._sender = sender
        self._now = now

    def begin(self, outlet: Outlet, user: PendingUser, reservation: Reservation | None) -> RunningTransaction:
        """A new transaction; it uses the reservation up."""
        now = self._now()
        begin_wh = float(int(outlet.energy_wh))
        record = TransactionRecord(
            user.id_tag, write_time(now), begin_wh, outlet.energy_wh, user.parent_id_tag
        )
        sampled = self._memory.configuration.items("StopTxnSampledData")
        first = meter_value(outlet.reading(), sampled, at=now, context=Context.BEGIN)
        if first is not None:
            record.stop_data.append(first)
        payload: Payload = {
            "connectorId": outlet.connector_id,
            "idTag": user.id_tag,
            "meterStart": int(begin_wh),
            "timestamp": record.started_at,
        }
        if reservation is not None:
            payload["reservationId"] = reservation.reservation_id
        with self._memory.store.transaction():
            encoded = msgspec.json.encode(record)
            local_id = self._memory.store.begin(self._memory.identity, outlet.connector_id, encoded)
            self._sender.enqueue("StartTransaction", payload, local_id)
            if reservation is not None:
                del self._memory.reservations[reservation.reservation_id]
                self._memory.save_reservations()
        return RunningTransaction(local_id, record)

    def running(self) -> list[tuple[int, RunningTransaction]]:
        """After a boot: what ran when the last run ended, with its connector."""
        return [
            (
                stored.connector_id,
                RunningTransaction(
                    stored.local_id,
                    msgspec.json.decode(stored.record, type=TransactionRecord),
                    stored.transaction_id,
                ),
            )
            for stored in self._memory.store.running(self._memory.identity)
        ]

    def end(
        self,
        outlet: Outlet,
        running: RunningTransaction,
        reason: str,
        *,
        last: MeterReading,
        id_tag: str | None = None,
    ) -> None:
        """A transaction is over.

        Args:
            last: the meter when it ended, as far as that is known.
            id_tag: who ended it.
        """
        now = self._now()
        payload: Payload = {
            "meterStop": int(last.energy_wh),
            "timestamp": write_time(now),
            "reason": reason,
        }
        if id_tag is not None:
            payload["idTag"] = id_tag
        sampled = self._memory.configuration.items("StopTxnSampledData")
        at_end = meter_value(last, sampled, at=now, context=Context.END)
        data = [*running.record.stop_data, *([at_end] if at_end is not None else [])]
        if data:
            payload["transactionData"] = data
        self._memory.registers[outlet.connector_id] = max(outlet.energy_wh, last.energy_wh)
        with self._memory.store.transaction():
            self._memory.save_registers()
            self._sender.enqueue("StopTransaction", payload, running.local_id)
            self._memory.store.end(running.local_id)
