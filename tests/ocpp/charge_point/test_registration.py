from __future__ import annotations

from ohmstead.ocpp.charge_point.registration import BootStatus, Registration, heartbeat_interval_s


def test_what_may_be_sent_in_each_status() -> None:
    may = {
        status: tuple(Registration(status=status).may_send(triggered=t) for t in (False, True))
        for status in BootStatus
    }
    assert may == {
        BootStatus.NONE: (False, False),
        BootStatus.ACCEPTED: (True, True),
        BootStatus.PENDING: (False, True),
        BootStatus.REJECTED: (False, False),
    }
    assert not Registration(status=BootStatus.REJECTED).may_answer
    assert Registration().may_answer


def test_an_interval_of_0_or_less_is_replaced() -> None:
    assert Registration.from_answer("Pending", 0, 60.0).interval_s == 60.0
    assert Registration.from_answer("Pending", -5, 60.0).interval_s == 60.0
    assert Registration.from_answer("Accepted", 5, 60.0).interval_s == 5.0


def test_a_heartbeat_a_day_at_least() -> None:
    assert [heartbeat_interval_s(s) for s in (0, -1, 30, 86400, 86401)] == [86400, 86400, 30, 86400, 86400]
