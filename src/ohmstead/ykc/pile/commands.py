"""What the platform tells a pile to do, frame by frame."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ohmstead.ykc.billing import Tariff
from ohmstead.ykc.codes import (
    BalanceOutcome,
    Bay,
    CardStoring,
    LockState,
    Presence,
    RecordOutcome,
    Result,
    Role,
    StartRefusal,
    StopRefusal,
    When,
    Work,
)
from ohmstead.ykc.layout import Message
from ohmstead.ykc.messages import link, orders, realtime, service
from ohmstead.ykc.numbers import wall_time
from ohmstead.ykc.pile.events import (
    MoveLock,
    Note,
    PowerLimit,
    QrChanged,
    RecordDelivered,
    RestartAsked,
    UpdateAsked,
)

if TYPE_CHECKING:
    from ohmstead.ykc.pile.session import Pile

MIN_POWER_PERCENT = 30
MAX_POWER_PERCENT = 100
MAX_CARDS = 1000

Handler = Callable[["Pile", Any, bytes, datetime], None]
HANDLERS: dict[type[Message], Handler] = {}


def _handles(kind: type[Message]) -> Callable[[Handler], Handler]:
    def register(handler: Handler) -> Handler:
        HANDLERS[kind] = handler
        return handler

    return register


@_handles(realtime.RealtimeRequest)
def _tell_realtime(pile: Pile, message: realtime.RealtimeRequest, seq: bytes, now: datetime) -> None:
    gun = pile.guns.get(message.gun)
    if gun is not None:
        gun.report(now, seq)


@_handles(orders.RemoteStart)
def _start(pile: Pile, message: orders.RemoteStart, seq: bytes, now: datetime) -> None:
    def answer(result: int, reason: int) -> None:
        pile.send(
            orders.RemoteStartResult(
                serial=message.serial, pile=message.pile, gun=message.gun, result=result, reason=reason
            ),
            seq,
        )

    gun = pile.guns.get(message.gun)
    if gun is None or message.pile != pile.facts.number:
        answer(Result.FAILED, StartRefusal.WRONG_PILE)
    else:
        gun.remote_start(message, answer, now)


@_handles(orders.ParallelStart)
def _start_parallel(pile: Pile, message: orders.ParallelStart, seq: bytes, now: datetime) -> None:
    main = pile.groups.setdefault(message.group_number, message.gun)
    role = Role.MAIN if main == message.gun else Role.AUXILIARY

    def answer(result: int, reason: int) -> None:
        pile.send(
            orders.ParallelStartResult(
                serial=message.serial,
                pile=message.pile,
                gun=message.gun,
                result=result,
                reason=reason,
                role=role,
                group_number=message.group_number,
            ),
            seq,
        )

    gun = pile.guns.get(message.gun)
    if gun is None or message.pile != pile.facts.number:
        answer(Result.FAILED, StartRefusal.WRONG_PILE)
    else:
        gun.remote_start(message, answer, now)
    while len(pile.groups) > len(pile.guns):
        del pile.groups[next(iter(pile.groups))]


@_handles(orders.RemoteStop)
def _stop(pile: Pile, message: orders.RemoteStop, seq: bytes, now: datetime) -> None:
    gun = pile.guns.get(message.gun)
    if gun is not None and message.pile == pile.facts.number:
        gun.remote_stop(message, seq, now)
        return
    pile.send(
        orders.RemoteStopResult(
            pile=message.pile, gun=message.gun, result=Result.FAILED, reason=StopRefusal.WRONG_PILE
        ),
        seq,
    )


@_handles(orders.StartAnswer)
@_handles(orders.ParallelStartAnswer)
def _start_answered(
    pile: Pile, message: orders.StartAnswer | orders.ParallelStartAnswer, seq: bytes, now: datetime
) -> None:
    del seq
    gun = pile.guns.get(message.gun)
    if gun is not None and isinstance(message, orders.StartAnswer):
        gun.start_answered(message, now)


@_handles(orders.RecordReceived)
def _record_received(pile: Pile, message: orders.RecordReceived, seq: bytes, now: datetime) -> None:
    del seq, now
    if pile.confirm(message.serial):
        pile.emit(RecordDelivered(message.serial, message.result == RecordOutcome.RECEIVED))


@_handles(orders.BalanceUpdate)
def _balance(pile: Pile, message: orders.BalanceUpdate, seq: bytes, now: datetime) -> None:
    gun = pile.guns.get(message.gun)
    outcome = BalanceOutcome.OK
    if message.pile != pile.facts.number or gun is None:
        outcome = BalanceOutcome.WRONG_PILE
    elif message.physical_card != orders.NO_CARD and (
        gun.order is None or gun.order.physical_card != message.physical_card
    ):
        outcome = BalanceOutcome.WRONG_CARD
    else:
        gun.top_up(message.balance_yuan, now)
    pile.send(
        orders.BalanceUpdateResult(pile=message.pile, physical_card=message.physical_card, result=outcome),
        seq,
    )


@_handles(link.ModelPush)
def _tariff_pushed(pile: Pile, message: link.ModelPush, seq: bytes, now: datetime) -> None:
    del now
    pile.take_tariff(Tariff.of(message))
    pile.send(link.ModelPushResult(pile=pile.facts.number, result=Result.OK), seq)


@_handles(link.TimeSet)
def _set_time(pile: Pile, message: link.TimeSet, seq: bytes, now: datetime) -> None:
    pile.set_clock(message, now)
    shown = replace(wall_time(now, pile.facts.zone), at=pile.wall(now))
    pile.send(link.TimeSetResult(pile=pile.facts.number, time=shown), seq)


@_handles(service.WorkingParameters)
def _limit(pile: Pile, message: service.WorkingParameters, seq: bytes, now: datetime) -> None:
    del now
    percent = message.max_power_percent
    valid = MIN_POWER_PERCENT <= percent <= MAX_POWER_PERCENT
    if valid:
        locked = message.work != Work.ALLOWED
        pile.remember(replace(pile.memory, locked=locked, max_power_percent=percent))
        pile.emit(PowerLimit(percent, locked))
    result = Result.OK if valid else Result.FAILED
    pile.send(service.WorkingParametersResult(pile=pile.facts.number, result=result), seq)


@_handles(service.StoreCards)
def _store_cards(pile: Pile, message: service.StoreCards, seq: bytes, now: datetime) -> None:
    del now
    cards = dict(pile.memory.cards) | {card.physical: card.logical for card in message.cards}
    full = len(cards) > MAX_CARDS
    if not full:
        pile.remember(replace(pile.memory, cards=cards))
    pile.send(
        service.StoreCardsResult(
            pile=pile.facts.number,
            result=Result.FAILED if full else Result.OK,
            reason=CardStoring.FULL if full else CardStoring.NONE,
        ),
        seq,
    )


@_handles(service.DeleteCards)
def _delete_cards(pile: Pile, message: service.DeleteCards, seq: bytes, now: datetime) -> None:
    del now
    cards = dict(pile.memory.cards)
    results = tuple(
        service.DeletedCard(
            physical=card.physical,
            result=Result.OK if cards.pop(card.physical, None) is not None else Result.FAILED,
        )
        for card in message.cards
    )
    pile.remember(replace(pile.memory, cards=cards))
    pile.send(service.DeleteCardsResult(pile=pile.facts.number, cards=results), seq)


@_handles(service.QueryCards)
def _query_cards(pile: Pile, message: service.QueryCards, seq: bytes, now: datetime) -> None:
    del now
    known = tuple(
        service.KnownCard(
            physical=card.physical,
            presence=Presence.PRESENT if card.physical in pile.memory.cards else Presence.ABSENT,
        )
        for card in message.cards
    )
    pile.send(service.QueryCardsResult(pile=pile.facts.number, cards=known), seq)


@_handles(service.ParkingLockCommand)
def _move_lock(pile: Pile, message: service.ParkingLockCommand, seq: bytes, now: datetime) -> None:
    del now
    can = pile.facts.parking_locks and message.gun in pile.guns
    if can:
        pile.emit(MoveLock(message.gun, up=message.command == LockState.UP))
    result = Result.OK if can else Result.FAILED
    pile.send(service.ParkingLockResult(pile=pile.facts.number, gun=message.gun, result=result), seq)


@_handles(service.Restart)
def _restart(pile: Pile, message: service.Restart, seq: bytes, now: datetime) -> None:
    del now
    pile.send(service.RestartResult(pile=pile.facts.number, result=Result.OK), seq)
    pile.emit(RestartAsked(now=message.when != When.IDLE))


@_handles(service.FirmwareUpdate)
def _update(pile: Pile, message: service.FirmwareUpdate, seq: bytes, now: datetime) -> None:
    del now
    pile.update_seq = seq
    pile.emit(UpdateAsked(message))


def update_finished(pile: Pile, status: int) -> None:
    """Answer the firmware update that was asked for; without one nothing is sent."""
    if pile.update_seq is None:
        pile.emit(Note("a firmware update finished that nobody asked for"))
        return
    pile.send(service.FirmwareUpdateResult(pile=pile.facts.number, status=status), pile.update_seq)
    pile.update_seq = None


@_handles(service.QrPrefix)
def _qr_prefix(pile: Pile, message: service.QrPrefix, seq: bytes, now: datetime) -> None:
    del now
    pile.emit(QrChanged(message.form, message.prefix))
    pile.send(service.QrPrefixResult(pile=pile.facts.number, result=Result.OK), seq)


def report_locks(pile: Pile) -> None:
    """Where the parking locks are."""
    for gun in pile.guns.values():
        pile.send(
            service.ParkingLock(
                pile=pile.facts.number,
                gun=gun.code,
                lock=pile.locks.get(gun.code, LockState.DOWN),
                bay=Bay.TAKEN if gun.plugged else Bay.EMPTY,
                battery_percent=100,
            )
        )


def lock_moved(pile: Pile, gun: str, state: int) -> None:
    """A parking lock is somewhere else now."""
    pile.locks[gun] = state
    report_locks(pile)
