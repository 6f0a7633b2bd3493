"""When the meters are read, and where the values go (OCPP 1.6 §3.16, §7.43)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from ohmstead.ocpp.charge_point.memory import Memory
from ohmstead.ocpp.charge_point.metering import Context, MeterReading, aligned_interval, meter_value, thin_out
from ohmstead.ocpp.charge_point.outlet import Outlet, RunningTransaction
from ohmstead.ocpp.charge_point.sender import Sender
from ohmstead.ocpp.charge_point.statuses import MAIN
from ohmstead.ocpp.clock import Clock, Timer
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.times import read_time


class Sampling:
    """MeterValues of one charge point; a transaction's own samples, too, which StopTransaction carries."""

    __slots__ = ("_advance", "_aligned_timer", "_clock", "_main_wh", "_memory", "_now", "_outlets", "_sender")

    def __init__(
        self,
        *,
        outlets: dict[int, Outlet],
        memory: Memory,
        sender: Sender,
        clock: Clock,
        now: Callable[[], datetime],
        advance: Callable[[Outlet], None],
    ) -> None:
        """Nothing is armed.

        Args:
            advance: brings an outlet's meter up to now.
        """
        self._outlets = outlets
        self._memory = memory
        self._sender = sender
        self._clock = clock
        self._now = now
        self._advance = advance
        self._aligned_timer: Timer | None = None
        self._main_wh = 0.0

    def arm(self, outlet: Outlet) -> None:
        """Samples count from the start of the transaction."""
        interval_s = self._memory.configuration.number("MeterValueSampleInterval")
        if outlet.sample_timer is not None:
            outlet.sample_timer.cancel()
            outlet.sample_timer = None
        if interval_s > 0 and outlet.transaction is not None:
            outlet.sample_timer = self._clock.call_later(interval_s, lambda: self._sample(outlet))

    def _sample(self, outlet: Outlet) -> None:
        outlet.sample_timer = None
        running = outlet.transaction
        if running is None:
            return
        self._advance(outlet)
        self._meter(outlet, running, outlet.reading(), self._now(), Context.PERIODIC, "SampledData")
        self.arm(outlet)

    def arm_aligned(self) -> None:
        """Clock-aligned samples, as configured now."""
        self.stop()
        interval_s = self._memory.configuration.number("ClockAlignedDataInterval")
        if interval_s > 0:
            now = self._now()
            start, end = aligned_interval(now, interval_s)
            self._main_wh = self._total_wh()
            wait_s = (end - now).total_seconds()
            self._aligned_timer = self._clock.call_later(wait_s, lambda: self._aligned(start))

    def stop(self) -> None:
        """No clock-aligned sample comes any more."""
        if self._aligned_timer is not None:
            self._aligned_timer.cancel()
            self._aligned_timer = None

    def _aligned(self, start: datetime) -> None:
        """An interval is over: its averages, and the registers at its start, bear its start's time."""
        for outlet in self._outlets.values():
            self._advance(outlet)
            reading = outlet.interval_reading()
            if outlet.transaction is not None:
                at = max(start, read_time(outlet.transaction.record.started_at))
                self._meter(outlet, outlet.transaction, reading, at, Context.CLOCK, "AlignedData")
        wanted = self._memory.configuration.items("MeterValuesAlignedData")
        main = meter_value(
            MeterReading(energy_wh=self._main_wh, currents_a=()),
            [name for name in wanted if name.startswith("Energy")],
            at=start,
            context=Context.CLOCK,
        )
        if main is not None:
            with self._memory.store.transaction():
                self._sender.enqueue("MeterValues", {"connectorId": MAIN, "meterValue": [main]}, None)
            self._sender.wake()
        self.arm_aligned()

    def _total_wh(self) -> float:
        for outlet in self._outlets.values():
            self._advance(outlet)
        return sum(outlet.energy_wh for outlet in self._outlets.values())

    def _meter(
        self,
        outlet: Outlet,
        running: RunningTransaction,
        reading: MeterReading,
        at: datetime,
        context: Context,
        kind: str,
    ) -> None:
        configuration = self._memory.configuration
        sent = meter_value(reading, configuration.items(f"MeterValues{kind}"), at=at, context=context)
        kept = meter_value(reading, configuration.items(f"StopTxn{kind}"), at=at, context=context)
        if kept is not None:
            most = configuration.number("StopTransactionMaxMeterValues")
            running.record.stop_data = thin_out([*running.record.stop_data, kept], most - 1)
        with self._memory.store.transaction():
            self._memory.save_registers()
            keep(self._memory, outlet, running)
            if sent is not None:
                payload = {"connectorId": outlet.connector_id, "meterValue": [sent]}
                self._sender.enqueue("MeterValues", payload, running.local_id)
        self._sender.wake()

    def read_now(self, connector_id: int, context: Context) -> Payload | None:
        """MeterValues as it stands now; ``None``: nothing to tell."""
        configuration = self._memory.configuration
        wanted = configuration.items("MeterValuesSampledData")
        total_wh = self._total_wh()
        if connector_id == MAIN:
            reading = MeterReading(energy_wh=total_wh, currents_a=())
            wanted = tuple(name for name in wanted if name.startswith("Energy"))
            running = None
        else:
            reading = self._outlets[connector_id].reading()
            running = self._outlets[connector_id].transaction
        value = meter_value(reading, wanted, at=self._now(), context=context)
        if value is None:
            return None
        payload: Payload = {"connectorId": connector_id, "meterValue": [value]}
        if running is not None and running.transaction_id is not None:
            payload["transactionId"] = running.transaction_id
        return payload


def keep(memory: Memory, outlet: Outlet, running: RunningTransaction) -> None:
    """Keep what is known about a running transaction, its meter included."""
    running.record.last_wh = outlet.energy_wh
    memory.store.update(running.local_id, msgspec.json.encode(running.record))
