from __future__ import annotations

import asyncio
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from ohmstead.web.view import MAX_PENDING_DECISIONS, Event, Hub, Mailbox
from tests.web.sample import SampleHouse

_HOUSE = SampleHouse()
_STATE = Event(kind="state", payload=_HOUSE.state())
_DECISION = Event(kind="decision", payload=_HOUSE.decisions(1, None)[0])
_PLAN_PAYLOAD = _HOUSE.plan()
assert _PLAN_PAYLOAD is not None
_PLAN = Event(kind="plan", payload=_PLAN_PAYLOAD)


@given(st.lists(st.sampled_from([_STATE, _PLAN, _DECISION]), max_size=600))
def test_a_mailbox_is_bounded_and_keeps_the_latest(events: list[Event]) -> None:
    mailbox = Mailbox()
    for event in events:
        mailbox.put(event)
    taken = mailbox.take()
    kinds = [event.kind for event in taken]
    sent = [event.kind for event in events]
    assert kinds.count("state") == min(1, sent.count("state"))
    assert kinds.count("plan") == min(1, sent.count("plan"))
    assert kinds.count("decision") == min(MAX_PENDING_DECISIONS, sent.count("decision"))
    assert mailbox.take() == []


async def test_a_state_left_for_later_still_waits() -> None:
    mailbox = Mailbox()
    mailbox.put(_STATE)
    assert mailbox.take(with_state=False) == []
    await asyncio.wait_for(mailbox.wait(), 1)
    assert mailbox.take() == [_STATE]


async def test_a_reader_gets_the_newest_state_and_is_forgotten_when_it_leaves() -> None:
    hub = Hub()
    house = SampleHouse()
    events = hub.subscribe()
    first = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    assert hub.readers == 1
    for _ in range(5):
        house.now += timedelta(minutes=1)
        hub.publish(Event(kind="state", payload=house.state()))
    assert (await first).payload == house.state()
    await events.aclose()  # type: ignore[attr-defined]
    assert hub.readers == 0
