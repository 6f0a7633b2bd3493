"""Transactions at the connectors: beginning, metering, limiting and ending them (OCPP 1.6 §3, §4.8, §4.10).

Everything that must survive a power cut is one commit of the store, before anything else happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final

import msgspec
import structlog

from ohmstead.ocpp.charge_point.authorization import is_valid
from ohmstead.ocpp.charge_point.booking import Booking
from ohmstead.ocpp.charge_point.memory import Memory
from ohmstead.ocpp.charge_point.metering import MeterReading
from ohmstead.ocpp.charge_point.offers import offers_at
from ohmstead.ocpp.charge_point.outlet import (
    EV_PATIENCE_S,
    Outlet,
    PendingUser,
    RunningTransaction,
)
from ohmstead.ocpp.charge_point.reservation import Reservation, may_use
from ohmstead.ocpp.charge_point.sampling import Sampling, keep
from ohmstead.ocpp.charge_point.sender import Sender
from ohmstead.ocpp.charge_point.statuses import MAIN, Statuses
from ohmstead.ocpp.charge_point.store import Queued
from ohmstead.ocpp.charge_point.vehicle import Vehicle
from ohmstead.ocpp.clock import Clock
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.smart_charging import (
    Installed,
    Profile,
    Supply,
    Transaction,
    end_transaction,
    install,
)

RECORD_EVERY_S: Final = 60.0
"""A running transaction's register is kept at least this often, samples or not."""

log = structlog.get_logger(__name__)


