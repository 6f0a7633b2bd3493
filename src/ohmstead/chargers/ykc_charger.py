"""A simulated charger that speaks YunKuaiChong: a pile, its electronics and its vehicles."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from datetime import datetime
from urllib.parse import urlsplit

from ohmstead.chargers.bad_line import LineFault, impaired
from ohmstead.chargers.mapping import STATUS_OF_YKC, YKC_FAULT, YKC_REASON, Fault, Status, StopReason
from ohmstead.chargers.protocol import ChargerEvent, ChargerFacts, ConnectorView, Happening, Listener
from ohmstead.chargers.vehicle import SimulatedVehicle
from ohmstead.errors import ConfigError, DataError, DeviceError
from ohmstead.ykc.codes import PileKind, StartBy, UpdateOutcome
from ohmstead.ykc.link import Observer
from ohmstead.ykc.numbers import gun_code
from ohmstead.ykc.pile import events
from ohmstead.ykc.pile.facts import GunReading, PileFacts
from ohmstead.ykc.pile.gun import Gun
from ohmstead.ykc.pile.host import PileHost, utc_now
from ohmstead.ykc.pile.store import PileStore
from ohmstead.ykc.stop_reasons import FULL

RESTART_S = 10.0
HANDSHAKE_S = 2.0
"""From the accepted start to the first offer."""


class _Bay:
    """One gun's electronics: vehicle, meter, contactor."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.vehicle: SimulatedVehicle | None = None
        self.meter_kwh = 0.0
        self.power_w = 0.0
        self.current_a = 0.0
        self.used = False
        self.timer: asyncio.TimerHandle | None = None
        self.stepped_s = 0.0


