from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ohmstead.ocpp.charge_point.memory import Memory
from ohmstead.ocpp.charge_point.reservation import Reservation
from ohmstead.ocpp.charge_point.reservation_expiry import ReservationExpiry
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.charge_point.store import Store
from ohmstead.ocpp.clock import VirtualClock

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def reservation(number: int, *, hours: float) -> Reservation:
    return Reservation(
        reservation_id=number, connector_id=1, id_tag="A", expires_at=NOON + timedelta(hours=hours)
    )


async def test_each_is_forgotten_at_its_time_and_is_off_the_disk_then() -> None:
    store, clock, told = Store(), VirtualClock(NOON), list[int]()
    settings = ChargePointSettings(url="ws://127.0.0.1:1/ocpp", identity="CP1")
    memory = Memory(store, settings)
    expiry = ReservationExpiry(memory, clock, clock.now, lambda: told.append(len(memory.reservations)))
    try:
        for one in (reservation(1, hours=2), reservation(2, hours=1), reservation(3, hours=-1)):
            memory.reservations[one.reservation_id] = one
        expiry.arm()
        assert set(memory.reservations) == {1, 2}
        await clock.advance(3599)
        assert set(memory.reservations) == {1, 2}
        await clock.advance(1)
        assert set(memory.reservations) == {1}
        assert set(Memory(store, settings).reservations) == {1}
        expiry.stop()
        await clock.advance(7200)
        assert set(memory.reservations) == {1}
        expiry.arm()
        assert not memory.reservations
        assert clock.next_alarm_s() is None
        assert told == [2, 1, 0]
    finally:
        store.close()
