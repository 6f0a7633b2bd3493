"""The platform's end of one connection, without I/O.

The host carries out :meth:`PlatformSession.events` first (a bill is stored before it is confirmed) and then
sends :meth:`PlatformSession.take`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ohmstead.ykc.billing import Tariff
from ohmstead.ykc.codes import CardRefusal, GunStatus, LoginOutcome, ModelCheck, RecordOutcome, Result
from ohmstead.ykc.layout import Direction, Message
from ohmstead.ykc.link import Ignored, Link, Received
from ohmstead.ykc.messages import link as wire
from ohmstead.ykc.messages import orders
from ohmstead.ykc.messages.realtime import Realtime, RealtimeRequest
from ohmstead.ykc.numbers import gun_code, wall_time
from ohmstead.ykc.platform.events import (
    Answered,
    BillArrived,
    CloseLink,
    Measured,
    Note,
    OrderBegan,
    OrderClosed,
    PileLoggedIn,
    PlatformEvent,
    StartAsked,
    Told,
    Unanswered,
)
from ohmstead.ykc.platform.order_watch import OpenOrder, OrderWatch, Outcome, Stage
from ohmstead.ykc.quirks import Quirks
from ohmstead.ykc.requests import Requests
from ohmstead.ykc.timers import Timers, first_of

LOGIN_S = 30.0
SILENCE_S = 35.0
"""A pile beats every 10 s; after three and some slack it is gone."""
CLOCK_S = 8 * 3600.0
REPLY_S = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PileEntry:
    """What the platform knows of a pile before it comes.

    ``address`` is the only IP address that it may come from; ``None``: any, for a network of one's own.
    """

    quirks: Quirks
    tariff: Tariff
    address: str | None = None


class PlatformSession:
    """Args: gives the entry of a pile number, ``None`` for one that is not allowed."""

    def __init__(self, lookup: Callable[[str], PileEntry | None], now: datetime) -> None:
        self._lookup = lookup
        self._link = Link(Direction.DOWN)
        self._requests = Requests(self._link.send, REPLY_S)
        self._timers = Timers()
        self._timers.set("login", now, LOGIN_S)
        self._orders = OrderWatch()
        self._events: list[PlatformEvent] = []
        self._quirks = Quirks()
        self.login: wire.Login | None = None
        self.tariff: Tariff | None = None
        self.realtime: dict[str, Realtime] = {}
        """The last realtime data of each gun."""

    # The host's side

    def receive(self, data: bytes, now: datetime) -> None:
        """Bytes of the pile."""
        self._handle_all(self._link.receive(data, now), now)

    def next_timeout(self) -> datetime | None:
        """When :meth:`expire` is to be called."""
        times = (
            self._timers.next(),
            self._requests.next_timeout(),
            self._orders.next_timeout(),
            self._link.next_timeout(),
        )
        return first_of(times)

    def expire(self, now: datetime) -> None:
        """Do what is due."""
        self._handle_all(self._link.expire(now), now)
        for request in self._requests.expire(now):
            self._events.append(Unanswered(request.id))
        for order in self._orders.expire(now):
            if order.stage is Stage.ACCEPTED:
                self.command(orders.RemoteStop(pile=self.pile, gun=order.gun), now)
            self._closed(order)
        for name in self._timers.take_due(now):
            if name == "clock":
                self.set_clock(now)
            elif name == "login":
                self._events.append(CloseLink(f"no login within {LOGIN_S:g} s"))
            elif name == "silence":
                self._events.append(CloseLink(f"nothing heard for {SILENCE_S:g} s"))

    def take(self) -> bytes:
        """What is to be sent."""
        return self._link.take()

    def events(self) -> list[PlatformEvent]:
        """What happened, in this order; each is given once."""
        events, self._events = self._events, []
        return events

    def closed(self) -> list[int]:
        """The connection is gone: the ids of commands that got no reply."""
        return self._requests.drop_all()

    @property
    def pile(self) -> str:
        """The pile's number; empty before its login."""
        return self.login.pile if self.login else ""

    # Commands

    def command(self, message: Message, now: datetime) -> int | None:
        """Send any request; ``Answered`` or ``Unanswered`` comes with this id. ``None``: too many wait."""
        return self._requests.ask(message, now)

    def start(self, start: orders.RemoteStart | orders.ParallelStart, now: datetime) -> int | None:
        """Start an order and watch what comes of it."""
        self._orders.asked(start.serial, start.gun, now)
        return self.command(start, now)

    def open_order(self, gun: str) -> str | None:
        """The serial of a gun's open order."""
        order = self._orders.order_of(gun)
        return order.serial if order else None

    def allow_start(
        self, asked: StartAsked, serial: str, now: datetime, *, card: str, balance_yuan: float
    ) -> None:
        """Let somebody at the pile charge."""
        request = asked.request
        self._orders.accepted(serial, request.gun, now)
        self._answer_start(asked, serial, Result.OK, CardRefusal.NONE, card, balance_yuan)

    def refuse_start(self, asked: StartAsked, reason: int) -> None:
        """Do not let somebody at the pile charge."""
        self._answer_start(asked, "0" * 32, Result.FAILED, reason, orders.NO_CARD, 0.0)

    def confirm(self, bill: BillArrived, *, legal: bool = True) -> None:
        """Say that a bill is stored."""
        outcome = RecordOutcome.RECEIVED if legal else RecordOutcome.ILLEGAL
        self._link.send(orders.RecordReceived(serial=bill.record.serial, result=outcome), bill.seq)

    def set_clock(self, now: datetime) -> None:
        """Give the pile our time, and again in a few hours."""
        self._timers.set("clock", now, CLOCK_S)
        self.command(wire.TimeSet(pile=self.pile, time=wall_time(now, self._quirks.zone)), now)

    def set_tariff(self, tariff: Tariff, now: datetime) -> None:
        """Push another tariff; later questions are answered with it too."""
        self.tariff = tariff
        self.command(tariff.push(self.pile), now)

    # Inside

    def _handle_all(self, items: list[Received | Ignored], now: datetime) -> None:
        for item in items:
            if isinstance(item, Ignored):
                self._events.append(Note(item.why))
                continue
            if self.login is None:
                self._log_in(item.message, item.seq, now)
            else:
                self._timers.set("silence", now, SILENCE_S)
                self._handle(item.message, item.seq, now)
        if self._link.hopeless:
            self._events.append(CloseLink(self._link.hopeless))

    def _log_in(self, message: Message, seq: bytes, now: datetime) -> None:
        if not isinstance(message, wire.Login):
            self._events.append(Note(f"{message.TITLE} before the login"))
            return
        entry = self._lookup(message.pile)
        if entry is None:
            self._link.send(wire.LoginResult(pile=message.pile, result=LoginOutcome.REFUSED), seq)
            self._events.append(CloseLink(f"pile {message.pile} is not known here"))
            return
        self.login, self._quirks, self.tariff = message, entry.quirks, entry.tariff
        self._link.crc = entry.quirks.crc
        self._timers.clear("login")
        self._timers.set("silence", now, SILENCE_S)
        self._link.send(wire.LoginResult(pile=message.pile, result=LoginOutcome.ACCEPTED), seq)
        self._events.append(PileLoggedIn(message))
        self.set_clock(now)
        for gun in range(1, min(message.guns, 99) + 1):
            self.command(RealtimeRequest(pile=self.pile, gun=gun_code(gun)), now)

    def _handle(self, message: Message, seq: bytes, now: datetime) -> None:
        told = getattr(message, "pile", self.pile)
        if told != self.pile:
            self._events.append(Note(f"{message.TITLE} for pile {told} on the connection of {self.pile}"))
            return
        request = self._requests.answered(message, seq, now)
        if request is not None:
            self._events.append(Answered(request.id, message))
        match message:
            case wire.Login():
                self._link.send(wire.LoginResult(pile=self.pile, result=LoginOutcome.ACCEPTED), seq)
            case wire.Heartbeat():
                self._link.send(wire.HeartbeatReply(pile=self.pile, gun=message.gun), seq)
            case wire.ModelCheckRequest():
                self._check_model(message, seq)
            case wire.ModelRequest():
                if self.tariff is not None:
                    self._link.send(self.tariff.message(self.pile), seq)
            case Realtime():
                self._reported(message, now)
            case orders.RemoteStartResult() | orders.ParallelStartResult():
                self._closed(self._orders.answered(message, now))
                if message.result == Result.OK and self.open_order(message.gun) != message.serial:
                    self._stop_given_up(message.gun, now)
            case orders.RemoteStopResult():
                if message.result == Result.OK:
                    self._closed(self._orders.stopped(message.gun))
            case orders.StartRequest() | orders.ParallelStartRequest():
                self._events.append(StartAsked(message, seq))
            case orders.TransactionRecord() | orders.SealedTransactionRecord():
                self._closed(self._orders.billed(message.serial, message.gun))
                self._events.append(BillArrived(message, seq))
            case _:
                self._events.append(Told(message))

    def _check_model(self, message: wire.ModelCheckRequest, seq: bytes) -> None:
        number = self.tariff.number if self.tariff else ""
        same = ModelCheck.SAME if message.model == number else ModelCheck.DIFFERENT
        self._link.send(wire.ModelCheckResult(pile=self.pile, model=message.model, result=same), seq)

    def _stop_given_up(self, gun: str, now: datetime) -> None:
        self._events.append(Note(f"gun {gun} charges an order that was given up here; it is told to stop"))
        self.command(orders.RemoteStop(pile=self.pile, gun=gun), now)

    def _reported(self, realtime: Realtime, now: datetime) -> None:
        self.realtime[realtime.gun] = realtime
        self._events.append(Measured(realtime))
        change = self._orders.reported(realtime)
        if change is None:
            if realtime.status != GunStatus.CHARGING or self._orders.order_of(realtime.gun) is not None:
                return
            if self._orders.must_not_charge(realtime.gun, realtime.serial):
                self._stop_given_up(realtime.gun, now)
            else:
                self._orders.resumed(realtime)
            return
        outcome, order = change
        if outcome is Outcome.BEGAN:
            self._events.append(OrderBegan(order.serial))
        else:
            self._closed(order)

    def _closed(self, order: OpenOrder | None) -> None:
        if order is not None:
            self._events.append(OrderClosed(order.serial, order.why))

    def _answer_start(
        self, asked: StartAsked, serial: str, result: int, reason: int, card: str, balance_yuan: float
    ) -> None:
        request = asked.request
        if isinstance(request, orders.ParallelStartRequest):
            self._link.send(
                orders.ParallelStartAnswer(
                    serial=serial,
                    pile=request.pile,
                    gun=request.gun,
                    card=card,
                    balance_yuan=balance_yuan,
                    result=result,
                    reason=reason,
                    group_number=request.group_number,
                ),
                asked.seq,
            )
            return
        self._link.send(
            orders.StartAnswer(
                serial=serial,
                pile=request.pile,
                gun=request.gun,
                card=card,
                balance_yuan=balance_yuan,
                result=result,
                reason=reason,
            ),
            asked.seq,
        )