class YkcCharger:
    """See :class:`ohmstead.chargers.protocol.ChargerProtocol`.

    Args:
        store: where orders and bills survive; shared by any number.
        listener: hears what happens.

    Raises:
        ConfigError: the address or the id cannot be one of a pile.
    """

    def __init__(
        self,
        facts: ChargerFacts,
        *,
        store: PileStore,
        listener: Listener,
        clock: Callable[[], datetime] = utc_now,
        rng: random.Random | None = None,
        observer: Observer | None = None,
    ) -> None:
        address = urlsplit(facts.url)
        if address.scheme != "tcp" or not address.hostname or address.port is None:
            raise ConfigError(f"url: found {facts.url!r}, allowed for YunKuaiChong: tcp://host:port")
        self.facts = facts
        self._address = (address.hostname, address.port)
        self._pile_facts = PileFacts(
            number=facts.id, kind=PileKind.DC if facts.dc else PileKind.AC, guns=facts.connectors
        )
        self._store = store
        self._listener = listener
        self._clock = clock
        self._rng = rng or random.Random()
        self._observer = observer
        self._bays = {gun_code(n): _Bay(gun_code(n)) for n in range(1, facts.connectors + 1)}
        self._percent = 100
        self._host: PileHost | None = None
        self._online = False
        self._away = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def registered(self) -> bool:
        """Logged in."""
        return self._host is not None and self._host.pile.online

    def connectors(self) -> tuple[ConnectorView, ...]:
        """All guns now."""
        return tuple(self._view(int(code), bay) for code, bay in self._bays.items())

    async def connect(self) -> None:
        """Switch on."""
        if self._host is not None:
            self.restore_network()
            return
        self._host = PileHost(
            self._pile_facts,
            *self._address,
            store=self._store,
            handle=self._handle,
            meter_kwh=lambda gun: self._bays[gun].meter_kwh,
            clock=self._clock,
            rng=self._rng,
            longest_retry_s=self.facts.longest_retry_s,
            observer=self._observer,
        )
        for bay in self._bays.values():
            self._host.act(lambda pile, now, bay=bay: self._power_on(pile.guns[bay.code], bay, now))  # type: ignore[misc]
        self._host.start()

    async def disconnect(self) -> None:
        """Switch off."""
        for task in list(self._tasks):
            task.cancel()
        host, self._host = self._host, None
        self._away = False
        for bay in self._bays.values():
            self._open_contactor(bay)
        if host is not None:
            await host.stop()
            self._offline()

    def cut(self) -> None:
        """Lose the connection."""
        if self._host is not None:
            self._host.cut()

    def impair(self, fault: LineFault, lasts_s: float) -> None:
        """Let the line misbehave for a while."""
        if self._host is not None:
            self._host.wrap_transport(lambda transport: impaired(transport, fault, lasts_s))

    async def lose_network(self) -> None:
        """The line is gone and not dialled; orders and bills wait."""
        if self._host is not None and not self._away:
            await self._host.stop()
            self._away = True

    def restore_network(self) -> None:
        """Dial."""
        if self._host is not None and self._away:
            self._away = False
            self._host.start()

    def plug_in(self, connector: int, vehicle: SimulatedVehicle) -> None:
        """A vehicle arrives."""
        bay = self._bay(connector)
        bay.vehicle, bay.used = vehicle, False
        self._act(bay, Gun.plug)

    def unplug(self, connector: int) -> None:
        """The vehicle leaves."""
        bay = self._bay(connector)
        self._act(bay, Gun.unplug)
        self._open_contactor(bay)
        bay.vehicle, bay.used = None, False

    def set_fault(self, connector: int, fault: Fault | None) -> None:
        """Something breaks; that ends an order."""
        bay = self._bay(connector)
        bits = 0 if fault is None else int(YKC_FAULT[fault])
        self._act(bay, lambda gun, now: gun.set_faults(bits, now))
        if fault is not None:
            reason = StopReason.EMERGENCY_STOP if fault is Fault.EMERGENCY_STOP else StopReason.OTHER
            self._end(bay, YKC_REASON[reason])

    async def start_charging(self, connector: int, id_tag: str) -> None:
        """Somebody holds a card to the reader; the number see :func:`card_number`."""
        bay = self._bay(connector)
        if self._host is None or self._gun(bay).order is not None:
            raise DeviceError(f"{self.facts.id}: connector {connector} is not free")
        account = card_number(id_tag)
        self._act(bay, lambda gun, now: gun.ask_start(StartBy.CARD, account, now))

    async def stop_charging(self, connector: int, reason: StopReason = StopReason.LOCAL) -> None:
        """Somebody stops at the pile."""
        self._end(self._bay(connector), YKC_REASON[reason])

    async def send_status(self, connector: int) -> None:
        """Send realtime data: status and meter are one frame here."""
        if not self.registered:
            raise DeviceError(f"{self.facts.id}: the platform cannot be reached")
        self._act(self._bay(connector), Gun.report)

    async def send_meter_values(self, connector: int) -> None:
        """Send realtime data."""
        await self.send_status(connector)

    # Inside

    def _bay(self, connector: int) -> _Bay:
        bay = self._bays.get(f"{connector:02d}")
        if bay is None:
            raise DataError(f"{self.facts.id}: connector {connector}, allowed: 1 to {self.facts.connectors}")
        return bay

    def _gun(self, bay: _Bay) -> Gun:
        if self._host is None:
            raise DeviceError(f"{self.facts.id} is switched off")
        return self._host.pile.guns[bay.code]

    def _act(self, bay: _Bay, action: Callable[[Gun, datetime], None]) -> None:
        if self._host is not None:
            self._host.act(lambda pile, now: action(pile.guns[bay.code], now))

    def _power_on(self, gun: Gun, bay: _Bay, now: datetime) -> None:
        gun.measure(GunReading(meter_kwh=bay.meter_kwh), now)
        if bay.vehicle is not None:
            gun.plug(now)

    def _view(self, connector: int, bay: _Bay) -> ConnectorView:
        gun = self._host.pile.guns[bay.code] if self._host is not None else None
        status = Status.UNAVAILABLE if gun is None else STATUS_OF_YKC[gun.status, gun.plugged]
        if status is Status.PREPARING and bay.used:
            status = Status.FINISHING
        if status is Status.CHARGING and bay.power_w <= 0.0:
            status = Status.SUSPENDED
        return ConnectorView(
            id=connector,
            status=status,
            plugged=bay.vehicle is not None,
            in_order=gun is not None and gun.order is not None,
            power_w=bay.power_w,
            energy_kwh=bay.meter_kwh,
            soc=bay.vehicle.soc if bay.vehicle is not None else None,
        )

    def _tell(self, what: Happening, gun: str = "00", words: str = "") -> None:
        self._listener(ChargerEvent(self.facts.id, what, int(gun), words))

    def _offline(self) -> None:
        if self._online:
            self._online = False
            self._tell(Happening.OFFLINE)

    def _handle(self, event: events.PileEvent) -> None:
        match event:
            case events.LoggedIn():
                self._online = True
                self._tell(Happening.REGISTERED)
            case events.LinkLost():
                self._offline()
            case events.CloseLink(why):
                self._tell(Happening.ERROR, words=why)
            case events.StartCharging(gun):
                self._close_contactor(self._bays[gun])
                self._tell(Happening.STARTED, gun)
            case events.StopCharging(gun, reason):
                self._end(self._bays[gun], reason)
            case events.SaveRecord(record):
                self._tell(Happening.ENDED, record.gun, f"{record.energy_kwh:.3f} kWh")
            case events.StartRefused(gun, reason):
                self._tell(Happening.REFUSED, gun, f"reason {reason}")
            case events.PowerLimit(percent):
                self._percent = percent
            case events.RestartAsked():
                self._later(self._restart())
            case events.UpdateAsked():
                self._later(self._update())

    def _later(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _restart(self) -> None:
        host, self._host = self._host, None
        if host is not None:
            for bay in self._bays.values():
                self._open_contactor(bay)
            await host.stop()
            self._offline()
        await asyncio.sleep(RESTART_S)
        await self.connect()

    async def _update(self) -> None:
        await asyncio.sleep(RESTART_S)
        if self._host is not None:
            self._host.act(lambda pile, _: pile.update_finished(UpdateOutcome.OK))
        await self._restart()

    def _close_contactor(self, bay: _Bay) -> None:
        bay.used = True
        bay.stepped_s = asyncio.get_running_loop().time() + HANDSHAKE_S
        self._arm(bay, HANDSHAKE_S)

    def _open_contactor(self, bay: _Bay) -> None:
        if bay.timer is not None:
            bay.timer.cancel()
            bay.timer = None
        bay.power_w = bay.current_a = 0.0

    def _end(self, bay: _Bay, reason: int) -> None:
        self._open_contactor(bay)
        self._act(bay, lambda gun, now: gun.ended(reason, now))

    def _arm(self, bay: _Bay, in_s: float) -> None:
        bay.timer = asyncio.get_running_loop().call_later(in_s, self._step, bay)

    def _step(self, bay: _Bay) -> None:
        vehicle = bay.vehicle
        if vehicle is None or self._host is None:
            self._open_contactor(bay)
            return
        loop_s = asyncio.get_running_loop().time()
        dt_s, bay.stepped_s = max(0.0, loop_s - bay.stepped_s), loop_s
        facts = self.facts
        offered_a = facts.max_a * self._percent / 100.0
        currents = vehicle.take(offered_a, facts.phases, facts.voltage_v, dt_s)
        bay.power_w = sum(currents) * facts.voltage_v
        bay.current_a = max(currents, default=0.0)
        bay.meter_kwh += bay.power_w * dt_s / 3.6e6
        if bay.power_w > 0.0:
            self._act(bay, Gun.began)
        reading = self._reading(bay, vehicle)
        self._act(bay, lambda gun, now: gun.measure(reading, now))
        if vehicle.full:
            self._end(bay, FULL)
        elif self._gun(bay).order is not None:
            self._arm(bay, facts.step_s)

    def _reading(self, bay: _Bay, vehicle: SimulatedVehicle) -> GunReading:
        dc = self.facts.dc
        return GunReading(
            voltage_v=self.facts.voltage_v,
            current_a=min(6553.5, bay.current_a),
            meter_kwh=bay.meter_kwh,
            soc_percent=round(100.0 * (vehicle.soc or 0.0)) if dc else 0,
            left_min=vehicle.minutes_left(bay.power_w) if dc else 0,
            cable_c=30.0,
            battery_c=25.0 if dc else None,
            demand_v=self.facts.voltage_v if dc else 0.0,
            demand_a=min(6553.5, vehicle.max_a) if dc else 0.0,
        )


def card_number(id_tag: str) -> str:
    """A card as 16 hexadecimal digits: a tag that is one already, else its characters, the last eight."""
    tag = id_tag.strip()
    if 0 < len(tag) <= 16 and all(c in "0123456789ABCDEFabcdef" for c in tag):
        return tag.upper().rjust(16, "0")
    return tag.encode("utf-8")[-8:].hex().upper().rjust(16, "0")
