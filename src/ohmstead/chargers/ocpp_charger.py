"""A simulated charger that speaks OCPP 1.6J: the charge point of :mod:`ohmstead.ocpp` with our vehicles."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Final

from ohmstead.chargers.bad_line import LineFault, impaired
from ohmstead.chargers.mapping import OCPP_FAULT, OCPP_REASON, STATUS_OF_OCPP, Fault, StopReason
from ohmstead.chargers.protocol import ChargerEvent, ChargerFacts, ConnectorView, Happening, Listener
from ohmstead.chargers.vehicle import SimulatedVehicle
from ohmstead.errors import ConfigError, DataError, DeviceError
from ohmstead.ocpp.charge_point.backoff import Backoff
from ohmstead.ocpp.charge_point.charge_point import ChargePoint, ChargePointState
from ohmstead.ocpp.charge_point.connector import NO_ERROR
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.charge_point.store import Store
from ohmstead.ocpp.charge_point.transfer import Installer
from ohmstead.ocpp.clock import Clock
from ohmstead.ocpp.smart_charging import Supply
from ohmstead.ocpp.transport import Observer

NO_PINGS: Final = {"WebSocketPingInterval": "0"}


class OcppCharger:
    """See :class:`ohmstead.chargers.protocol.ChargerProtocol`.

    Args:
        store: where transactions survive; shared by any number.
        listener: hears what happens.
        id_prefix: of message ids, anew for each connection; random without it.
        installer: of firmware; without it one that downloads over HTTP.

    Raises:
        ConfigError: the address cannot be one of a central system, or a configuration key cannot be.
    """

    def __init__(
        self,
        facts: ChargerFacts,
        *,
        store: Store,
        listener: Listener,
        clock: Clock,
        rng: random.Random | None = None,
        id_prefix: Callable[[], str] | None = None,
        installer: Installer | None = None,
        observer: Observer | None = None,
    ) -> None:
        if not facts.url.startswith(("ws://", "wss://")):
            raise ConfigError(f"url: found {facts.url!r}, allowed for OCPP: ws://host:port/path, wss://…")
        self.facts = facts
        self._listener = listener
        self._state = ChargePointState.DISCONNECTED
        self._orders: set[int] = set()
        self._away = False
        supply = Supply(max_a=facts.max_a, phases=facts.phases, voltage_v=facts.voltage_v)
        self._point = ChargePoint(
            ChargePointSettings(
                url=facts.url,
                identity=facts.id,
                connectors=dict.fromkeys(range(1, facts.connectors + 1), supply),
                step_s=facts.step_s,
                boot_time_s=facts.restart_s,
                backoff=Backoff(max_s=facts.longest_retry_s),
                configuration={**facts.configuration, **({} if facts.pings else NO_PINGS)},
                password=facts.password,
                security_profile=1 if facts.password else 0,
            ),
            store=store,
            clock=clock,
            rng=rng,
            on_change=self._changed,
            observer=observer,
        )
        self._point.link.id_prefix = id_prefix
        if installer is not None:
            self._point.installer = installer

    @property
    def registered(self) -> bool:
        """Booted and accepted."""
        return self._point.state is ChargePointState.REGISTERED

    def connectors(self) -> tuple[ConnectorView, ...]:
        """All connectors now."""
        views = []
        for number, outlet in self._point.charging.outlets.items():
            views.append(
                ConnectorView(
                    id=number,
                    status=STATUS_OF_OCPP[outlet.state.status],
                    plugged=outlet.state.plugged,
                    in_order=outlet.transaction is not None,
                    power_w=outlet.power_w,
                    energy_kwh=outlet.energy_wh / 1e3,
                    soc=outlet.vehicle.soc if outlet.vehicle is not None else None,
                )
            )
        return tuple(views)

    async def connect(self) -> None:
        """Switch on."""
        if self._away:
            self.restore_network()
        else:
            await self._point.start()

    async def disconnect(self) -> None:
        """Switch off."""
        self._away = False
        await self._point.stop()

    def cut(self) -> None:
        """Lose the connection."""
        self._point.reconnect()

    def impair(self, fault: LineFault, lasts_s: float) -> None:
        """Let the line misbehave for a while."""
        connection = self._point.link.connection
        if connection is not None:
            connection.websocket.transport = impaired(connection.websocket.transport, fault, lasts_s)

    async def lose_network(self) -> None:
        """The line is gone and not dialled; transactions wait in their queue."""
        if self._point.link.is_running:
            await self._point.link.stop()
            self._away = True

    def restore_network(self) -> None:
        """Dial."""
        if self._away:
            self._away = False
            self._point.link.start()
            if self._point.link.registration.accepted:
                self._point.link.arm_heartbeat()

    def plug_in(self, connector: int, vehicle: SimulatedVehicle) -> None:
        """A vehicle arrives."""
        self._point.plug_in(connector, vehicle)

    def unplug(self, connector: int) -> None:
        """The vehicle leaves."""
        self._point.unplug(connector)

    def set_fault(self, connector: int, fault: Fault | None) -> None:
        """Something breaks, or is repaired."""
        self._point.set_error(connector, NO_ERROR if fault is None else OCPP_FAULT[fault])

    async def start_charging(self, connector: int, id_tag: str) -> None:
        """Somebody holds a card to the reader."""
        if self._in_order(connector):
            raise DeviceError(f"{self.facts.id}: connector {connector} is not free")
        if not await self._point.present_id_tag(connector, id_tag):
            self._tell(Happening.REFUSED, connector)

    async def stop_charging(self, connector: int, reason: StopReason = StopReason.LOCAL) -> None:
        """Somebody stops at the charger."""
        if self._in_order(connector):
            await self._point.stop_transaction(
                connector_id=connector, reason=OCPP_REASON[reason], unplug=False
            )

    async def send_status(self, connector: int) -> None:
        """Send a StatusNotification."""
        await self._point.send_status_notification(connector)

    async def send_meter_values(self, connector: int) -> None:
        """Send MeterValues."""
        await self._point.send_meter_values(connector)

    def _in_order(self, connector: int) -> bool:
        outlet = self._point.charging.outlets.get(connector)
        if outlet is None:
            raise DataError(f"{self.facts.id}: connector {connector}, allowed: 1 to {self.facts.connectors}")
        return outlet.transaction is not None

    def _tell(self, what: Happening, connector: int = 0, words: str = "") -> None:
        self._listener(ChargerEvent(self.facts.id, what, connector, words))

    def _changed(self, point: ChargePoint) -> None:
        before, self._state = self._state, point.state
        if self._state is not before:
            if before is ChargePointState.REGISTERED:
                self._tell(Happening.OFFLINE)
            if self._state is ChargePointState.CONNECTING:
                self._tell(Happening.CONNECTING)
            elif self._state is ChargePointState.CONNECTED:
                self._tell(Happening.CONNECTED)
            elif self._state is ChargePointState.REGISTERED:
                self._tell(Happening.REGISTERED)
            elif self._state is ChargePointState.ERROR:
                self._tell(Happening.ERROR, words="no connection")
        now = {number for number, outlet in point.charging.outlets.items() if outlet.transaction is not None}
        for number in now - self._orders:
            self._tell(Happening.STARTED, number)
        for number in self._orders - now:
            self._tell(Happening.ENDED, number)
        self._orders = now


def id_prefixes(rng: random.Random) -> Callable[[], str]:
    """Prefixes of message ids that repeat with the seed: for a central system that ends with the run."""
    return lambda: f"{rng.getrandbits(48):012x}"
