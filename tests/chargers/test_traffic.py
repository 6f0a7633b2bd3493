from __future__ import annotations

from ohmstead.chargers.traffic import Period, Traffic
from ohmstead.ykc.layout import Direction
from ohmstead.ykc.messages.link import Heartbeat, HeartbeatReply
from ohmstead.ykc.messages.realtime import Realtime

P = "1" * 14


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_round_trips_of_ocpp_are_those_of_the_charger() -> None:
    clock = Clock()
    traffic = Traffic(clock)
    observe = traffic.of_ocpp()
    observe("out", '[2,"a","Heartbeat",{}]')
    observe("in", '[2,"b","Reset",{"type":"Soft"}]')
    clock.now_s = 0.25
    observe("out", '[3,"b",{"status":"Accepted"}]')
    observe("in", '[3, "a", {"currentTime":"2026-01-01T00:00:00Z"}]')
    observe("in", "nonsense")
    assert (traffic.sent, traffic.received, traffic.messages) == (2, 3, 5)
    assert traffic.percentile_ms(0.5) == traffic.percentile_ms(0.99) == 250.0


def test_round_trips_of_ykc_are_matched_by_sequence() -> None:
    clock = Clock()
    traffic = Traffic(clock)
    observe = traffic.of_ykc()
    observe(Direction.UP, Heartbeat(pile=P, gun="01", health=0), b"\0\1")
    observe(Direction.UP, Realtime(pile=P, gun="01", status=2, plugged=0), b"\0\2")
    clock.now_s = 0.5
    observe(Direction.DOWN, HeartbeatReply(pile=P, gun="01"), b"\0\2")
    assert traffic.percentile_ms(0.5) is None
    observe(Direction.DOWN, HeartbeatReply(pile=P, gun="01"), b"\0\1")
    assert traffic.percentile_ms(0.5) == 500.0


def test_what_is_never_answered_is_forgotten() -> None:
    traffic = Traffic(Clock())
    observe = traffic.of_ocpp()
    for number in range(10_000):
        observe("out", f'[2,"{number}","Heartbeat",{{}}]')
    observe("in", '[3,"0",{}]')
    assert traffic.percentile_ms(0.5) is None
    observe("in", '[3,"9999",{}]')
    assert traffic.percentile_ms(0.5) == 0.0


def test_a_period_begins_where_the_last_one_ended() -> None:
    clock = Clock()
    traffic = Traffic(clock)
    observe = traffic.of_ocpp()
    for number, trip_s in enumerate((1.0, 3.0, 2.0)):
        observe("out", f'[2,"{number}","Heartbeat",{{}}]')
        clock.now_s += trip_s
        observe("in", f'[3,"{number}",{{}}]')
        if number == 0:
            assert traffic.period() == Period(messages=2, p50_ms=1000.0, p99_ms=1000.0)
    assert traffic.period() == Period(messages=4, p50_ms=3000.0, p99_ms=3000.0)
    assert traffic.period() == Period(messages=0, p50_ms=None, p99_ms=None)
