"""Both ends, fed with frames that are well-formed and mean anything at all."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest

from ohmstead.errors import DataError
from ohmstead.ykc.frame import MAX_BODY_SIZE, Frame, encode
from ohmstead.ykc.layout import REGISTRY, Direction, Message
from ohmstead.ykc.messages.orders import RemoteStart, RemoteStop
from ohmstead.ykc.messages.realtime import RealtimeRequest
from ohmstead.ykc.pile.events import StartCharging, StopCharging
from ohmstead.ykc.pile.facts import PileFacts
from ohmstead.ykc.pile.session import Pile
from ohmstead.ykc.platform.events import StartAsked
from ohmstead.ykc.platform.session import PlatformSession
from tests.ykc.wire import ENTRY, PILE, START

ROUNDS = 50_000


def frames(rng: random.Random, direction: Direction, serials: list[str]) -> Iterator[bytes]:
    """Frames of every type of one direction, most of them addressed right."""
    classes = [cls for cls in REGISTRY.values() if cls.DIRECTION is direction]
    for _ in range(ROUNDS):
        cls = rng.choice(classes)
        size = cls.LAYOUT.size + (rng.randint(0, 60) if cls.LAYOUT.rest else 0)
        body = bytes(size) if rng.random() < 0.3 else rng.randbytes(min(size, MAX_BODY_SIZE))
        with suppress(DataError):  # a list that is longer than its bytes goes out as it is
            body = addressed(cls.from_bytes(body), rng, serials).to_bytes()
        data = encode(Frame(rng.randbytes(2), cls.TYPE, body))
        if rng.random() < 0.05:
            data = data[: rng.randrange(len(data))] + rng.randbytes(rng.randint(0, 5))
        yield data


def addressed(message: Message, rng: random.Random, serials: list[str]) -> Message:
    changes: dict[str, object] = {}
    names = message.LAYOUT.names
    if "pile" in names and rng.random() < 0.95:
        changes["pile"] = PILE
    if "gun" in names and rng.random() < 0.95:
        changes["gun"] = rng.choice(("01", "02"))
    if "serial" in names and serials and rng.random() < 0.7:
        changes["serial"] = rng.choice(serials)
    for name in ("result", "status", "plugged", "reason"):
        if name in names and rng.random() < 0.7:
            changes[name] = rng.randint(0, 3)
    if "work" in names and rng.random() < 0.9:
        changes |= {"work": 0, "max_power_percent": rng.randint(20, 110)}
    values = {name: getattr(message, name) for name in names}
    return type(message)(**(values | changes))


@pytest.mark.slow
def test_a_pile_takes_whatever_a_platform_sends() -> None:
    rng = random.Random(5)
    pile = Pile(PileFacts(number=PILE, guns=2, parking_locks=True))
    now = START
    pile.opened(now)
    starts = sent = 0
    for data in frames(rng, Direction.DOWN, ["1" * 32, "2" * 32]):
        now += timedelta(seconds=rng.choice((0.0, 0.1, 20.0)))
        pile.receive(data, now)
        pile.expire(now)
        if rng.random() < 0.05:
            gun = rng.choice(list(pile.guns.values()))
            rng.choice((gun.plug, gun.unplug, gun.began))(now)
        for event in pile.events():
            starts += isinstance(event, StartCharging)
            if isinstance(event, StopCharging):
                pile.guns[event.gun].ended(event.reason, now)
        sent += len(pile.take())
        if rng.random() < 0.001:
            pile.closed()
            pile.opened(now)
    assert starts > 10
    assert sent > 100_000


@pytest.mark.slow
def test_a_platform_takes_whatever_a_pile_sends() -> None:
    rng = random.Random(6)
    now = START
    session = PlatformSession(lambda pile: ENTRY if pile == PILE else None, now)
    sent = asked = 0
    for data in frames(rng, Direction.UP, ["1" * 32, "2" * 32]):
        now += timedelta(seconds=rng.choice((0.0, 0.1, 20.0)))
        session.receive(data, now)
        session.expire(now)
        for event in session.events():
            if isinstance(event, StartAsked):
                asked += 1
                session.allow_start(event, "1" * 32, now, card="0" * 16, balance_yuan=1.0)
        if session.login is not None and rng.random() < 0.05:
            start = RemoteStart(serial="2" * 32, pile=PILE, gun="01", balance_yuan=1.0)
            session.start(start, now)
            session.command(RemoteStop(pile=PILE, gun="02"), now)
            session.command(RealtimeRequest(pile=PILE, gun="01"), now)
        sent += len(session.take())
    assert asked > 100
    assert sent > 100_000
