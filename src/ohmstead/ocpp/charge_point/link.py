"""The way to the central system: connecting, registering, staying alive (OCPP 1.6 §4.2, §4.6; OCPP-J §3)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import structlog

from ohmstead.errors import ConfigError, DeviceError, DeviceOffline
from ohmstead.ocpp.charge_point.registration import BootStatus, Registration, heartbeat_interval_s
from ohmstead.ocpp.clock import Clock, Timer
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.times import read_time
from ohmstead.ocpp.transport import Connection, Observer, open_connection

if TYPE_CHECKING:
    from ohmstead.ocpp.charge_point.charge_point import ChargePoint

BOOT_RETRY_S: Final = 60.0
"""Between BootNotifications where the central system names no interval."""
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


class Link:
    """One charge point's connection, over and over."""

    __slots__ = (
        "_boot_timer",
        "_charge_point",
        "_failures",
        "_heartbeat_timer",
        "_network_clock",
        "_observer",
        "_random",
        "_runner",
        "ahead",
        "connection",
        "id_prefix",
        "registration",
        "reset_pending",
        "state",
    )

    def __init__(
        self,
        charge_point: ChargePoint,
        *,
        network_clock: Clock,
        random: Callable[[], float],
        observer: Observer | None,
    ) -> None:
        self._charge_point = charge_point
        self._network_clock = network_clock
        self._random = random
        self._observer = observer
        self._runner: asyncio.Task[None] | None = None
        self._boot_timer: Timer | None = None
        self._heartbeat_timer: Timer | None = None
        self._failures = 0
        self.registration = Registration()
        self.connection: Connection | None = None
        self.state = ChargePointState.DISCONNECTED
        self.ahead = timedelta(0)
        """How far the central system's time of day is ahead of the clock."""
        self.id_prefix: Callable[[], str] | None = None
        """Of message ids, anew for each connection; random without it, as ids must not repeat."""
        self.reset_pending = False
        """The charge point boots before it connects again."""

    @property
    def is_running(self) -> bool:
        """It connects, or tries to."""
        return self._runner is not None

    def start(self) -> None:
        """Connect, and again whenever the connection is lost."""
        self._runner = asyncio.ensure_future(self._run())
        self._runner.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Close, and connect no more."""
        self.cancel_timers()
        if self.connection is not None:
            await self.connection.close()
        if self._runner is not None:
            runner, self._runner = self._runner, None
            runner.cancel()
            await asyncio.gather(runner, return_exceptions=True)
        self._set_state(ChargePointState.DISCONNECTED)

    def open(self) -> Connection:
        """The connection.

        Raises:
            DeviceOffline: there is none.
        """
        if self.connection is None:
            raise DeviceOffline(f"{self._charge_point.settings.identity}: not connected")
        return self.connection

    async def boot(self) -> None:
        """Send BootNotification until the central system has answered."""
        if self._boot_timer is not None:
            self._boot_timer.cancel()
            self._boot_timer = None
        connection = self.connection
        if connection is None:
            return
        try:
            await self._charge_point.send_boot_notification()
        except DeviceError as error:
            log.info("ocpp_boot_failed", charge_point=self._charge_point.settings.identity, error=str(error))
            if not connection.session.closed:
                self._boot_later(BOOT_RETRY_S)

    def booted(self, answer_: Payload) -> None:
        """BootNotification.conf came."""
        cp = self._charge_point
        first = not self.registration.accepted
        self.registration = Registration.from_answer(answer_["status"], answer_["interval"], BOOT_RETRY_S)
        self.take_time(answer_)
        if self.registration.status is not BootStatus.ACCEPTED:
            self._set_state(ChargePointState.CONNECTED)
            self._boot_later(self.registration.interval_s)
            return
        cp.memory.set_heartbeat_interval(answer_["interval"])
        self._set_state(ChargePointState.REGISTERED)
        self.arm_heartbeat()
        cp.charging.statuses.report_all(always=first)
        cp.security.registered()
        cp.sender.wake()

    def take_time(self, answer_: Payload) -> None:
        """Follow the central system's time of day, where that is wanted."""
        cp = self._charge_point
        if not cp.settings.follow_server_time:
            return
        ahead = read_time(answer_["currentTime"]) - cp.clock.now()
        if abs((ahead - self.ahead).total_seconds()) > CLOCK_TOLERANCE_S:
            self.ahead = ahead
            cp.charging.sampling.arm_aligned()

    def arm_heartbeat(self) -> None:
        """The next heartbeat, by the present interval."""
        if self._heartbeat_timer is not None:
            self._heartbeat_timer.cancel()
        cp = self._charge_point
        interval_s = heartbeat_interval_s(cp.memory.configuration.number("HeartbeatInterval"))
        self._heartbeat_timer = cp.clock.call_later(interval_s, self._heartbeat)

    def cancel_timers(self) -> None:
        """No boot and no heartbeat come any more."""
        for timer in (self._boot_timer, self._heartbeat_timer):
            if timer is not None:
                timer.cancel()
        self._boot_timer = self._heartbeat_timer = None

    def forget(self) -> None:
        """The charge point boots: the central system must accept it again."""
        self.cancel_timers()
        self.registration = Registration()
        self.reset_pending = False

    async def _run(self) -> None:
        cp = self._charge_point
        while True:
            if self.reset_pending:
                await cp.boot_anew()
            self._set_state(ChargePointState.CONNECTING)
            try:
                connection = await self._connect()
            except (DeviceOffline, ConfigError) as error:
                self._failures += 1
                log.info("ocpp_connect_failed", charge_point=cp.settings.identity, error=str(error))
                cp.security.connect_failed(error)
                self._set_state(ChargePointState.ERROR)
            else:
                cp.security.connected()
                await self._serve(connection)
                self._failures = 0 if self.registration.accepted else self._failures + 1
            await cp.clock.sleep(cp.settings.backoff.delay_s(self._failures, self._random()))

    async def _connect(self) -> Connection:
        cp = self._charge_point
        ping_s = cp.memory.configuration.number("WebSocketPingInterval")
        return await open_connection(
            cp.security.url,
            cp.settings.identity,
            cp.answer,
            password=cp.security.password,
            tls=cp.security.tls_context(),
            clock=self._network_clock,
            tolerant=True,
            guess_times=False,
            call_timeout_s=cp.settings.call_timeout_s,
            ping_interval_s=float(ping_s) if ping_s else None,
            id_prefix=None if self.id_prefix is None else self.id_prefix(),
            observer=self._observer,
        )

    async def _serve(self, connection: Connection) -> None:
        cp = self._charge_point
        self.connection = connection
        cp.sender.connect(connection)
        if self.registration.accepted:
            self._set_state(ChargePointState.REGISTERED)
            cp.charging.statuses.report_all(always=False)
            cp.sender.wake()
        else:
            self._set_state(ChargePointState.CONNECTED)
            if self._boot_timer is None:
                cp.spawn(self.boot())
        try:
            await connection.run()
        finally:
            self.connection = None
            cp.sender.disconnect()
            cp.charging.statuses.disconnected()
            self._set_state(ChargePointState.DISCONNECTED)

    def _boot_later(self, delay_s: float) -> None:
        if self._boot_timer is not None:
            self._boot_timer.cancel()
        self._boot_timer = self._charge_point.clock.call_later(delay_s, self._boot_again)

    def _boot_again(self) -> None:
        self._boot_timer = None
        if not self.registration.accepted:
            self._charge_point.spawn(self.boot())

    def _heartbeat(self) -> None:
        self.arm_heartbeat()
        self._charge_point.sender.send("Heartbeat", {}, on_answer=self.take_time)

    def _set_state(self, state: ChargePointState) -> None:
        if state is not self.state:
            self.state = state
            self._charge_point.changed()

    def _ended(self, runner: asyncio.Task[None]) -> None:
        """A mistake of this program must not look like a network that is down."""
        if not runner.cancelled() and (error := runner.exception()) is not None:
            self._set_state(ChargePointState.ERROR)
            raise error
