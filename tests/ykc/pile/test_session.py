"""A pile against a platform over a wire in memory, rule by rule of the sequence rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ohmstead.ykc.billing import flat_tariff
from ohmstead.ykc.codes import GunStatus, HardwareFault, PileKind, Result, StartBy, StartRefusal
from ohmstead.ykc.frame import Frame, FrameDecoder
from ohmstead.ykc.layout import Message
from ohmstead.ykc.messages import message_of
from ohmstead.ykc.messages.battery import BmsDemand, BmsInformation
from ohmstead.ykc.messages.link import TimeSetResult
from ohmstead.ykc.messages.orders import (
    BalanceUpdate,
    BalanceUpdateResult,
    ParallelStart,
    ParallelStartResult,
    RemoteStart,
    RemoteStartResult,
    RemoteStop,
    RemoteStopResult,
    TransactionRecord,
)
from ohmstead.ykc.messages.realtime import Realtime
from ohmstead.ykc.messages.service import (
    Card,
    DeleteCards,
    DeleteCardsResult,
    FirmwareUpdate,
    FirmwareUpdateResult,
    ParkingLock,
    ParkingLockCommand,
    PhysicalCard,
    QrPrefix,
    QueryCards,
    QueryCardsResult,
    Restart,
    StoreCards,
    WorkingParameters,
    WorkingParametersResult,
)
from ohmstead.ykc.pile import events
from ohmstead.ykc.pile.facts import GunReading, PileFacts
from ohmstead.ykc.platform.events import Answered, BillArrived, Measured, OrderBegan, OrderClosed, StartAsked
from tests.ykc.wire import ENTRY, PILE, SERIAL, Bench

CARD = "00000000D14B0A54"


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.close()


def start_of(serial: str = SERIAL, gun: str = "01", balance_yuan: float = 100.0) -> RemoteStart:
    return RemoteStart(serial=serial, pile=PILE, gun=gun, balance_yuan=balance_yuan)


def plug(bench: Bench, gun: str = "01") -> None:
    bench.act(lambda pile, now: pile.guns[gun].plug(now))


def started(bench: Bench, message: Message | None = None) -> None:
    """Send a start and settle."""
    start = message or start_of()
    assert isinstance(start, RemoteStart | ParallelStart)
    bench.session().start(start, bench.now)
    bench.settle()


def charge(bench: Bench, kwh: float, *, meter_kwh: float = 0.0, gun: str = "01") -> None:
    """Charging begins and a meter rises."""
    bench.act(lambda pile, now: pile.guns[gun].began(now))
    reading = GunReading(voltage_v=230.0, current_a=16.0, meter_kwh=meter_kwh + kwh)
    bench.run(60.0)
    bench.act(lambda pile, now: pile.guns[gun].measure(reading, now))


def answers(bench: Bench) -> list[Message]:
    return [event.message for event in bench.heard if isinstance(event, Answered)]


def told(bench: Bench, kind: type[events.PileEvent]) -> list[events.PileEvent]:
    return [event for event in bench.told if isinstance(event, kind)]


def test_login_clock_and_tariff(bench: Bench) -> None:
    bench.connect()
    assert bench.pile.online
    assert bench.pile.memory.tariff == ENTRY.tariff
    (time,) = [m for m in answers(bench) if isinstance(m, TimeSetResult)]
    assert time.time is not None
    assert time.time.at.hour == 17, "09:00 UTC is 17:00 in China"


def test_a_pile_that_has_the_tariff_does_not_ask_for_it_again(bench: Bench) -> None:
    bench.connect()
    saved = len(told(bench, events.SaveMemory))
    bench.cut()
    bench.connect()
    assert len(told(bench, events.SaveMemory)) == saved


def test_a_pile_that_is_not_known_is_refused() -> None:
    bench = Bench(entry=None)
    bench.connect()
    assert not bench.pile.online
    assert told(bench, events.CloseLink) == [events.CloseLink("the platform refused the login")]
    bench.close()


def test_no_answer_to_the_login_closes(bench: Bench) -> None:
    bench.filter = lambda data, up: b""
    bench.connect()
    bench.run(14.9)
    assert not told(bench, events.CloseLink)
    bench.run(0.2)
    assert told(bench, events.CloseLink)


def test_three_heartbeats_without_an_answer_close(bench: Bench) -> None:
    bench.connect()
    bench.run(60.0)
    assert not told(bench, events.CloseLink)
    bench.filter = lambda data, up: data if up else b""
    bench.run(29.0)
    assert not told(bench, events.CloseLink)
    bench.run(12.0)
    assert told(bench, events.CloseLink)


def test_reports_come_each_5_min_idle_and_each_15_s_charging(bench: Bench) -> None:
    bench.connect()

    def reports(seconds: float) -> int:
        before = len([e for e in bench.heard if isinstance(e, Measured)])
        bench.run(seconds)
        return len([e for e in bench.heard if isinstance(e, Measured)]) - before

    assert reports(900.0) == 3
    plug(bench)
    started(bench)
    bench.act(lambda pile, now: pile.guns["01"].began(now))
    assert reports(150.0) == 10


def test_a_remote_start_from_plug_to_bill(bench: Bench) -> None:
    bench.connect()
    bench.act(lambda pile, now: pile.guns["01"].measure(GunReading(meter_kwh=100.0), now))
    plug(bench)
    started(bench)
    assert events.StartCharging("01", SERIAL) in bench.told
    charge(bench, 3.5, meter_kwh=100.0)
    assert OrderBegan(SERIAL) in bench.heard
    bench.session().command(RemoteStop(pile=PILE, gun="01"), bench.now)
    bench.settle()
    assert events.StopCharging("01", 0x40) in bench.told
    bench.act(lambda pile, now: pile.guns["01"].ended(0x40, now))
    (bill,) = bench.bills.bills()
    assert isinstance(bill, TransactionRecord)
    assert (bill.serial, bill.energy_kwh, bill.amount_yuan, bill.stop_reason) == (SERIAL, 3.5, 4.2, 0x40)
    assert (bill.meter_start_kwh, bill.meter_end_kwh) == (100.0, 103.5)
    assert bill.started is not None
    assert bill.ended is not None
    assert (bill.ended.at - bill.started.at).total_seconds() == 60
    assert bench.pile.undelivered == 0
    assert bench.pile_store.waiting(PILE) == []
    assert bench.pile_store.open_orders(PILE) == []


def test_a_start_waits_60_s_for_the_plug(bench: Bench) -> None:
    bench.connect()
    started(bench)
    reply = [m for m in answers(bench) if isinstance(m, RemoteStartResult)][-1]
    assert (reply.result, reply.reason) == (Result.FAILED, StartRefusal.NOT_PLUGGED)
    bench.run(59.0)
    plug(bench)
    assert events.StartCharging("01", SERIAL) in bench.told
    charge(bench, 1.0)
    assert OrderBegan(SERIAL) in bench.heard


def test_a_plug_after_more_than_60_s_starts_nothing(bench: Bench) -> None:
    bench.connect()
    started(bench)
    bench.run(61.0)
    plug(bench)
    assert not told(bench, events.StartCharging)


def test_a_start_that_never_charges_is_billed_once_with_nothing(bench: Bench) -> None:
    bench.connect()
    plug(bench)
    started(bench)
    bench.run(95.0)
    (bill,) = bench.bills.bills()
    assert (bill.serial, bill.energy_kwh, bill.stop_reason) == (SERIAL, 0.0, 0x65)
    assert any(isinstance(event, OrderClosed) for event in bench.heard)


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda gun, now: gun.set_faults(HardwareFault.EMERGENCY_STOP, now), StartRefusal.FAULT),
        (lambda gun, now: None, StartRefusal.NOT_PLUGGED),
    ],
)
def test_starts_that_are_refused(bench: Bench, prepare: object, reason: StartRefusal) -> None:
    bench.connect()
    bench.act(lambda pile, now: prepare(pile.guns["01"], now))  # type: ignore[operator]
    started(bench)
    reply = [m for m in answers(bench) if isinstance(m, RemoteStartResult)][-1]
    assert (reply.result, reply.reason) == (Result.FAILED, reason)
    assert not told(bench, events.StartCharging)


def test_a_second_order_on_a_gun_is_refused_and_a_repeat_is_not(bench: Bench) -> None:
    bench.connect()
    plug(bench)
    started(bench)
    started(bench)
    started(bench, start_of(serial=SERIAL[:-1] + "2"))
    replies = [m for m in answers(bench) if isinstance(m, RemoteStartResult)]
    assert [(m.result, m.reason) for m in replies] == [(1, 0), (1, 0), (0, StartRefusal.CHARGING)]
    assert len(told(bench, events.StartCharging)) == 1


def test_without_a_tariff_nothing_charges(bench: Bench) -> None:
    bench.connect()
    bench.pile.memory = type(bench.pile.memory)()
    plug(bench)
    started(bench)
    assert not told(bench, events.StartCharging)


def test_stopping_nothing_is_refused_as_not_charging(bench: Bench) -> None:
    bench.connect()
    bench.session().command(RemoteStop(pile=PILE, gun="01"), bench.now)
    bench.session().command(RemoteStop(pile=PILE, gun="09"), bench.now)
    bench.settle()
    replies = [m for m in answers(bench) if isinstance(m, RemoteStopResult)]
    assert [(m.result, m.reason) for m in replies] == [(0, 2), (0, 1)]


def test_unplugging_ends_the_order(bench: Bench) -> None:
    bench.connect()
    plug(bench)
    started(bench)
    charge(bench, 1.0)
    bench.act(lambda pile, now: pile.guns["01"].unplug(now))
    assert events.StopCharging("01", 0x6B) in bench.told
    (bill,) = bench.bills.bills()
    assert (bill.energy_kwh, bill.stop_reason) == (1.0, 0x6B)


def test_a_spent_balance_stops_and_a_top_up_lets_go_on(bench: Bench) -> None:
    bench.connect()
    plug(bench)
    started(bench, start_of(balance_yuan=2.4))
    charge(bench, 1.9)
    assert not told(bench, events.StopCharging)
    bench.session().command(
        BalanceUpdate(pile=PILE, gun="01", physical_card="0" * 16, balance_yuan=4.8), bench.now
    )
    bench.settle()
    assert [m.result for m in answers(bench) if isinstance(m, BalanceUpdateResult)] == [0]
    bench.act(lambda pile, now: pile.guns["01"].measure(GunReading(meter_kwh=3.9), now))
    assert not told(bench, events.StopCharging)
    bench.act(lambda pile, now: pile.guns["01"].measure(GunReading(meter_kwh=4.1), now))
    assert told(bench, events.StopCharging) == [events.StopCharging("01", 0x6E)]


def test_a_start_by_card(bench: Bench) -> None:
    bench.connect()
    plug(bench)
    bench.act(lambda pile, now: pile.guns["01"].ask_start(StartBy.CARD, CARD, now))
    (asked,) = [e for e in bench.heard if isinstance(e, StartAsked)]
    bench.session().allow_start(asked, SERIAL, bench.now, card="0" * 16, balance_yuan=50.0)
    bench.settle()
    charge(bench, 1.0)
    bench.act(lambda pile, now: pile.guns["01"].ended(0x45, now))
    (bill,) = bench.bills.bills()
    assert (bill.serial, bill.started_by, bill.physical_card) == (SERIAL, 2, CARD)


def test_a_start_by_card_that_is_refused_or_unanswered(bench: Bench) -> None:
    bench.connect()
    plug(bench)
    bench.act(lambda pile, now: pile.guns["01"].ask_start(StartBy.CARD, CARD, now))
    (asked,) = [e for e in bench.heard if isinstance(e, StartAsked)]
    bench.session().refuse_start(asked, 3)
    bench.settle()
    assert told(bench, events.StartRefused) == [events.StartRefused("01", 3)]
    bench.act(lambda pile, now: pile.guns["01"].ask_start(StartBy.CARD, CARD, now))
    bench.run(10.0)
    assert told(bench, events.StartRefused)[1:] == [events.StartRefused("01", 0)]
    assert not told(bench, events.StartCharging)


def test_a_known_card_charges_while_the_platform_is_away(bench: Bench) -> None:
    bench.connect()
    bench.session().command(StoreCards(pile=PILE, cards=(Card(logical="1" * 16, physical=CARD),)), bench.now)
    bench.settle()
    bench.cut()
    plug(bench)
    bench.act(lambda pile, now: pile.guns["01"].ask_start(StartBy.CARD, "0" * 16, now))
    assert told(bench, events.StartRefused)
    bench.act(lambda pile, now: pile.guns["01"].ask_start(StartBy.CARD, CARD, now))
    charge(bench, 2.0)
    bench.act(lambda pile, now: pile.guns["01"].ended(0x45, now))
    assert bench.bills.bills() == []
    bench.connect()
    (bill,) = bench.bills.bills()
    assert (bill.energy_kwh, bill.started_by) == (2.0, 4)
    assert bill.serial.startswith(PILE + "01")


def test_offline_cards_are_asked_for_and_deleted(bench: Bench) -> None:
    bench.connect()
    session, card = bench.session(), PhysicalCard(physical=CARD)
    session.command(StoreCards(pile=PILE, cards=(Card(logical="1" * 16, physical=CARD),)), bench.now)
    bench.settle()
    session.command(QueryCards(pile=PILE, cards=(card, PhysicalCard(physical="F" * 16))), bench.now)
    session.command(DeleteCards(pile=PILE, cards=(card, card)), bench.now)
    bench.settle()
    (known,) = [m for m in answers(bench) if isinstance(m, QueryCardsResult)]
    (deleted,) = [m for m in answers(bench) if isinstance(m, DeleteCardsResult)]
    assert [c.presence for c in known.cards] == [1, 0]
    assert [c.result for c in deleted.cards] == [1, 0]


@pytest.mark.parametrize(("percent", "result"), [(30, 1), (100, 1), (29, 0), (101, 0)])
def test_power_is_limited_from_30_to_100_percent(bench: Bench, percent: int, result: int) -> None:
    bench.connect()
    bench.session().command(WorkingParameters(pile=PILE, work=0, max_power_percent=percent), bench.now)
    bench.settle()
    assert [m.result for m in answers(bench) if isinstance(m, WorkingParametersResult)] == [result]
    limited = [events.PowerLimit(percent, locked=False)] if result else []
    assert told(bench, events.PowerLimit) == limited
    assert bench.pile_store.memory(PILE) == bench.pile.memory


def test_a_locked_pile_starts_nothing(bench: Bench) -> None:
    bench.connect()
    bench.session().command(WorkingParameters(pile=PILE, work=1, max_power_percent=100), bench.now)
    bench.settle()
    plug(bench)
    started(bench)
    assert not told(bench, events.StartCharging)


def test_a_pushed_tariff_waits_until_the_pile_is_idle(bench: Bench) -> None:
    bench.connect()
    plug(bench)
    started(bench)
    new = flat_tariff("0200", 9.0)
    bench.session().set_tariff(new, bench.now)
    bench.settle()
    assert bench.pile.memory.tariff == ENTRY.tariff
    charge(bench, 1.0)
    bench.act(lambda pile, now: pile.guns["01"].ended(0x45, now))
    (bill,) = bench.bills.bills()
    assert bill.amount_yuan == 1.2
    bench.run(60.0)
    assert bench.pile.memory.tariff == new


def test_dc_tells_what_the_battery_asks_for() -> None:
    bench = Bench(PileFacts(number=PILE, kind=PileKind.DC))
    bench.connect()
    plug(bench)
    started(bench)
    reading = GunReading(voltage_v=400.0, current_a=120.0, demand_v=410.0, demand_a=125.0, soc_percent=40)
    bench.act(lambda pile, now: pile.guns["01"].began(now))
    bench.act(lambda pile, now: pile.guns["01"].measure(reading, now))
    bench.run(15.0)
    heard = [getattr(event, "message", None) for event in bench.heard]
    demand = [m for m in heard if isinstance(m, BmsDemand)][-1]
    assert (demand.demand_v, demand.demand_raw_a, demand.soc_percent) == (410.0, 125.0, 40)
    assert any(isinstance(m, BmsInformation) for m in heard)
    bench.close()


def test_two_guns_start_together() -> None:
    bench = Bench(PileFacts(number=PILE, kind=PileKind.DC, guns=2))
    bench.connect()
    for gun in ("01", "02"):
        plug(bench, gun)
        serial = SERIAL[:-1] + gun[-1]
        start = ParallelStart(
            serial=serial, pile=PILE, gun=gun, balance_yuan=9.0, group_number="260316170000"
        )
        started(bench, start)
    replies = [m for m in answers(bench) if isinstance(m, ParallelStartResult)]
    assert [(m.gun, m.result, m.role) for m in replies] == [("01", 1, 0), ("02", 1, 1)]
    bench.close()


def test_restart_update_lock_and_qr_reach_the_electronics() -> None:
    bench = Bench(PileFacts(number=PILE, parking_locks=True))
    bench.connect()
    session = bench.session()
    update = FirmwareUpdate(
        pile=PILE,
        kind=2,
        power_kw=7,
        server="192.0.2.1",
        port=21,
        user="u",
        password="p",  # noqa: S106
        path="/f.bin",
        when=1,
        timeout_min=5,
    )
    for message in (
        Restart(pile=PILE, when=2),
        update,
        ParkingLockCommand(pile=PILE, gun="01", command=0x55),
        QrPrefix(pile=PILE, form=1, prefix="https://example.org/"),
    ):
        session.command(message, bench.now)
    bench.settle()
    assert events.RestartAsked(now=False) in bench.told
    assert events.UpdateAsked(update) in bench.told
    assert events.MoveLock("01", up=True) in bench.told
    assert events.QrChanged(1, "https://example.org/") in bench.told
    assert not [m for m in answers(bench) if isinstance(m, FirmwareUpdateResult)]
    bench.act(lambda pile, now: pile.update_finished(0))
    assert [m.status for m in answers(bench) if isinstance(m, FirmwareUpdateResult)] == [0]
    bench.act(lambda pile, now: pile.lock_moved("01", 0x55))
    locks = [getattr(event, "message", None) for event in bench.heard]
    assert [m.lock for m in locks if isinstance(m, ParkingLock)] == [0xFF, 0x55]
    bench.close()


def test_a_bill_is_repeated_after_30_s_three_times_then_after_5_min(bench: Bench) -> None:
    bench.connect()
    plug(bench)
    started(bench)
    sent: list[float] = []

    def deaf_to_bills(data: bytes, up: bool) -> bytes:
        kept = b""
        for frame in FrameDecoder().feed(data):
            assert isinstance(frame, Frame)
            found = message_of(frame.type, frame.body)
            if isinstance(found, TransactionRecord):
                sent.append((bench.now - ended).total_seconds())
            elif found is not None:
                from ohmstead.ykc.frame import encode

                kept += encode(frame)
        return kept

    bench.filter = deaf_to_bills
    ended = bench.now
    bench.act(lambda pile, now: pile.guns["01"].ended(0x45, now))
    bench.run(800.0)
    assert sent == [0, 30, 60, 90, 390, 420, 450, 480, 780]
    assert len(bench.pile_store.waiting(PILE)) == 1
    bench.filter = lambda data, up: data
    bench.run(60.0)
    assert bench.pile.undelivered == 0
    assert len([e for e in bench.heard if isinstance(e, BillArrived)]) == 1


def test_a_power_cut_while_charging_bills_what_the_meter_shows(bench: Bench) -> None:
    bench.connect()
    plug(bench)
    started(bench)
    charge(bench, 2.0)
    bench.restart_pile(meter_kwh=2.25)
    assert bench.bills.bills() == []
    bench.connect()
    (bill,) = bench.bills.bills()
    assert (bill.energy_kwh, bill.stop_reason, bill.meter_end_kwh) == (2.25, 0x83, 2.25)
    assert bench.pile.guns["01"].status is GunStatus.IDLE


def test_realtime_data_carry_the_order(bench: Bench) -> None:
    bench.connect()
    plug(bench)
    started(bench)
    charge(bench, 1.25)
    bench.run(15.0)
    last = [e.realtime for e in bench.heard if isinstance(e, Measured)][-1]
    assert isinstance(last, Realtime)
    assert (last.serial, last.status, last.plugged) == (SERIAL, GunStatus.CHARGING, 1)
    assert (last.voltage_v, last.current_a, last.energy_kwh, last.amount_yuan) == (230.0, 16.0, 1.25, 1.5)
    assert last.charged_min == 1


def test_a_wrong_pile_number_is_answered_as_such(bench: Bench) -> None:
    bench.connect()
    plug(bench)
    bench.session().command(RemoteStart(serial=SERIAL, pile="9" * 14, gun="01", balance_yuan=1.0), bench.now)
    bench.settle()
    assert not told(bench, events.StartCharging)
