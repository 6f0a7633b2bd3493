"""The charge point: connects, registers, answers, and hosts the charging. Asyncio, but any clock."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Final

from ohmstead.errors import DataError, DeviceError
from ohmstead.ocpp.charge_point import card_reader
from ohmstead.ocpp.charge_point.authorization import TagInfo
from ohmstead.ocpp.charge_point.charging import Charging
from ohmstead.ocpp.charge_point.connector import ERROR_CODES, NO_ERROR, Status
from ohmstead.ocpp.charge_point.link import ChargePointState, Link
from ohmstead.ocpp.charge_point.memory import Memory
from ohmstead.ocpp.charge_point.metering import Context
from ohmstead.ocpp.charge_point.operations import answer
from ohmstead.ocpp.charge_point.outlet import Outlet, PendingUser
from ohmstead.ocpp.charge_point.registration import Registration, boot_notification
from ohmstead.ocpp.charge_point.reservation_expiry import ReservationExpiry
from ohmstead.ocpp.charge_point.security import Security
from ohmstead.ocpp.charge_point.sender import Sender
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.charge_point.store import Queued, Store
from ohmstead.ocpp.charge_point.transfer import HttpInstaller, Installer
from ohmstead.ocpp.charge_point.updates import Updates
from ohmstead.ocpp.charge_point.vehicle import SimulatedVehicle, Vehicle
from ohmstead.ocpp.charge_point.waiting import Waiting
from ohmstead.ocpp.clock import Clock, RealClock
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.times import write_time
from ohmstead.ocpp.transport import Observer

REBOOT: Final = "Reboot"
SOFT_RESET_PATIENCE_S: Final = 10.0
"""A soft reset waits so long for its transaction messages to be delivered."""


__all__ = ["ChargePoint", "ChargePointState"]


class ChargePoint:
    """One charge point.

    Units as everywhere: energies of the meter in Wh, currents in A per phase, import into the car positive.
    """

    def __init__(
        self,
        settings: ChargePointSettings,
        *,
        store: Store | None = None,
        clock: Clock | None = None,
        network_clock: Clock | None = None,
        rng: random.Random | None = None,
        on_change: Callable[[ChargePoint], None] | None = None,
        observer: Observer | None = None,
    ) -> None:
        """Prepare; nothing runs before :meth:`start`.

        Args:
            store: where it keeps what must survive; shared by any number; in memory by default.
            clock: where its time comes from, and all its timers.
            network_clock: for time-outs of calls; real, where a virtual clock meets a real network.
            on_change: called when :attr:`state` or a connector's status changes.
            observer: sees every frame, as ("in" or "out", text).

        Raises:
            ConfigError: a configuration value that is not allowed.
        """
        self.settings = settings
        self._store = store or Store()
        self._owns_store = store is None
        self.clock: Clock = clock or RealClock()
        self._on_change = on_change
        self.installer: Installer = HttpInstaller()
        self.link = Link(
            self,
            network_clock=network_clock or self.clock,
            random=rng.random if rng is not None else random.random,
            observer=observer,
        )
        self._tasks: set[asyncio.Task[object]] = set()
        self._waiting = Waiting()
        self._stopping = False
        self._load()

    def _load(self) -> None:
        """Begin as after a boot: what is kept is read, what is not is forgotten."""
        settings = self.settings
        self.memory = Memory(self._store, settings)
        self.sender = Sender(
            store=self._store,
            identity=settings.identity,
            clock=self.clock,
            configuration=self.memory.configuration,
            registration=lambda: self.registration,
            on_delivered=self._delivered,
            on_idle=self._waiting.look_again,
        )
        self.charging = Charging(
            supplies=settings.connectors,
            memory=self.memory,
            sender=self.sender,
            clock=self.clock,
            now=self.now,
            step_s=settings.step_s,
            on_change=self.changed,
        )
        self.reservation_expiry = ReservationExpiry(
            self.memory, self.clock, self.now, self.charging.reservations_changed
        )
        self.security = Security(self)
        self.updates = Updates(self)

    # --- the public API

    async def start(self) -> None:
        """Begin to connect, in the background. What a power cut cut off is ended first."""
        if self.link.is_running:
            return
        if self._stopping:
            self._stopping = False
            self.link.forget()
            self._load_anew()
        else:
            self._begin_run()
        self.link.start()

    async def stop(self) -> None:
        """Close the connection and everything else.

        A transaction that runs is ended after the next start, or goes on, as the settings say.
        """
        self._stopping = True
        if any(outlet.transaction for outlet in self.charging.outlets.values()):
            self.memory.set_reset_reason(REBOOT)
        self.charging.close()
        self._stop_parts()
        await self.link.stop()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._owns_store:
            self._store.close()

    async def send_boot_notification(self) -> Payload:
        """Send BootNotification and obey its answer.

        Raises:
            DeviceError: no answer (:class:`CallFailed`), or no connection (:class:`DeviceOffline`).
        """
        boot = boot_notification(self.settings, self.memory.firmware_version)
        answer_ = await self.link.open().call("BootNotification", boot, urgent=True)
        self.link.booted(answer_)
        return answer_

    async def send_heartbeat(self) -> Payload:
        """Send Heartbeat; returns the answer.

        Raises:
            DeviceError: as above.
        """
        answer_ = await self.link.open().call("Heartbeat", {})
        self.link.take_time(answer_)
        return answer_

    async def send_status_notification(
        self, connector_id: int, status: str | None = None, error_code: str = NO_ERROR, info: str = ""
    ) -> Payload:
        """Send StatusNotification; without a status that of the connector.

        Raises:
            DeviceError: as above.
            SchemaError: no such status or error code.
        """
        if status is None:
            if connector_id == 0:
                status, error_code = self.charging.statuses.main_status
            else:
                state = self._outlet(connector_id).state
                status, error_code = state.status, state.error_code
        payload: Payload = {
            "connectorId": connector_id,
            "status": str(status),
            "errorCode": error_code,
            "timestamp": write_time(self.now()),
        }
        return await self.link.open().call("StatusNotification", payload | ({"info": info} if info else {}))

    async def start_transaction(self, connector_id: int, id_tag: str) -> int | None:
        """Start charging; who calls has authorised the tag. A car is plugged in where none is.

        Returns:
            The central system's id of the transaction; ``None`` while it is offline: the transaction
            runs all the same and is reported later.

        Raises:
            DeviceError: the connector is not free, or reserved for somebody else.
            DataError: there is no such connector.
        """
        outlet = self._outlet(connector_id)
        allowed, _ = self.charging.may_use(outlet, id_tag, None)
        if not allowed:
            raise DeviceError(f"connector {connector_id} is {outlet.state.status.value}")
        if not outlet.state.plugged:
            self.charging.plug_in(connector_id, SimulatedVehicle())
        self.charging.authorise(outlet, PendingUser(id_tag, None))
        return await self._transaction_id(outlet)

    async def stop_transaction(
        self,
        transaction_id: int | None = None,
        *,
        connector_id: int | None = None,
        reason: str = "Local",
        id_tag: str | None = None,
        unplug: bool = True,
    ) -> None:
        """Stop charging: the transaction of this id or connector, or the only one.

        Args:
            unplug: the car leaves as well.

        Raises:
            DeviceError: there is no such transaction.
        """
        for outlet in self.charging.outlets.values():
            running = outlet.transaction
            if running is None or connector_id not in (None, outlet.connector_id):
                continue
            if transaction_id is None or transaction_id == running.transaction_id:
                self.charging.end(outlet, reason, id_tag=id_tag)
                if unplug:
                    self.charging.unplug(outlet.connector_id)
                return
        raise DeviceError("no such transaction runs")

    async def send_meter_values(self, connector_id: int = 1) -> Payload:
        """Send what the meter shows now; connector 0 is the sum.

        Raises:
            DeviceError: as above, or no measurand is configured.
        """
        if connector_id:
            self._outlet(connector_id)
        payload = self.charging.sampling.read_now(connector_id, Context.PERIODIC)
        if payload is None:
            raise DeviceError("MeterValuesSampledData names nothing that this connector measures")
        return await self.link.open().call("MeterValues", payload)

    @property
    def state(self) -> ChargePointState:
        """How it stands to the central system."""
        return self.link.state

    @property
    def is_connected(self) -> bool:
        """The connection is open."""
        return self.link.connection is not None

    # --- what people do at a charge point

    def plug_in(self, connector_id: int, vehicle: Vehicle | None = None) -> None:
        """Plug in a car."""
        self._outlet(connector_id)
        self.charging.plug_in(connector_id, vehicle or SimulatedVehicle())

    def unplug(self, connector_id: int) -> None:
        """Pull the cable out; ends a transaction where it is configured so."""
        self._outlet(connector_id)
        self.charging.unplug(connector_id)

    def set_error(self, connector_id: int, error_code: str) -> None:
        """A fault comes, or goes with ``NoError``.

        Raises:
            DataError: no such connector or error code.
        """
        if connector_id:
            self._outlet(connector_id)
        if error_code not in ERROR_CODES:
            raise DataError(f"found error code {error_code!r}, allowed: {', '.join(ERROR_CODES)}")
        self.charging.set_error(connector_id, error_code)

    def status(self, connector_id: int) -> Status:
        """A connector's status."""
        return self._outlet(connector_id).state.status

    async def present_id_tag(self, connector_id: int, id_tag: str) -> bool:
        """Somebody holds a card to the reader: starts or stops; returns whether it was allowed.

        Raises:
            DataError: no such connector.
        """
        return await card_reader.present(self, self._outlet(connector_id), id_tag)

    async def authorize(self, id_tag: str) -> TagInfo | None:
        """What allows a tag to charge: the list, the cache or the central system; ``None``: nothing does."""
        return await card_reader.authorize(self, id_tag)

    @property
    def is_online(self) -> bool:
        """Connected and accepted."""
        return self.link.connection is not None and self.registration.accepted

    @property
    def registration(self) -> Registration:
        """What the central system said to BootNotification."""
        return self.link.registration

    def now(self) -> datetime:
        """The time of day of this charge point, aware UTC."""
        return self.clock.now() + self.link.ahead

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Return once something holds that states and answers bring about."""
        await self._waiting.until(condition)

    # --- for the link and the operations

    def answer(self, action: str, payload: Payload) -> Payload | None:
        """Answer a request of the central system; ``None``: it was rejected, and is silent.

        Raises:
            Refusal: answered with a CALLERROR.
        """
        return answer(self, action, payload) if self.registration.may_answer else None

    def changed(self) -> None:
        """Something changed that somebody may wait for."""
        self._waiting.look_again()
        if self._on_change is not None:
            self._on_change(self)

    def soon(self, action: Callable[[], object]) -> None:
        """Do something after the answer has gone out."""
        asyncio.get_running_loop().call_soon(lambda: None if self._stopping else action())

    def spawn(self, work: Coroutine[None, None, object]) -> None:
        """Run something beside everything else; it ends with the charge point."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def reset(self, *, hard: bool) -> None:
        """Reset.req was accepted."""
        self.memory.set_reset_reason("HardReset" if hard else "SoftReset")
        if not hard:
            for outlet in self.charging.outlets.values():
                self.charging.end(outlet, "SoftReset")
        self.spawn(self._shut_down(wait=not hard))

    def reconnect(self) -> None:
        """Connect anew, as a security profile or key asks for."""
        if self.link.connection is not None:
            self.spawn(self.link.connection.close(1000, "reconnecting"))

    # --- inside

    def _begin_run(self) -> None:
        reason = self.memory.take_reset_reason() or "PowerLoss"
        if reason == REBOOT and self.settings.keeps_transactions:
            self.charging.resume()
        self.charging.end_cut_off(reason)
        self.charging.sampling.arm_aligned()
        self.reservation_expiry.arm()

    def _delivered(self, message: Queued, answer_: Payload) -> None:
        if message.action == "StartTransaction":
            self.charging.started(message, answer_)
        elif message.action == "StopTransaction" and "idTag" in message.payload and "idTagInfo" in answer_:
            self.memory.learn_tag(message.payload["idTag"], answer_["idTagInfo"])

    async def _transaction_id(self, outlet: Outlet) -> int | None:
        running = outlet.transaction
        if running is None or not self.is_online:
            return None
        await self.wait_until(
            lambda: (
                running.transaction_id is not None or not self.is_online or outlet.transaction is not running
            )
        )
        return running.transaction_id

    async def _shut_down(self, *, wait: bool) -> None:
        """Let a soft reset deliver its messages, then close; the connect loop boots anew."""
        deadline_s = self.clock.monotonic() + (SOFT_RESET_PATIENCE_S if wait else 0.0)
        while not self.sender.is_idle and self.is_online and self.clock.monotonic() < deadline_s:
            await self.clock.sleep(0.1)
        self.link.reset_pending = True
        if self.link.connection is not None:
            await self.link.connection.close(1000, "reset")

    async def boot_anew(self) -> None:
        """Forget what a reset forgets; the cars stay where they are."""
        self.link.forget()
        self.charging.close()
        self._stop_parts()
        await self.clock.sleep(self.settings.boot_time_s)
        self._load_anew()

    def _load_anew(self) -> None:
        vehicles = {c: o.vehicle for c, o in self.charging.outlets.items() if o.vehicle is not None}
        self._load()
        self._begin_run()
        for connector_id, vehicle in vehicles.items():
            self.charging.plug_in(connector_id, vehicle)

    def _outlet(self, connector_id: int) -> Outlet:
        outlet = self.charging.outlets.get(connector_id)
        if outlet is None:
            known = ", ".join(str(c) for c in self.charging.outlets)
            raise DataError(f"found connector {connector_id}, there are: {known}")
        return outlet

    def _stop_parts(self) -> None:
        self.reservation_expiry.stop()
        self.sender.stop()
        self.updates.stop()
