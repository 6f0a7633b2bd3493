"""One gun of a pile: plug, orders, reports. Without I/O; time comes in as ``now``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Protocol

from ohmstead.ykc.codes import (
    GunHealth,
    GunStatus,
    PileKind,
    Result,
    StartBy,
    StartedBy,
    StartRefusal,
    StopRefusal,
)
from ohmstead.ykc.layout import Message
from ohmstead.ykc.messages.link import Heartbeat
from ohmstead.ykc.messages.orders import (
    NO_CARD,
    ParallelStart,
    RemoteStart,
    RemoteStop,
    RemoteStopResult,
    StartAnswer,
    StartRequest,
)
from ohmstead.ykc.pile.events import (
    Note,
    PileEvent,
    SaveOrder,
    SaveRecord,
    StartCharging,
    StartRefused,
    StopCharging,
)
from ohmstead.ykc.pile.facts import GunReading, PileFacts, PileMemory
from ohmstead.ykc.pile.order import Order
from ohmstead.ykc.pile.reports import battery_demand, battery_information, realtime
from ohmstead.ykc.stop_reasons import (
    BY_APP,
    LOW_BALANCE,
    NEVER_BEGAN,
    PILOT_OPEN,
    PILOT_OPEN_BEFORE_START,
    POWER_LOST,
)
from ohmstead.ykc.timers import Timers

IDLE_REPORT_S = 300.0
CHARGING_REPORT_S = 15.0
PLUG_S = 60.0
BEGIN_S = 90.0
SAVE_S = 15.0
Answer = Callable[[int, int], None]
"""Sends the result and reason of a start."""


class PileSide(Protocol):
    """What a gun needs of its pile."""

    facts: PileFacts
    memory: PileMemory

    @property
    def online(self) -> bool:
        """Logged in."""
        ...

    def send(self, message: Message, seq: bytes | None = None) -> None:
        """Send, if logged in."""
        ...

    def ask(self, message: Message, now: datetime) -> None:
        """Send a request and wait for its reply."""
        ...

    def emit(self, event: PileEvent) -> None:
        """Tell the host."""
        ...

    def wall(self, now: datetime) -> datetime:
        """What the pile's clock shows."""
        ...

    def new_serial(self, gun: str, now: datetime) -> str:
        """An order number of the pile's own."""
        ...