class Charging:
    """The connectors of one charge point."""

    __slots__ = (
        "_booking",
        "_clock",
        "_kept_s",
        "_memory",
        "_now",
        "_on_change",
        "_sender",
        "_step_s",
        "outlets",
        "sampling",
        "statuses",
    )

    def __init__(
        self,
        *,
        supplies: Mapping[int, Supply],
        memory: Memory,
        sender: Sender,
        clock: Clock,
        now: Callable[[], datetime],
        step_s: float,
        on_change: Callable[[], None],
    ) -> None:
        self._memory = memory
        self._sender = sender
        self._clock = clock
        self._now = now
        self._step_s = step_s
        self._on_change = on_change
        self._booking = Booking(memory=memory, sender=sender, now=now)
        self._kept_s = clock.monotonic()
        start_s = clock.monotonic()
        self.outlets = {
            c: Outlet(c, supply, energy_wh=memory.registers[c], now_s=start_s)
            for c, supply in supplies.items()
        }
        self.statuses = Statuses(
            outlets=self.outlets,
            memory=memory,
            sender=sender,
            clock=clock,
            now=now,
            on_change=on_change,
            on_time_out=self._give_up,
        )
        self.sampling = Sampling(
            outlets=self.outlets,
            memory=memory,
            sender=sender,
            clock=clock,
            now=now,
            advance=self._advance,
        )
        for outlet in self.outlets.values():
            outlet.state = replace(outlet.state, operative=self._is_operative(outlet.connector_id))
        self.reservations_changed()

    # --- the cable, the user, faults

    def plug_in(self, connector_id: int, vehicle: Vehicle) -> None:
        """A car is plugged in; who is authorised already begins to charge."""
        outlet = self.outlets[connector_id]
        outlet.vehicle = vehicle
        self._advance(outlet)
        outlet.state = outlet.state.plug()
        self.statuses.refresh(outlet)
        if outlet.pending is not None and outlet.transaction is None:
            user, outlet.pending = outlet.pending, None
            self.begin(outlet, user)

    def unplug(self, connector_id: int) -> None:
        """The car's cable is pulled out."""
        outlet = self.outlets[connector_id]
        self._advance(outlet)
        outlet.vehicle = None
        outlet.currents_a = (0.0,) * outlet.supply.phases
        if outlet.transaction is not None:
            if not self._memory.configuration.switch("StopTransactionOnEVSideDisconnect"):
                outlet.idle_s = EV_PATIENCE_S
                outlet.state = replace(outlet.state, ev_takes=False)
                self.statuses.refresh(outlet)
                return
            self.end(outlet, "EVDisconnected")
        outlet.state = outlet.state.unplug()
        self.statuses.refresh(outlet)

    def authorise(self, outlet: Outlet, user: PendingUser) -> None:
        """Somebody may charge: begin, or wait for the cable."""
        outlet.state = outlet.state.authorise()
        self.statuses.refresh(outlet)
        if outlet.state.plugged:
            self.begin(outlet, user)
        else:
            outlet.pending = user

    def set_error(self, connector_id: int, error_code: str) -> None:
        """A fault comes, or goes with ``NoError``; connector 0 is the whole charge point."""
        if connector_id == MAIN:
            self.statuses.main_error = error_code
            self.statuses.report_main()
            return
        outlet = self.outlets[connector_id]
        self._advance(outlet)
        outlet.state = replace(outlet.state, error_code=error_code)
        self.statuses.refresh(outlet)

    def set_operative(self, connector_id: int, operative: bool) -> bool:
        """ChangeAvailability; False: a transaction runs, and it becomes effective after it."""
        with self._memory.store.transaction():
            for c in (MAIN, *self.outlets) if connector_id == MAIN else (connector_id,):
                self._memory.set_operative(c, operative)
        changed = list(self.outlets.values()) if connector_id == MAIN else [self.outlets[connector_id]]
        for outlet in changed:
            if not operative:
                self._drop_pending(outlet)
            outlet.state = outlet.state.with_availability(self._is_operative(outlet.connector_id))
            self.statuses.refresh(outlet)
        self.statuses.report_main()
        return operative or all(outlet.transaction is None for outlet in changed)

    def reservations_changed(self) -> None:
        """Show which connectors are reserved."""
        held = {r.connector_id for r in self._memory.reservations.values()}
        for outlet in self.outlets.values():
            outlet.state = replace(outlet.state, reserved=outlet.connector_id in held)
            self.statuses.refresh(outlet)

    def may_use(self, outlet: Outlet, id_tag: str, parent: str | None) -> tuple[bool, Reservation | None]:
        """Is this connector free for this tag, reservations considered?"""
        if outlet.transaction is not None or not outlet.state.is_free:
            return False, None
        free = [c for c, o in self.outlets.items() if o.transaction is None and o.state.is_free]
        return may_use(outlet.connector_id, id_tag, parent, self._memory.reservations.values(), free)

    # --- transactions

    def begin(self, outlet: Outlet, user: PendingUser) -> None:
        """Start a transaction: kept, queued, then current."""
        self._advance(outlet)
        _, reservation = self.may_use(outlet, user.id_tag, user.parent_id_tag)
        running = self._booking.begin(outlet, user, reservation)
        outlet.pending = None
        if isinstance(user.profile, Profile):
            one = Installed(connector_id=outlet.connector_id, profile=user.profile, installed_at=self._now())
            self._memory.set_installed(install(self._memory.installed, one))
        self._sender.wake()
        self._run(outlet, running)

    def resume(self) -> None:
        """After a boot: let what ran go on, where its connector is still there, its car still in."""
        for connector_id, running in self._booking.running():
            outlet = self.outlets.get(connector_id)
            if outlet is not None:
                outlet.energy_wh = max(outlet.energy_wh, running.record.last_wh)
                outlet.state = outlet.state.plug()
                self._run(outlet, running)

    def _run(self, outlet: Outlet, running: RunningTransaction) -> None:
        outlet.transaction = running
        outlet.idle_s = 0.0
        outlet.begin_interval()
        self._update_offers()
        outlet.state = replace(outlet.state.begin(), evse_offers=outlet.offers_enough, ev_takes=True)
        self.statuses.refresh(outlet)
        self._arm_step(outlet)
        self.sampling.arm(outlet)

    def end(self, outlet: Outlet, reason: str, *, id_tag: str | None = None) -> None:
        """Stop a transaction: kept and queued in one commit."""
        running = outlet.transaction
        if running is None:
            return
        self._advance(outlet)
        self._booking.end(outlet, running, reason, last=outlet.reading(), id_tag=id_tag)
        outlet.transaction = None
        outlet.cancel_timers()
        outlet.currents_a = (0.0,) * outlet.supply.phases
        self._memory.set_installed(end_transaction(self._memory.installed, outlet.connector_id))
        outlet.state = outlet.state.end()
        self._sender.wake()
        self.statuses.refresh(outlet)
        self._update_offers()

    def end_cut_off(self, reason: str) -> None:
        """After a boot: end what ran and does not go on, with the register as far as it is known."""
        resumed = {o.transaction.local_id for o in self.outlets.values() if o.transaction is not None}
        for connector_id, running in self._booking.running():
            if running.local_id in resumed:
                continue
            outlet = self.outlets.get(connector_id) or next(iter(self.outlets.values()))
            outlet.energy_wh = max(outlet.energy_wh, running.record.last_wh)
            last = MeterReading(energy_wh=running.record.last_wh, currents_a=outlet.currents_a)
            self._booking.end(outlet, running, reason, last=last)

    def find(self, transaction_id: int) -> Outlet | None:
        """The connector where a transaction runs."""
        for outlet in self.outlets.values():
            if outlet.transaction is not None and outlet.transaction.transaction_id == transaction_id:
                return outlet
        return None

    def started(self, message: Queued, answer: Payload) -> None:
        """StartTransaction.conf came; called in the commit that removes the message."""
        info, transaction_id = answer["idTagInfo"], answer["transactionId"]
        assert message.local_id is not None  # noqa: S101 - every StartTransaction has one
        self._memory.store.set_transaction_id(message.local_id, transaction_id)
        self._memory.learn_tag(message.payload["idTag"], info)
        outlet = next((o for o in self.outlets.values() if _runs(o, message.local_id)), None)
        if outlet is None or outlet.transaction is None:
            return
        running = outlet.transaction
        running.transaction_id = transaction_id
        running.record.parent_id_tag = info.get("parentIdTag") or running.record.parent_id_tag
        if not is_valid(info, self._now()):
            self._advance(outlet)
            running.record.invalid_at_wh = outlet.energy_wh
            _soon(lambda: self._check_invalid(outlet))
        self._memory.store.update(running.local_id, msgspec.json.encode(running.record))
        _soon(self._on_change)

    # --- power

    def limits_changed(self) -> None:
        """Profiles are new: obey at once."""
        for outlet in self.outlets.values():
            self._advance(outlet)
        self._update_offers()
        for outlet in self.outlets.values():
            self._show_flow(outlet)

    def transactions(self) -> dict[int, Transaction]:
        """What runs, for the composite schedule."""
        return {c: o.transaction.as_limit_input() for c, o in self.outlets.items() if o.transaction}

    def _update_offers(self) -> None:
        offers = offers_at(
            self._now(),
            installed=self._memory.installed,
            supplies={c: outlet.supply for c, outlet in self.outlets.items()},
            transactions=self.transactions(),
        )
        for c, limit in offers.items():
            self.outlets[c].offer(limit)

    def _step(self, outlet: Outlet) -> None:
        outlet.step_timer = None
        if outlet.transaction is None:
            return
        self._advance(outlet)
        self._update_offers()
        self._check_invalid(outlet)
        if outlet.transaction is None:
            return
        self._show_flow(outlet)
        self._arm_step(outlet)
        if self._clock.monotonic() - self._kept_s >= RECORD_EVERY_S:
            self._keep_registers()

    def _show_flow(self, outlet: Outlet) -> None:
        """SuspendedEVSE, SuspendedEV or Charging."""
        if outlet.transaction is None:
            return
        record = outlet.transaction.record
        suspended = record.invalid_at_wh is not None and not self._energy_left(outlet)
        outlet.state = replace(
            outlet.state,
            evse_offers=outlet.offers_enough and not suspended,
            ev_takes=outlet.idle_s < EV_PATIENCE_S,
        )
        self.statuses.refresh(outlet)

    def _energy_left(self, outlet: Outlet) -> bool:
        """A tag that was refused may still take ``MaxEnergyOnInvalidId``."""
        assert outlet.transaction is not None  # noqa: S101 - asked for running ones only
        since_wh = outlet.transaction.record.invalid_at_wh
        most_wh = self._memory.configuration.number("MaxEnergyOnInvalidId")
        return since_wh is None or outlet.energy_wh - since_wh < most_wh

    def _check_invalid(self, outlet: Outlet) -> None:
        if outlet.transaction is None or outlet.transaction.record.invalid_at_wh is None:
            return
        if self._energy_left(outlet):
            return
        if self._memory.configuration.switch("StopTransactionOnInvalidId"):
            self.end(outlet, "DeAuthorized")
        else:
            self._show_flow(outlet)

    def _advance(self, outlet: Outlet) -> None:
        outlet.advance(self._clock.monotonic())
        self._memory.registers[outlet.connector_id] = outlet.energy_wh

    def _arm_step(self, outlet: Outlet) -> None:
        if outlet.step_timer is None:
            outlet.step_timer = self._clock.call_later(self._step_s, lambda: self._step(outlet))

    def _keep_registers(self) -> None:
        self._kept_s = self._clock.monotonic()
        with self._memory.store.transaction():
            self._memory.save_registers()
            for outlet in self.outlets.values():
                if outlet.transaction is not None:
                    keep(self._memory, outlet, outlet.transaction)

    def close(self) -> None:
        """Keep the registers; no timer is left."""
        for outlet in self.outlets.values():
            self._advance(outlet)
            outlet.cancel_timers()
        self.sampling.stop()
        self._keep_registers()

    def _give_up(self, outlet: Outlet) -> None:
        outlet.pending = None
        outlet.state = outlet.state.give_up()
        self.statuses.refresh(outlet)

    def _drop_pending(self, outlet: Outlet) -> None:
        if outlet.pending is not None:
            outlet.pending = None
            outlet.state = replace(outlet.state, authorised=False)

    def _is_operative(self, connector_id: int) -> bool:
        return self._memory.operative[connector_id]


def _runs(outlet: Outlet, local_id: int) -> bool:
    return outlet.transaction is not None and outlet.transaction.local_id == local_id


def _soon(action: Callable[[], object]) -> None:
    """After the commit that is under way."""
    asyncio.get_running_loop().call_soon(action)
