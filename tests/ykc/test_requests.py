from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ohmstead.ykc.layout import Message
from ohmstead.ykc.messages.orders import RemoteStop, RemoteStopResult
from ohmstead.ykc.messages.realtime import Realtime, RealtimeRequest
from ohmstead.ykc.requests import MAX_WAITING, Requests

NOW = datetime(2026, 1, 1, tzinfo=UTC)
P = "1" * 14


class Wire:
    def __init__(self) -> None:
        self.sent: list[Message] = []

    def __call__(self, message: Message) -> bytes:
        self.sent.append(message)
        return len(self.sent).to_bytes(2, "big")


def stop(gun: str) -> RemoteStop:
    return RemoteStop(pile=P, gun=gun)


def stopped(gun: str) -> RemoteStopResult:
    return RemoteStopResult(pile=P, gun=gun, result=1)


def test_one_outstanding_of_a_type_and_gun_others_wait() -> None:
    wire = Wire()
    requests = Requests(wire, 10.0)
    first = requests.ask(stop("01"), NOW)
    requests.ask(stop("01"), NOW)
    requests.ask(stop("02"), NOW)
    requests.ask(RealtimeRequest(pile=P, gun="01"), NOW)
    assert len(wire.sent) == 3
    answered = requests.answered(stopped("01"), b"\x00\x01", NOW)
    assert answered is not None
    assert answered.id == first
    assert len(wire.sent) == 4


def test_a_reply_with_its_own_counter_is_matched_by_what_it_names() -> None:
    requests = Requests(Wire(), 10.0)
    one, two = requests.ask(stop("01"), NOW), requests.ask(stop("02"), NOW)
    second = requests.answered(stopped("02"), b"\x00\x01", NOW)
    first = requests.answered(stopped("01"), b"\xff\xff", NOW)
    assert second is not None
    assert first is not None
    assert (first.id, second.id) == (one, two)
    assert requests.answered(stopped("01"), b"\x00\x01", NOW) is None


def test_an_unasked_report_of_another_gun_answers_nothing() -> None:
    requests = Requests(Wire(), 10.0)
    requests.ask(RealtimeRequest(pile=P, gun="01"), NOW)
    assert requests.answered(Realtime(pile=P, gun="02", status=2, plugged=0), b"\x00\x01", NOW) is None


def test_late_replies_are_given_up_and_the_next_goes_out() -> None:
    wire = Wire()
    requests = Requests(wire, 10.0)
    first = requests.ask(stop("01"), NOW)
    second = requests.ask(stop("01"), NOW)
    assert requests.next_timeout() == NOW + timedelta(seconds=10)
    assert requests.expire(NOW + timedelta(seconds=9)) == []
    assert [r.id for r in requests.expire(NOW + timedelta(seconds=10))] == [first]
    assert len(wire.sent) == 2
    assert requests.drop_all() == [second]
    assert requests.next_timeout() is None


def test_what_waits_is_bounded() -> None:
    requests = Requests(Wire(), 10.0)
    ids = [requests.ask(stop("01"), NOW) for _ in range(MAX_WAITING + 2)]
    assert ids[-1] is None
    assert None not in ids[:-1]
