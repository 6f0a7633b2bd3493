"""All workers come to the same picture, in whatever order they hear of it."""

from __future__ import annotations

import itertools

from ohmstead.ocpp.central.store_port import Claim
from ohmstead.ocpp.cluster.owners import Owners
from ohmstead.ocpp.cluster.wire import Owner

HISTORY = (
    Owner(identity="CP1", claim=1, worker="a"),
    Owner(identity="CP1", claim=2, worker="b"),
    Owner(identity="CP1", claim=1, worker=None),
    Owner(identity="CP1", claim=3, worker="a"),
)


def watching(*alive: str) -> Owners:
    owners = Owners("me", lease_s=6.0)
    for worker in alive:
        owners.beat(worker, 0.0)
    return owners


def test_the_newest_claim_counts_in_whatever_order_records_arrive() -> None:
    for order in itertools.permutations(HISTORY):
        owners = watching("a", "b")
        for record in order:
            assert not owners.learn(record)
        assert owners.elsewhere("CP1") == "a"


def test_a_connection_that_ended_stays_ended_when_its_beginning_is_heard_again() -> None:
    for order in itertools.permutations((HISTORY[0], HISTORY[2])):
        owners = watching("a")
        for record in order:
            owners.learn(record)
        assert owners.elsewhere("CP1") is None


def test_a_worker_that_is_silent_for_a_lease_has_no_chargers() -> None:
    owners = watching("a", "b")
    owners.learn(HISTORY[1])
    owners.beat("a", 5.0)
    assert owners.expire(6.0) == []
    assert owners.expire(6.1) == ["CP1"]
    assert owners.expire(6.2) == []
    assert owners.workers() == ["a"]
    assert owners.elsewhere("CP1") is None
    owners.beat("b", 7.0)
    assert owners.elsewhere("CP1") == "b"


def test_a_worker_that_leaves_has_no_chargers_at_once() -> None:
    owners = watching("a", "b")
    owners.learn(HISTORY[1])
    assert owners.expire(0.1, leaving="b") == ["CP1"]
    assert owners.workers() == ["a"]


def test_a_connection_here_ends_where_another_worker_has_a_newer_one() -> None:
    owners = watching("b")
    mine = Claim(number=5, identity="CP1")
    assert owners.joined(mine) == Owner(identity="CP1", claim=5, worker="me")
    assert owners.elsewhere("CP1") is None
    newer = Owner(identity="CP1", claim=6, worker="b")
    assert not owners.learn(newer)
    assert owners.superseded("CP1") == Claim(number=6, identity="CP1")
    owners.left(mine)
    assert owners.superseded("CP1") is None
    assert owners.record("CP1") == newer
    assert owners.elsewhere("CP1") == "b"


def test_an_older_record_of_another_worker_is_to_be_corrected() -> None:
    owners = watching("b")
    owners.joined(Claim(number=7, identity="CP1"))
    for late in (
        Owner(identity="CP1", claim=6, worker="b"),
        Owner(identity="CP1", claim=6, worker=None),
    ):
        assert owners.learn(late)
    assert owners.superseded("CP1") is None
    record = owners.record("CP1")
    assert record is not None
    assert not owners.learn(record)


def test_a_charger_that_comes_back_here_keeps_its_newer_claim_when_the_older_one_ends() -> None:
    owners = watching()
    old, new = Claim(number=1, identity="CP1"), Claim(number=2, identity="CP1")
    owners.joined(old)
    owners.joined(new)
    owners.left(old)
    assert owners.mine == {"CP1": new}
    owners.left(new)
    assert not owners.mine