class Gun:
    """Args: its number on the wire, and its pile."""

    def __init__(self, code: str, pile: PileSide) -> None:
        self.code = code
        self.plugged = False
        self.faults = 0
        self.reading = GunReading()
        self.order: Order | None = None
        self._pile = pile
        self._timers = Timers()
        self._awaiting_plug: tuple[RemoteStart | ParallelStart, Answer] | None = None
        self._asked: StartRequest | None = None
        self._stop_told = False
        self._saved_at = datetime.min.replace(tzinfo=UTC)

    @property
    def status(self) -> GunStatus:
        """What realtime data say."""
        if self.order is not None and self.order.began is not None:
            return GunStatus.CHARGING
        return GunStatus.FAULT if self.faults else GunStatus.IDLE

    # What the electronics tell

    def plug(self, now: datetime) -> None:
        """The vehicle is connected; a start that waited for it goes on."""
        if self.plugged:
            return
        self.plugged = True
        self._report_soon(now)
        if self._awaiting_plug is not None and "plug" in self._timers:
            (start, answer), self._awaiting_plug = self._awaiting_plug, None
            self._timers.clear("plug")
            self._decide_start(start, answer, now)

    def unplug(self, now: datetime) -> None:
        """The vehicle is gone; that ends an order."""
        if not self.plugged:
            return
        self.plugged = False
        if self.order is not None:
            reason = PILOT_OPEN if self.order.began else PILOT_OPEN_BEFORE_START
            self._stop(reason)
            self.ended(reason, now)
        else:
            self._report_soon(now)

    def set_faults(self, faults: int, now: datetime) -> None:
        """Hardware faults, bits of :class:`~ohmstead.ykc.codes.HardwareFault`; 0 clears them."""
        if faults != self.faults:
            self.faults = faults
            self._report_soon(now)

    def began(self, now: datetime) -> None:
        """The vehicle takes power now."""
        if self.order is None or self.order.began is not None:
            return
        self._timers.clear("begin")
        self.order = replace(self.order, began=self._pile.wall(now))
        self._save(self.order, now)
        self._report_soon(now)

    def measure(self, reading: GunReading, now: datetime) -> None:
        """New values; their energy counts in the price class of this moment."""
        self.reading = reading
        if self.order is None:
            return
        self.order = self._metered(self.order, reading.meter_kwh, now)
        if (now - self._saved_at).total_seconds() >= SAVE_S:
            self._save(self.order, now)
        if self.order.spent:
            self._stop(LOW_BALANCE)

    def ended(self, reason: int, now: datetime) -> None:
        """No power flows any more; the order becomes a bill. Without an order nothing happens."""
        if self.order is None:
            return
        order, self.order = self.order, None
        self._timers.clear("begin")
        wall = self._pile.wall(now)
        self._pile.emit(SaveRecord(order.bill(self._pile.facts.number, wall, reason)))
        self._report_soon(now)

    def resume(self, order: Order, meter_kwh: float, now: datetime) -> None:
        """An order that was open when power failed; it ends with what the meter shows."""
        order = self._metered(order, meter_kwh, now)
        self._pile.emit(SaveRecord(order.bill(self._pile.facts.number, order.seen, POWER_LOST)))

    def ask_start(self, mode: int, account: str, now: datetime, *, vin: str = "", password: str = "") -> None:
        """Somebody holds a card, or a vehicle is known: ask the platform, or the list of cards if offline."""
        if self.order is not None or self.faults or not self.plugged or self._pile.memory.tariff is None:
            self._pile.emit(StartRefused(self.code, 0))
            return
        if not self._pile.online:
            if account in self._pile.memory.cards and not self._pile.memory.locked:
                serial = self._pile.new_serial(self.code, now)
                self._accept(serial, StartedBy.OFFLINE_CARD, account, None, now)
            else:
                self._pile.emit(StartRefused(self.code, 0))
            return
        self._asked = StartRequest(
            pile=self._pile.facts.number,
            gun=self.code,
            mode=mode,
            password_needed=int(bool(password)),
            account=account,
            password=password,
            vin_reversed=vin[::-1],
        )
        self._pile.ask(self._asked, now)

    # What the platform says

    def remote_start(self, start: RemoteStart | ParallelStart, answer: Answer, now: datetime) -> None:
        """Start an order; where the vehicle is not plugged in it has 60 s left for that."""
        self._awaiting_plug = None
        self._decide_start(start, answer, now)
        if self.order is None and self._can_start() is StartRefusal.NOT_PLUGGED:
            self._awaiting_plug = (start, answer)
            self._timers.set("plug", now, PLUG_S)

    def remote_stop(self, stop: RemoteStop, seq: bytes, now: datetime) -> None:
        """Stop what charges, or a start that waits."""
        self._awaiting_plug = None
        del now
        refusal = StopRefusal.NONE if self.order is not None else StopRefusal.NOT_CHARGING
        result = Result.OK if self.order is not None else Result.FAILED
        number = self._pile.facts.number
        self._pile.send(RemoteStopResult(pile=number, gun=stop.gun, result=result, reason=refusal), seq)
        self._stop(BY_APP)

    def start_answered(self, answer: StartAnswer, now: datetime) -> None:
        """The platform answered a start asked for here."""
        asked, self._asked = self._asked, None
        if asked is None or answer.result != Result.OK or self.order is not None or not self.plugged:
            self._pile.emit(StartRefused(self.code, answer.reason))
            return
        by = StartedBy.VIN if asked.mode == StartBy.VIN else StartedBy.CARD
        self._accept(answer.serial, by, asked.account, answer.balance_yuan, now, vin=asked.vin)

    def start_unanswered(self) -> None:
        """The platform did not answer a start asked for here."""
        self._asked = None
        self._pile.emit(StartRefused(self.code, 0))

    def top_up(self, balance_yuan: float, now: datetime) -> None:
        """The account has another balance now."""
        if self.order is not None:
            self.order = replace(self.order, balance_yuan=balance_yuan)
            self._save(self.order, now)

    # Reports

    def heartbeat(self) -> Heartbeat:
        """The frame that says that this gun is there."""
        health = GunHealth.FAULT if self.faults else GunHealth.NORMAL
        return Heartbeat(pile=self._pile.facts.number, gun=self.code, health=health)

    def report(self, now: datetime, seq: bytes | None = None) -> None:
        """Send realtime data, and arm the next."""
        charging = self.status is GunStatus.CHARGING
        self._timers.set("report", now, CHARGING_REPORT_S if charging else IDLE_REPORT_S)
        wall = self._pile.wall(now)
        self._pile.send(realtime(self, self._pile.facts.number, wall), seq)
        if self.order is not None and charging and self._pile.facts.kind == PileKind.DC:
            self._pile.send(battery_demand(self.reading, self.order, self._pile.facts.number, wall))
            self._pile.send(battery_information(self.reading, self.order, self._pile.facts.number))

    def link_opened(self, now: datetime) -> None:
        """Tell the platform at once where this gun stands."""
        self.report(now)

    def link_closed(self) -> None:
        """What was asked over this connection is void; an order goes on."""
        self._timers.clear("report")
        self._timers.clear("plug")
        self._awaiting_plug = None
        self._asked = None

    def next_timeout(self) -> datetime | None:
        """When :meth:`expire` has something to do."""
        return self._timers.next()

    def expire(self, now: datetime) -> None:
        """What is due now."""
        for name in self._timers.take_due(now):
            if name == "report" and self._pile.online:
                self.report(now)
            elif name == "plug":
                self._awaiting_plug = None
            elif name == "begin":
                self._stop(NEVER_BEGAN)
                self.ended(NEVER_BEGAN, now)

    # Inside

    def _can_start(self) -> StartRefusal:
        if self.order is not None:
            return StartRefusal.CHARGING
        if self.faults or self._pile.memory.locked or self._pile.memory.tariff is None:
            return StartRefusal.FAULT
        return StartRefusal.NONE if self.plugged else StartRefusal.NOT_PLUGGED

    def _decide_start(self, start: RemoteStart | ParallelStart, answer: Answer, now: datetime) -> None:
        if self.order is not None and self.order.serial == start.serial:
            answer(Result.OK, StartRefusal.NONE)
            return
        refusal = self._can_start()
        if refusal is StartRefusal.NONE:
            card = start.physical_card
            self._accept(start.serial, StartedBy.APP, card, start.balance_yuan, now)
        answer(Result.OK if refusal is StartRefusal.NONE else Result.FAILED, refusal)

    def _accept(
        self, serial: str, by: int, card: str, balance_yuan: float | None, now: datetime, *, vin: str = ""
    ) -> None:
        tariff = self._pile.memory.tariff
        if tariff is None:
            self._pile.emit(Note(f"gun {self.code}: no start without a tariff"))
            return
        wall = self._pile.wall(now)
        self.order = Order(
            serial=serial,
            gun=self.code,
            started_by=by,
            physical_card=card or NO_CARD,
            vin=vin,
            balance_yuan=balance_yuan,
            accepted=wall,
            seen=wall,
            meter_start_kwh=self.reading.meter_kwh,
            meter_kwh=self.reading.meter_kwh,
            prices_per_kwh=tariff.prices.totals_per_kwh,
        )
        self._stop_told = False
        self._timers.set("begin", now, BEGIN_S)
        self._save(self.order, now)
        self._pile.emit(StartCharging(self.code, serial))

    def _metered(self, order: Order, meter_kwh: float, now: datetime) -> Order:
        wall = self._pile.wall(now)
        tariff = self._pile.memory.tariff
        return order.metered(meter_kwh, tariff.class_at(wall) if tariff else 2, wall)

    def _save(self, order: Order, now: datetime) -> None:
        self._saved_at = now
        self._pile.emit(SaveOrder(order))

    def _stop(self, reason: int) -> None:
        if self.order is not None and not self._stop_told:
            self._stop_told = True
            self._pile.emit(StopCharging(self.code, reason))

    def _report_soon(self, now: datetime) -> None:
        if self._pile.online:
            self.report(now)
