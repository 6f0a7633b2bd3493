"""The charge point: connects, registers, answers, and hosts the charging. Asyncio, but any clock."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

import structlog

from ohmstead.errors import DataError, DeviceError, DeviceOffline
from ohmstead.ocpp.charge_point.authorization import (
    TagInfo,
    Verdict,
    is_valid,
    judge_tag,
    same_group,
    same_user,
)
from ohmstead.ocpp.charge_point.charging import Charging
from ohmstead.ocpp.charge_point.connector import ERROR_CODES, NO_ERROR, Status
from ohmstead.ocpp.charge_point.memory import Memory
from ohmstead.ocpp.charge_point.metering import Context
from ohmstead.ocpp.charge_point.operations import answer
from ohmstead.ocpp.charge_point.outlet import Outlet, PendingUser
from ohmstead.ocpp.charge_point.registration import BootStatus, Registration, heartbeat_interval_s
from ohmstead.ocpp.charge_point.security import Security
from ohmstead.ocpp.charge_point.sender import Sender
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.charge_point.store import Queued, Store
from ohmstead.ocpp.charge_point.updates import Updates
from ohmstead.ocpp.charge_point.vehicle import SimulatedVehicle, Vehicle
from ohmstead.ocpp.clock import Clock, RealClock, Timer
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.times import read_time, write_time
from ohmstead.ocpp.transport import Connection, Observer, open_connection

BOOT_RETRY_S: Final = 60.0
"""Between BootNotifications where the central system names no interval."""
SOFT_RESET_PATIENCE_S: Final = 10.0
"""A soft reset waits so long for its transaction messages to be delivered."""
CLOCK_TOLERANCE_S: Final = 2.0

log = structlog.get_logger(__name__)


class ChargePointState(StrEnum):
    """How a charge point stands to its central system."""

    DISCONNECTED = "Disconnected"
    CONNECTING = "Connecting"
    CONNECTED = "Connected"
    """The connection is open, the central system has not accepted it yet."""
    REGISTERED = "Registered"
    ERROR = "Error"
    """The last attempt to connect failed; it tries again."""


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
        self._network_clock = network_clock or self.clock
        self._random = rng.random if rng is not None else random.random
        self._on_change = on_change
        self._observer = observer
        self._state = ChargePointState.DISCONNECTED
        self.registration = Registration()
        self._clock_ahead = timedelta(0)
        self._connection: Connection | None = None
        self._runner: asyncio.Task[None] | None = None
        self._boot_timer: Timer | None = None
        self._heartbeat_timer: Timer | None = None
        self._reservation_timer: Timer | None = None
        self._tasks: set[asyncio.Task[object]] = set()
        self._waiters: list[tuple[Callable[[], bool], asyncio.Future[None]]] = []
        self._failures = 0
        self._stopping = False
        self._reset_pending = False
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
            on_idle=self._wake_waiters,
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
        self.security = Security(self)
        self.updates = Updates(self)

    # --- the public API

    async def start(self) -> None:
        """Begin to connect, in the background. What a power cut cut off is ended first."""
        if self._runner is not None:
            return
        self._stopping = False
        self._begin_run()
        self._runner = asyncio.ensure_future(self._run())

    async def stop(self) -> None:
        """Close the connection and everything else. A transaction that runs is ended after the next start."""
        self._stopping = True
        if any(outlet.transaction for outlet in self.charging.outlets.values()):
            self.memory.set_reset_reason("Reboot")
        self.charging.close()
        self._cancel_timers()
        self.sender.stop()
        self.updates.stop()
        if self._connection is not None:
            await self._connection.close()
        if self._runner is not None:
            self._runner.cancel()
            await asyncio.gather(self._runner, return_exceptions=True)
            self._runner = None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._set_state(ChargePointState.DISCONNECTED)
        if self._owns_store:
            self._store.close()

    async def send_boot_notification(self) -> Payload:
        """Send BootNotification and obey its answer.

        Raises:
            DeviceError: no answer (:class:`CallFailed`), or no connection (:class:`DeviceOffline`).
        """
        answer_ = await self._connected().call("BootNotification", self._boot_payload(), urgent=True)
        self._booted(answer_)
        return answer_

    async def send_heartbeat(self) -> Payload:
        """Send Heartbeat; returns the answer.

        Raises:
            DeviceError: as above.
        """
        answer_ = await self._connected().call("Heartbeat", {})
        self._take_time(answer_)
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
        return await self._connected().call("StatusNotification", payload | ({"info": info} if info else {}))

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
        return await self._connected().call("MeterValues", payload)

    @property
    def state(self) -> ChargePointState:
        """How it stands to the central system."""
        return self._state

    @property
    def is_connected(self) -> bool:
        """The connection is open."""
        return self._connection is not None

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
        outlet = self._outlet(connector_id)
        if outlet.transaction is not None:
            return await self._stop_with(outlet, id_tag)
        info = await self.authorize(id_tag)
        if info is None:
            return False
        parent = info.get("parentIdTag")
        allowed, _ = self.charging.may_use(outlet, id_tag, parent)
        if allowed:
            self.charging.authorise(outlet, PendingUser(id_tag, parent))
        return allowed

    async def authorize(self, id_tag: str) -> TagInfo | None:
        """What allows a tag to charge: the list, the cache or the central system; ``None``: nothing does."""
        verdict = self._judge(id_tag, online=self.is_online)
        if verdict is Verdict.ASK:
            try:
                answer_ = await self._connected().call("Authorize", {"idTag": id_tag})
            except DeviceError:
                verdict = self._judge(id_tag, online=False)
            else:
                info: TagInfo = answer_["idTagInfo"]
                self.memory.learn_tag(id_tag, info)
                return info if is_valid(info, self.now()) else None
        if verdict is Verdict.ALLOW:
            return self.memory.tag_info(id_tag) or {"status": "Accepted"}
        return None

    @property
    def is_online(self) -> bool:
        """Connected and accepted."""
        return self._connection is not None and self.registration.accepted

    def now(self) -> datetime:
        """The time of day of this charge point, aware UTC."""
        return self.clock.now() + self._clock_ahead

    async def wait_until(self, condition: Callable[[], bool]) -> None:
        """Return once something holds that states and answers bring about."""
        if condition():
            return
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append((condition, future))
        try:
            await future
        finally:
            self._waiters = [waiter for waiter in self._waiters if waiter[1] is not future]

    # --- for the operations

    def changed(self) -> None:
        """Something changed that somebody may wait for."""
        self._wake_waiters()
        if self._on_change is not None:
            self._on_change(self)

    def _wake_waiters(self) -> None:
        for condition, future in self._waiters:
            if not future.done() and condition():
                future.set_result(None)

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
        if self._connection is not None:
            self.spawn(self._connection.close(1000, "reconnecting"))

    def arm_heartbeat(self) -> None:
        """The next heartbeat, by the present interval."""
        if self._heartbeat_timer is not None:
            self._heartbeat_timer.cancel()
        interval_s = heartbeat_interval_s(self.memory.configuration.number("HeartbeatInterval"))
        self._heartbeat_timer = self.clock.call_later(interval_s, self._heartbeat)

    def arm_reservations(self) -> None:
        """Forget reservations when they expire."""
        if self._reservation_timer is not None:
            self._reservation_timer.cancel()
            self._reservation_timer = None
        held = self.memory.reservations
        now = self.now()
        expired = [r.reservation_id for r in held.values() if r.expires_at <= now]
        if expired:
            for reservation_id in expired:
                del held[reservation_id]
            self.memory.save_reservations()
            self.charging.reservations_changed()
        if held:
            next_s = (min(r.expires_at for r in held.values()) - now).total_seconds()
            self._reservation_timer = self.clock.call_later(next_s, self.arm_reservations)

    def send_boot_triggered(self) -> None:
        """TriggerMessage(BootNotification)."""
        self.spawn(self._boot())

    # --- inside

    def _begin_run(self) -> None:
        reason = self.memory.take_reset_reason() or "PowerLoss"
        self.charging.end_cut_off(reason)
        self.charging.sampling.arm_aligned()
        self.arm_reservations()

    async def _run(self) -> None:
        while not self._stopping:
            if self._reset_pending:
                await self._boot_anew()
            self._set_state(ChargePointState.CONNECTING)
            try:
                connection = await self._open()
            except DeviceOffline as error:
                self._failures += 1
                log.info("ocpp_connect_failed", charge_point=self.settings.identity, error=str(error))
                self.security.connect_failed(error)
                self._set_state(ChargePointState.ERROR)
            else:
                self.security.connected()
                await self._serve(connection)
                self._failures = 0 if self.registration.accepted else self._failures + 1
            delay_s = self.settings.backoff.delay_s(self._failures, self._random())
            await self.clock.sleep(delay_s)

    async def _open(self) -> Connection:
        ping_s = self.memory.configuration.number("WebSocketPingInterval")
        return await open_connection(
            self.security.url,
            self.settings.identity,
            self._answer,
            password=self.security.password,
            tls=self.security.tls_context(),
            clock=self._network_clock,
            call_timeout_s=self.settings.call_timeout_s,
            ping_interval_s=float(ping_s) if ping_s else None,
            observer=self._observer,
        )

    async def _serve(self, connection: Connection) -> None:
        self._connection = connection
        self.sender.connect(connection)
        if self.registration.accepted:
            self._set_state(ChargePointState.REGISTERED)
            self.charging.statuses.report_all(always=False)
            self.sender.wake()
        else:
            self._set_state(ChargePointState.CONNECTED)
            if self._boot_timer is None:
                self.spawn(self._boot())
        try:
            await connection.run()
        finally:
            self._connection = None
            self.sender.disconnect()
            self.charging.statuses.disconnected()
            self._set_state(ChargePointState.DISCONNECTED)

    def _answer(self, action: str, payload: Payload) -> Payload | None:
        if not self.registration.may_answer:
            return None
        return answer(self, action, payload)

    async def _boot(self) -> None:
        self._boot_timer = None
        if self._connection is None:
            return
        try:
            await self.send_boot_notification()
        except DeviceError as error:
            log.info("ocpp_boot_failed", charge_point=self.settings.identity, error=str(error))
            self._boot_later(BOOT_RETRY_S)

    def _boot_later(self, delay_s: float) -> None:
        if self._boot_timer is not None:
            self._boot_timer.cancel()
        self._boot_timer = self.clock.call_later(delay_s, self._boot_again)

    def _boot_again(self) -> None:
        self._boot_timer = None
        if not self.registration.accepted:
            self.spawn(self._boot())

    def _boot_payload(self) -> Payload:
        settings = self.settings
        payload: Payload = {
            "chargePointVendor": settings.vendor,
            "chargePointModel": settings.model,
            "firmwareVersion": self.memory.firmware_version,
        }
        if settings.serial_number:
            payload["chargePointSerialNumber"] = settings.serial_number
        return payload

    def _booted(self, answer_: Payload) -> None:
        first = not self.registration.accepted
        self.registration = Registration.from_answer(answer_["status"], answer_["interval"], BOOT_RETRY_S)
        self._take_time(answer_)
        if self.registration.status is not BootStatus.ACCEPTED:
            self._set_state(ChargePointState.CONNECTED)
            self._boot_later(self.registration.interval_s)
            return
        if answer_["interval"] > 0:
            self.memory.configuration.change("HeartbeatInterval", str(answer_["interval"]))
            self.memory.save_configuration()
        self._set_state(ChargePointState.REGISTERED)
        self.arm_heartbeat()
        self.charging.statuses.report_all(always=first)
        self.security.registered()
        self.sender.wake()

    def _take_time(self, answer_: Payload) -> None:
        if not self.settings.follow_server_time:
            return
        ahead = read_time(answer_["currentTime"]) - self.clock.now()
        if abs((ahead - self._clock_ahead).total_seconds()) > CLOCK_TOLERANCE_S:
            self._clock_ahead = ahead
            self.charging.sampling.arm_aligned()

    def _heartbeat(self) -> None:
        self.arm_heartbeat()
        if self.is_online:
            self.sender.send("Heartbeat", {}, on_answer=self._take_time)

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

    async def _stop_with(self, outlet: Outlet, id_tag: str) -> bool:
        assert outlet.transaction is not None  # noqa: S101 - the caller looked
        record = outlet.transaction.record
        known = self.memory.tag_info(id_tag)
        allowed = same_user(id_tag, record.id_tag, record.parent_id_tag, known, self.now())
        if allowed is None:
            info = await self.authorize(id_tag)
            allowed = info is not None and same_group(info, record.parent_id_tag)
        if allowed:
            self.charging.end(outlet, "Local", id_tag=id_tag)
        return allowed

    def _judge(self, id_tag: str, *, online: bool) -> Verdict:
        memory = self.memory
        return judge_tag(
            id_tag,
            now=self.now(),
            online=online,
            configuration=memory.configuration,
            local=memory.local_list,
            cache=memory.cache,
        )

    async def _shut_down(self, *, wait: bool) -> None:
        """Let a soft reset deliver its messages, then close; the connect loop boots anew."""
        deadline_s = self.clock.monotonic() + (SOFT_RESET_PATIENCE_S if wait else 0.0)
        while not self.sender.is_idle and self.is_online and self.clock.monotonic() < deadline_s:
            await self.clock.sleep(0.1)
        self._reset_pending = True
        if self._connection is not None:
            await self._connection.close(1000, "reset")

    async def _boot_anew(self) -> None:
        """Forget what a reset forgets; the cars stay where they are."""
        self._reset_pending = False
        self.charging.close()
        self._cancel_timers()
        self.sender.stop()
        self.updates.stop()
        await self.clock.sleep(self.settings.boot_time_s)
        vehicles = {c: o.vehicle for c, o in self.charging.outlets.items() if o.vehicle is not None}
        self.registration = Registration()
        self._load()
        self._begin_run()
        for connector_id, vehicle in vehicles.items():
            self.charging.plug_in(connector_id, vehicle)

    def _cancel_timers(self) -> None:
        for timer in (self._boot_timer, self._heartbeat_timer, self._reservation_timer):
            if timer is not None:
                timer.cancel()
        self._boot_timer = self._heartbeat_timer = self._reservation_timer = None

    def _connected(self) -> Connection:
        if self._connection is None:
            raise DeviceOffline(f"{self.settings.identity}: not connected")
        return self._connection

    def _outlet(self, connector_id: int) -> Outlet:
        outlet = self.charging.outlets.get(connector_id)
        if outlet is None:
            known = ", ".join(str(c) for c in self.charging.outlets)
            raise DataError(f"found connector {connector_id}, there are: {known}")
        return outlet

    def _set_state(self, state: ChargePointState) -> None:
        if state is not self._state:
            self._state = state
            self.changed()
