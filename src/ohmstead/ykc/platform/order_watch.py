"""Orders as the platform sees them: asked, accepted, charging, closed.

An order counts when the pile accepted it *and* reports charging within 90 s; else it is closed and the pile
is told to stop. A refusal "not plugged" leaves the driver 60 s to plug in. Two idle reports while it should
charge close it too.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ohmstead.ykc.codes import GunStatus, Result, StartRefusal
from ohmstead.ykc.messages.orders import ParallelStartResult, RemoteStartResult
from ohmstead.ykc.messages.realtime import Realtime

PLUG_S = 60.0
BEGIN_S = 90.0
IDLE_REPORTS = 2


class Stage(StrEnum):
    """How far an order is."""

    ASKED = "asked"
    ACCEPTED = "accepted"
    CHARGING = "charging"


class Outcome(StrEnum):
    """What a frame changes."""

    BEGAN = "began"
    CLOSED = "closed"


@dataclass(slots=True)
class OpenOrder:
    """One order of a gun; ``why`` it was closed, once it is."""

    serial: str
    gun: str
    deadline: datetime | None
    stage: Stage = Stage.ASKED
    idle_reports: int = 0
    why: str = ""


class OrderWatch:
    """The open order of each gun."""

    def __init__(self) -> None:
        self._open: dict[str, OpenOrder] = {}
        self._given_up: dict[str, str] = {}

    def order_of(self, gun: str) -> OpenOrder | None:
        """What a gun has open."""
        return self._open.get(gun)

    def must_not_charge(self, gun: str, serial: str) -> bool:
        """This order was given up here, so the pile must be told to stop it."""
        return self._given_up.get(gun) == serial

    def asked(self, serial: str, gun: str, now: datetime) -> None:
        """A start goes out."""
        self._open[gun] = OpenOrder(serial, gun, now + timedelta(seconds=PLUG_S))

    def accepted(self, serial: str, gun: str, now: datetime) -> None:
        """A start that the pile asked for is allowed."""
        self._open[gun] = OpenOrder(serial, gun, now + timedelta(seconds=BEGIN_S), Stage.ACCEPTED)

    def answered(self, reply: RemoteStartResult | ParallelStartResult, now: datetime) -> OpenOrder | None:
        """The pile's answer to a start; the order, where that closes it."""
        order = self._open.get(reply.gun)
        if order is None or order.serial != reply.serial or order.stage is not Stage.ASKED:
            return None
        if reply.result == Result.OK:
            order.stage = Stage.ACCEPTED
            order.deadline = now + timedelta(seconds=BEGIN_S)
            return None
        if reply.reason == StartRefusal.NOT_PLUGGED:
            return None
        try:
            words = StartRefusal(reply.reason).name.lower().replace("_", " ")
        except ValueError:
            words = f"reason {reply.reason}"
        return self.close(order, f"the pile refused: {words}")

    def reported(self, realtime: Realtime) -> tuple[Outcome, OpenOrder] | None:
        """Realtime data of a gun, and what they change."""
        order = self._open.get(realtime.gun)
        if order is None:
            return None
        if realtime.status == GunStatus.CHARGING and realtime.serial == order.serial:
            order.idle_reports = 0
            if order.stage is Stage.CHARGING:
                return None
            order.stage, order.deadline = Stage.CHARGING, None
            return Outcome.BEGAN, order
        if order.stage is Stage.CHARGING and realtime.status == GunStatus.IDLE:
            order.idle_reports += 1
            if order.idle_reports >= IDLE_REPORTS:
                return Outcome.CLOSED, self.close(order, "the pile reports idle while it should charge")
        return None

    def resumed(self, realtime: Realtime) -> None:
        """An order that was begun over an earlier connection, or by the pile itself, still charges."""
        self._open[realtime.gun] = OpenOrder(realtime.serial, realtime.gun, None, Stage.CHARGING)

    def billed(self, serial: str, gun: str) -> OpenOrder | None:
        """A bill came; the order, where it was open."""
        order = self._open.get(gun)
        return self.close(order, "billed") if order is not None and order.serial == serial else None

    def stopped(self, gun: str) -> OpenOrder | None:
        """The pile agreed to stop."""
        order = self._open.get(gun)
        if order is None:
            return None
        self._given_up[gun] = order.serial
        return self.close(order, "stopped")

    def close(self, order: OpenOrder, why: str) -> OpenOrder:
        """Close an order."""
        order.why = why
        self._open.pop(order.gun, None)
        return order

    def next_timeout(self) -> datetime | None:
        """When the first order is overdue."""
        return min((o.deadline for o in self._open.values() if o.deadline is not None), default=None)

    def expire(self, now: datetime) -> list[OpenOrder]:
        """Orders that are closed because nothing came of them."""
        late = [o for o in self._open.values() if o.deadline is not None and o.deadline <= now]
        for order in late:
            limit_s = PLUG_S if order.stage is Stage.ASKED else BEGIN_S
            self.close(order, f"{order.stage.value}, but nothing came of it within {limit_s:g} s")
            self._given_up[order.gun] = order.serial
        return late
