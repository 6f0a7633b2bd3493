from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ohmstead.ykc.messages.orders import TransactionRecord
from ohmstead.ykc.pile.delivery import LATER_S, REPEAT_S, Delivery

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def bill(number: int) -> TransactionRecord:
    return TransactionRecord(
        serial=f"{number:032d}",
        pile="1" * 14,
        gun="01",
        started=None,
        ended=None,
        meter_start_kwh=0.0,
        meter_end_kwh=0.0,
        energy_kwh=0.0,
        energy_with_loss_kwh=0.0,
        amount_yuan=0.0,
        started_by=1,
        time=None,
        stop_reason=0x40,
    )


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_one_at_a_time_oldest_first() -> None:
    delivery = Delivery()
    for number in (3, 1, 2):
        delivery.add(bill(number))
    delivery.add(bill(1))
    assert len(delivery) == 3
    for number in (3, 1, 2):
        due = delivery.due(NOW)
        assert due == bill(number)
        assert delivery.due(NOW) is None
        assert delivery.confirmed(bill(number).serial)
    assert not delivery.confirmed(bill(3).serial)
    assert delivery.due(NOW) is None
    assert delivery.next_timeout() is None


def test_one_that_is_never_confirmed_does_not_keep_back_the_next() -> None:
    delivery = Delivery()
    delivery.add(bill(1))
    delivery.add(bill(2))
    sent = [delivery.due(at(i * REPEAT_S)) for i in range(5)]
    assert sent == [bill(1)] * 4 + [bill(2)]
    delivery.confirmed(bill(2).serial)
    assert delivery.next_timeout() == at(4 * REPEAT_S + LATER_S - REPEAT_S)


def test_a_new_connection_begins_again_with_the_oldest() -> None:
    delivery = Delivery()
    delivery.add(bill(1))
    delivery.add(bill(2))
    for i in range(5):
        delivery.due(at(i * REPEAT_S))
    delivery.restart()
    assert delivery.due(at(5 * REPEAT_S)) == bill(1)
