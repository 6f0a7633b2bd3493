"""SG-Ready states and the times that protect a heat pump."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.core.sg_ready import SgReady, SgReadyMemory, next_state, wish_of
from ohmstead.core.site import HeatPump
from tests.core.world import NOON

WATCHED = HeatPump(id="pump", min_w=600.0, max_w=2600.0, rooms=("living",))
BLOCKED, NORMAL, RECOMMENDED, FORCED = SgReady


def played(*wishes: tuple[float, SgReady]) -> list[SgReady]:
    """The states after wishes at seconds after the start."""
    memory, out = SgReadyMemory(), []
    for at_s, wish in wishes:
        memory = next_state(memory, wish, NOON + timedelta(seconds=at_s))
        out.append(memory.state)
    return out


@pytest.mark.parametrize(
    ("power_w", "state"),
    [(0.0, BLOCKED), (600.0, NORMAL), (1599.0, NORMAL), (1600.0, RECOMMENDED), (2600.0, FORCED)],
)
def test_what_a_power_stands_for(power_w: float, state: SgReady) -> None:
    assert wish_of(WATCHED, power_w) is state


def test_a_pump_that_nobody_watches_is_not_blocked() -> None:
    assert wish_of(HeatPump(id="pump"), 0.0) is NORMAL


def test_the_contacts_of_the_label() -> None:
    assert [s.contacts for s in SgReady] == [(True, False), (False, False), (False, True), (True, True)]


def test_a_block_ends_after_two_hours_and_does_not_begin_again_at_once() -> None:
    wishes = [
        (0, BLOCKED),
        (7199, BLOCKED),
        (7200, BLOCKED),
        (7210, BLOCKED),
        (14_399, BLOCKED),
        (14_400, BLOCKED),
    ]
    assert played(*wishes) == [BLOCKED, BLOCKED, NORMAL, NORMAL, NORMAL, BLOCKED]


def test_no_more_than_three_blocks_a_day() -> None:
    wishes = [(h * 3600.0, BLOCKED if h % 5 == 0 else NORMAL) for h in range(25)]
    states = played(*wishes)
    assert [h for h, s in enumerate(states) if s is BLOCKED] == [0, 5, 10]


def test_a_boost_is_held_and_the_next_one_waits() -> None:
    wishes = [(0, FORCED), (300, NORMAL), (600, NORMAL), (700, FORCED), (1799, FORCED), (1800, RECOMMENDED)]
    assert played(*wishes) == [FORCED, FORCED, NORMAL, NORMAL, NORMAL, RECOMMENDED]


def test_a_block_ends_a_boost_at_once() -> None:
    assert played((0, FORCED), (60, BLOCKED)) == [FORCED, BLOCKED]


@given(st.lists(st.tuples(st.integers(1, 3600), st.sampled_from(list(SgReady))), max_size=120))
def test_whatever_is_wished_no_block_lasts_longer_and_no_boost_is_shorter(
    steps: list[tuple[int, SgReady]],
) -> None:
    memory, at = SgReadyMemory(), NOON
    history: list[tuple[SgReady, float]] = []
    for wait_s, wish in steps:
        for _ in range(max(1, wait_s // 60)):
            at += timedelta(seconds=60)
            before, memory = memory, next_state(memory, wish, at)
            if before.state is not memory.state and before.since is not None:
                history.append((before.state, (at - before.since).total_seconds()))
                if before.state.boosts and memory.state is NORMAL and wish is NORMAL:
                    assert (at - before.since).total_seconds() >= 600.0
    assert all(length_s <= 7200.0 for state, length_s in history if state is BLOCKED)
