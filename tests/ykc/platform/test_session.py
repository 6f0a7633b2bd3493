"""The platform's rules for orders, over a wire in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ohmstead.ykc.messages.orders import RemoteStart, RemoteStartResult
from ohmstead.ykc.messages.realtime import Realtime
from ohmstead.ykc.pile.events import StopCharging
from ohmstead.ykc.platform.events import CloseLink, Note, OrderBegan, OrderClosed, Unanswered
from tests.ykc.wire import PILE, SERIAL, Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    made.connect()
    made.act(lambda pile, now: pile.guns["01"].plug(now))
    yield made
    made.close()


def start(bench: Bench) -> None:
    bench.session().start(RemoteStart(serial=SERIAL, pile=PILE, gun="01", balance_yuan=9.0), bench.now)
    bench.settle()


def closed(bench: Bench) -> list[str]:
    return [event.why for event in bench.heard if isinstance(event, OrderClosed)]


def test_silence_closes_the_connection(bench: Bench) -> None:
    bench.filter = lambda data, up: b"" if up else data
    bench.run(34.0)
    assert not any(isinstance(event, CloseLink) for event in bench.heard)
    bench.run(2.0)
    assert CloseLink("nothing heard for 35 s") in bench.heard


def test_an_order_that_does_not_charge_within_90_s_is_closed_and_stopped(bench: Bench) -> None:
    start(bench)
    bench.pile.guns["01"]._timers.clear_all()  # this pile forgets the rule
    bench.run(91.0)
    assert closed(bench) == ["accepted, but nothing came of it within 90 s"]
    assert any(isinstance(event, StopCharging) for event in bench.told)


def test_a_pile_that_charges_an_order_given_up_is_told_to_stop_again(bench: Bench) -> None:
    start(bench)
    bench.pile.guns["01"]._timers.clear_all()
    bench.run(91.0)
    told = len([e for e in bench.heard if isinstance(e, Note) and "given up" in e.words])
    bench.act(lambda pile, now: pile.guns["01"].began(now))
    assert len([e for e in bench.heard if isinstance(e, Note) and "given up" in e.words]) > told
    assert bench.session().open_order("01") is None


def test_two_idle_reports_within_an_order_close_it(bench: Bench) -> None:
    start(bench)
    bench.act(lambda pile, now: pile.guns["01"].began(now))
    assert OrderBegan(SERIAL) in bench.heard
    for _ in range(2):
        bench.act(lambda pile, now: pile.send(Realtime(pile=PILE, gun="01", status=2, plugged=1)))
    assert closed(bench) == ["the pile reports idle while it should charge"]


def test_a_command_without_a_reply_is_told_after_10_s(bench: Bench) -> None:
    bench.filter = lambda data, up: data if up else b""
    start(bench)
    bench.run(11.0)
    assert any(isinstance(event, Unanswered) for event in bench.heard)
    bench.run(50.0)
    assert closed(bench) == ["asked, but nothing came of it within 60 s"]


def test_a_late_acceptance_is_stopped(bench: Bench) -> None:
    bench.filter = lambda data, up: data if up else b""
    start(bench)
    bench.run(61.0)
    bench.filter = lambda data, up: data
    late = RemoteStartResult(serial=SERIAL, pile=PILE, gun="01", result=1)
    bench.act(lambda pile, now: pile.send(late))
    assert any(isinstance(e, Note) and "given up" in e.words for e in bench.heard)


def test_frames_of_another_pile_are_not_taken(bench: Bench) -> None:
    bench.act(lambda pile, now: pile.send(Realtime(pile="9" * 14, gun="01", status=3, plugged=1)))
    assert bench.session().realtime["01"].pile == PILE
    assert any(isinstance(e, Note) and "9" * 14 in e.words for e in bench.heard)


def test_an_order_that_goes_on_over_a_new_connection_is_known(bench: Bench) -> None:
    start(bench)
    bench.act(lambda pile, now: pile.guns["01"].began(now))
    bench.cut()
    bench.connect()
    assert bench.session().open_order("01") == SERIAL
