"""One connector as it runs: its state, its meter, the car at it. No message is sent from here."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from ohmstead.ocpp.charge_point.connector import NO_ERROR, ConnectorState, Status
from ohmstead.ocpp.charge_point.memory import TransactionRecord
from ohmstead.ocpp.charge_point.metering import MeterReading
from ohmstead.ocpp.charge_point.vehicle import MIN_CURRENT_A, Vehicle
from ohmstead.ocpp.clock import Timer
from ohmstead.ocpp.smart_charging import Limit, Supply, Transaction
from ohmstead.ocpp.times import read_time

EV_PATIENCE_S: Final = 15.0
"""A car that takes nothing for so long has suspended."""
MAX_STEP_S: Final = 60.0


class RunningTransaction:
    """A transaction at an outlet. ``transaction_id``: ``None`` until the central system gave one."""

    __slots__ = ("local_id", "record", "transaction_id")

    def __init__(self, local_id: int, record: TransactionRecord, transaction_id: int | None = None) -> None:
        self.local_id = local_id
        self.record = record
        self.transaction_id = transaction_id

    def as_limit_input(self) -> Transaction:
        """What charging profiles need of it."""
        return Transaction(transaction_id=self.transaction_id, started_at=read_time(self.record.started_at))


class PendingUser:
    """Somebody who may charge as soon as the cable is in."""

    __slots__ = ("id_tag", "parent_id_tag", "profile")

    def __init__(self, id_tag: str, parent_id_tag: str | None, profile: object | None = None) -> None:
        self.id_tag = id_tag
        self.parent_id_tag = parent_id_tag
        self.profile = profile


class StatusMemory:
    """What the central system was told, and what of that it has acknowledged."""

    __slots__ = ("acknowledged", "told")

    def __init__(self) -> None:
        self.told: tuple[Status, str] | None = None
        self.acknowledged: tuple[Status, str] | None = None

    def lost(self) -> None:
        """The connection is gone, and what was under way with it."""
        self.told = self.acknowledged


class Outlet:
    """State of one connector."""

    __slots__ = (
        "aligned_s",
        "aligned_wh",
        "amp_seconds",
        "connector_id",
        "currents_a",
        "energy_wh",
        "idle_s",
        "last_s",
        "offered",
        "pending",
        "reported",
        "sample_timer",
        "shown",
        "state",
        "status_timer",
        "step_timer",
        "supply",
        "transaction",
        "vehicle",
        "wait_timer",
    )

    def __init__(self, connector_id: int, supply: Supply, *, energy_wh: float, now_s: float) -> None:
        self.connector_id = connector_id
        self.supply = supply
        self.state = ConnectorState()
        self.energy_wh = energy_wh
        self.currents_a: tuple[float, ...] = (0.0,) * supply.phases
        self.offered: Limit = no_limit(supply)
        self.vehicle: Vehicle | None = None
        self.transaction: RunningTransaction | None = None
        self.pending: PendingUser | None = None
        self.reported = StatusMemory()
        self.shown = self.state.status
        self.last_s = now_s
        self.idle_s = 0.0
        self.amp_seconds: tuple[float, ...] = (0.0,) * supply.phases
        self.aligned_s = now_s
        self.aligned_wh = energy_wh
        self.wait_timer: Timer | None = None
        self.sample_timer: Timer | None = None
        self.step_timer: Timer | None = None
        self.status_timer: Timer | None = None

    @property
    def is_delivering(self) -> bool:
        """The contactor is closed."""
        return self.transaction is not None and self.state.evse_offers and self.state.error_code == NO_ERROR

    @property
    def power_w(self) -> float:
        """Into the car, positive."""
        return sum(self.currents_a) * self.supply.voltage_v

    def advance(self, now_s: float) -> None:
        """Let the car charge under the present offer until now."""
        left_s, self.last_s = now_s - self.last_s, now_s
        while left_s > 0:
            dt_s = min(left_s, MAX_STEP_S)
            left_s -= dt_s
            offered_a = self.offered.current_a if self.is_delivering else 0.0
            currents = (
                self.vehicle.take(offered_a, self.offered.phases, self.supply.voltage_v, dt_s)
                if self.vehicle is not None
                else ()
            )
            if not self.is_delivering:
                currents = ()
            self.currents_a = (*currents, *(0.0,) * (self.supply.phases - len(currents)))
            self.energy_wh += self.power_w * dt_s / 3600.0
            self.amp_seconds = tuple(
                total + current * dt_s
                for total, current in zip(self.amp_seconds, self.currents_a, strict=True)
            )
            self.idle_s = 0.0 if self.power_w > 0.0 or not self.is_delivering else self.idle_s + dt_s

    def offer(self, limit: Limit) -> None:
        """Signal a current; below 6 A nothing is offered."""
        self.offered = limit

    @property
    def offers_enough(self) -> bool:
        """A car can charge with this offer."""
        return self.offered.current_a >= MIN_CURRENT_A - 1e-9

    def reading(self) -> MeterReading:
        """What the meter shows now; :meth:`advance` first."""
        soc = self.vehicle.soc if self.vehicle is not None and self.transaction is not None else None
        offered = self.offered if self.is_delivering else None
        return MeterReading(
            energy_wh=self.energy_wh,
            power_w=self.power_w,
            currents_a=self.currents_a,
            voltage_v=self.supply.voltage_v,
            offered_a=offered.current_a if offered else 0.0,
            offered_w=offered.power_w if offered else 0.0,
            soc_percent=None if soc is None else 100.0 * soc,
        )

    def interval_reading(self) -> MeterReading:
        """The interval since the last call: its averages, and the register at its start."""
        seconds = max(1e-9, self.last_s - self.aligned_s)
        currents = tuple(total / seconds for total in self.amp_seconds)
        reading = replace(
            self.reading(),
            energy_wh=self.aligned_wh,
            currents_a=currents,
            power_w=sum(currents) * self.supply.voltage_v,
        )
        self.begin_interval()
        return reading

    def begin_interval(self) -> None:
        """Averages count from now."""
        self.aligned_wh, self.aligned_s = self.energy_wh, self.last_s
        self.amp_seconds = (0.0,) * self.supply.phases

    def cancel_timers(self) -> None:
        """Nothing of this outlet comes any more."""
        for name in ("wait_timer", "sample_timer", "step_timer", "status_timer"):
            timer: Timer | None = getattr(self, name)
            if timer is not None:
                timer.cancel()
                setattr(self, name, None)


def no_limit(supply: Supply) -> Limit:
    """All that the supply can give."""
    return Limit(current_a=supply.max_a, power_w=supply.max_w, phases=supply.phases)
