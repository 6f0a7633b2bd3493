"""A pile without I/O: what it sends, when, and what it asks its host to do.

After each call the host first carries out :meth:`Pile.events` (above all what is to be saved) and then sends
:meth:`Pile.take`: so nothing is confirmed that a power cut could still lose.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ohmstead.ykc.billing import NO_MODEL, Tariff
from ohmstead.ykc.codes import LoginOutcome, ModelCheck
from ohmstead.ykc.layout import Direction, Message
from ohmstead.ykc.link import Ignored, Link, Observer, Received
from ohmstead.ykc.messages import link as wire
from ohmstead.ykc.messages.orders import TransactionRecord
from ohmstead.ykc.numbers import from_wall_time, gun_code, serial_number, wall_time
from ohmstead.ykc.pile import commands
from ohmstead.ykc.pile.delivery import Delivery
from ohmstead.ykc.pile.events import CloseLink, LinkLost, LoggedIn, Note, PileEvent, SaveMemory
from ohmstead.ykc.pile.facts import PileFacts, PileMemory
from ohmstead.ykc.pile.gun import Gun
from ohmstead.ykc.pile.order import Order
from ohmstead.ykc.requests import Requests
from ohmstead.ykc.timers import Timers, first_of

HEARTBEAT_S = 10.0
HEARTBEATS_LOST = 3
LOGIN_S = 15.0
REPLY_S = 10.0
LOCK_REPORT_S = 300.0


class Pile:
    """Args: what it is, what it remembered, and who else sees its messages."""

    def __init__(
        self, facts: PileFacts, memory: PileMemory | None = None, observer: Observer | None = None
    ) -> None:
        self.facts = facts
        self.memory = memory or PileMemory()
        self.guns = {gun_code(n): Gun(gun_code(n), self) for n in range(1, facts.guns + 1)}
        self.groups: dict[str, str] = {}
        """Main gun of each group of guns that charge together."""
        self.locks: dict[str, int] = {}
        """Where the parking locks are, by gun."""
        self.update_seq: bytes | None = None
        """Sequence of the firmware update that waits for its answer."""
        self._link = Link(Direction.UP, facts.crc, observer)
        self._requests = Requests(self._link.send, REPLY_S)
        self._delivery = Delivery()
        self._timers = Timers()
        self._events: list[PileEvent] = []
        self._unanswered: dict[str, int] = {}
        self._clock_offset = timedelta()
        self._new_tariff: Tariff | None = None
        self._connected = self._online = False
        self._serials = 0

    @property
    def online(self) -> bool:
        """Logged in: the platform listens."""
        return self._online

    @property
    def undelivered(self) -> int:
        """Bills that nobody confirmed yet."""
        return len(self._delivery)

    # The host's side

    def opened(self, now: datetime) -> None:
        """The connection stands; log in."""
        self._link.reset()
        self._connected = True
        self._timers.set("login", now, LOGIN_S)
        facts = self.facts
        self._link.send(
            wire.Login(
                pile=facts.number,
                kind=facts.kind,
                guns=facts.guns,
                version=facts.version,
                software=facts.software[:8],
                network=facts.network,
                sim=facts.sim,
                operator=facts.operator,
            )
        )

    def closed(self) -> None:
        """The connection is gone. Charging goes on; bills wait."""
        if self._connected:
            self.emit(LinkLost())
        self._connected = self._online = False
        self._timers.clear_all()
        self._requests.drop_all()
        self._unanswered.clear()
        self._delivery.restart()
        self._link.reset()
        for gun in self.guns.values():
            gun.link_closed()

    def receive(self, data: bytes, now: datetime) -> None:
        """Bytes of the platform."""
        self._handle_all(self._link.receive(data, now), now)

    def next_timeout(self) -> datetime | None:
        """When :meth:`expire` is to be called."""
        times = [gun.next_timeout() for gun in self.guns.values()]
        if self._connected:
            times += (self._timers.next(), self._requests.next_timeout(), self._link.next_timeout())
        if self._online:
            times.append(self._delivery.next_timeout())
        return first_of(times)

    def expire(self, now: datetime) -> None:
        """Do what is due."""
        for gun in self.guns.values():
            gun.expire(now)
        self._settle_tariff()
        if not self._connected:
            return
        self._handle_all(self._link.expire(now), now)
        for request in self._requests.expire(now):
            self._unanswered_request(request.message, now)
        for name in self._timers.take_due(now):
            if name == "login":
                self.emit(CloseLink(f"no answer to the login within {LOGIN_S:g} s"))
            elif name == "heartbeat":
                self._beat(now)
            elif name == "locks":
                commands.report_locks(self)
                self._timers.set("locks", now, LOCK_REPORT_S)
        self._deliver(now)

    def take(self) -> bytes:
        """What is to be sent."""
        return self._link.take()

    def events(self) -> list[PileEvent]:
        """What the host is to do, in this order; each is given once."""
        events, self._events = self._events, []
        return events

    def deliver(self, record: TransactionRecord, now: datetime) -> None:
        """Send a bill that is in non-volatile store, now or when the platform can be reached."""
        self._delivery.add(record)
        self._deliver(now)

    def resume(self, order: Order, meter_kwh: float, now: datetime) -> None:
        """An order that was open when the pile lost power: it becomes a bill.

        Raises:
            KeyError: the pile has no such gun.
        """
        self.guns[order.gun].resume(order, meter_kwh, now)

    def update_finished(self, status: int) -> None:
        """Tell what became of a firmware update."""
        commands.update_finished(self, status)

    def lock_moved(self, gun: str, state: int) -> None:
        """Tell where a parking lock is now."""
        commands.lock_moved(self, gun, state)

    # The guns' and commands' side

    def send(self, message: Message, seq: bytes | None = None) -> None:
        """Send, if logged in; what nobody can hear is not kept."""
        if self._online:
            self._link.send(message, seq)

    def ask(self, message: Message, now: datetime) -> None:
        """Send a request."""
        if self._online:
            self._requests.ask(message, now)

    def emit(self, event: PileEvent) -> None:
        """Tell the host."""
        self._events.append(event)

    def wall(self, now: datetime) -> datetime:
        """What the pile's clock shows: local, naive, as the platform set it."""
        return wall_time(now + self._clock_offset, self.facts.zone).at

    def new_serial(self, gun: str, now: datetime) -> str:
        """An order number for a start that the platform does not know."""
        self._serials += 1
        return serial_number(self.facts.number, gun, self.wall(now), self._serials)

    def set_clock(self, message: wire.TimeSet, now: datetime) -> None:
        """Take over the platform's time; a time that is none changes nothing."""
        at = from_wall_time(message.time, self.facts.zone)
        if at is not None:
            self._clock_offset = at - now

    def remember(self, memory: PileMemory) -> None:
        """Change what survives a power cut."""
        if memory != self.memory:
            self.memory = memory
            self.emit(SaveMemory(memory))

    def take_tariff(self, tariff: Tariff) -> None:
        """A new tariff; it holds from when no gun has an order."""
        self._new_tariff = tariff
        self._settle_tariff()

    # Inside

    def _handle_all(self, items: list[Received | Ignored], now: datetime) -> None:
        for item in items:
            if isinstance(item, Ignored):
                self.emit(Note(item.why))
            else:
                self._handle(item.message, item.seq, now)
        if self._link.hopeless:
            self.emit(CloseLink(self._link.hopeless))
        self._settle_tariff()
        self._deliver(now)

    def _handle(self, message: Message, seq: bytes, now: datetime) -> None:
        if not self._online:
            if isinstance(message, wire.LoginResult):
                self._login_answered(message, now)
            return
        request = self._requests.answered(message, seq, now)
        match message:
            case wire.HeartbeatReply():
                self._unanswered[message.gun] = 0
            case wire.ModelCheckResult():
                if request is not None and message.result != ModelCheck.SAME:
                    self.ask(wire.ModelRequest(pile=self.facts.number), now)
            case wire.Model():
                self.take_tariff(Tariff.of(message))
            case _:
                handle = commands.HANDLERS.get(type(message))
                if handle is not None:
                    handle(self, message, seq, now)

    def _login_answered(self, message: wire.LoginResult, now: datetime) -> None:
        self._timers.clear("login")
        if message.result != LoginOutcome.ACCEPTED:
            self.emit(CloseLink("the platform refused the login"))
            return
        self._online = True
        self.emit(LoggedIn())
        self._timers.set("heartbeat", now, HEARTBEAT_S)
        tariff = self.memory.tariff
        model = tariff.number if tariff else NO_MODEL
        self.ask(wire.ModelCheckRequest(pile=self.facts.number, model=model), now)
        for gun in self.guns.values():
            self.send(gun.heartbeat())
            self._unanswered[gun.code] = 1
            gun.link_opened(now)
        if self.facts.parking_locks:
            commands.report_locks(self)
            self._timers.set("locks", now, LOCK_REPORT_S)

    def _beat(self, now: datetime) -> None:
        if any(count >= HEARTBEATS_LOST for count in self._unanswered.values()):
            self.emit(CloseLink(f"{HEARTBEATS_LOST} heartbeats without an answer"))
            return
        for gun in self.guns.values():
            self.send(gun.heartbeat())
            self._unanswered[gun.code] = self._unanswered.get(gun.code, 0) + 1
        self._timers.set("heartbeat", now, HEARTBEAT_S)

    def _unanswered_request(self, message: Message, now: datetime) -> None:
        gun = self.guns.get(getattr(message, "gun", ""))
        if gun is not None:
            gun.start_unanswered()
        else:
            self.ask(message, now)

    def _settle_tariff(self) -> None:
        if self._new_tariff is not None and not any(gun.order for gun in self.guns.values()):
            self.remember(replace(self.memory, tariff=self._new_tariff))
            self._new_tariff = None

    def confirm(self, serial: str) -> bool:
        """A bill arrived; ``False`` where it was confirmed before."""
        return self._delivery.confirmed(serial)

    def _deliver(self, now: datetime) -> None:
        if self._online:
            record = self._delivery.due(now)
            if record is not None:
                self._link.send(record)
