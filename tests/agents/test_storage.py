"""A storage with a command on a lease."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.agents.storage import (
    LimitedBy,
    Mode,
    Storage,
    StorageFacts,
    advance,
    control,
    flow,
    measure,
)
from ohmstead.errors import DataError, DeviceError

FACTS = StorageFacts(
    capacity_kwh=10.0, max_charge_w=5000.0, max_discharge_w=4000.0, reserve_kwh=1.0, efficiency=0.9
)
HALF = Storage(facts=FACTS, energy_kwh=5.0, at_s=0.0)


def told(storage: Storage, mode: Mode, power_w: float, valid_for_s: float = 900.0) -> Storage:
    return control(storage, storage.at_s, mode=mode, power_w=power_w, valid_for_s=valid_for_s)[0]


@pytest.mark.parametrize(
    ("mode", "power_w", "after_s", "expected_kwh"),
    [
        (Mode.CHARGE, 2000.0, 900.0, 5.0 + 0.5 * 0.9),
        (Mode.DISCHARGE, 1800.0, 900.0, 5.0 - 0.45 / 0.9),
        (Mode.IDLE, 0.0, 900.0, 5.0),
        (Mode.CHARGE, 9000.0, 360.0, 5.0 + 0.5 * 0.9),
        (Mode.DISCHARGE, 9000.0, 450.0, 5.0 - 0.5 / 0.9),
    ],
)
def test_energy_follows_the_command_with_losses_and_within_limits(
    mode: Mode, power_w: float, after_s: float, expected_kwh: float
) -> None:
    assert advance(told(HALF, mode, power_w), after_s).energy_kwh == pytest.approx(expected_kwh)


def test_a_command_ends_with_its_lease() -> None:
    storage = told(HALF, Mode.CHARGE, 3600.0, valid_for_s=100.0)
    before, after, later = (advance(storage, s) for s in (99.9, 100.0, 5000.0))
    assert flow(before).applied_w == 3600.0
    assert (after.command, flow(after).applied_w) == (None, 0.0)
    assert after.energy_kwh == later.energy_kwh == pytest.approx(5.0 + 0.1 * 0.9)


@pytest.mark.parametrize(
    ("mode", "end_kwh", "limit"),
    [(Mode.CHARGE, 10.0, LimitedBy.FULL), (Mode.DISCHARGE, 1.0, LimitedBy.RESERVE)],
)
def test_it_stops_by_itself(mode: Mode, end_kwh: float, limit: LimitedBy) -> None:
    done = advance(told(HALF, mode, 4000.0, valid_for_s=86400.0), 80000.0)
    assert done.energy_kwh == end_kwh
    assert (flow(done).applied_w, flow(done).limited_by) == (0.0, limit)


def test_below_its_reserve_it_neither_gives_nor_jumps_up() -> None:
    low = replace(HALF, energy_kwh=0.4)
    after = advance(told(low, Mode.DISCHARGE, 1000.0), 600.0)
    assert after.energy_kwh == 0.4


@pytest.mark.parametrize(
    ("storage", "mode", "power_w", "applied_w", "limit"),
    [
        (HALF, Mode.CHARGE, 3000.0, 3000.0, None),
        (HALF, Mode.CHARGE, 7000.0, 5000.0, LimitedBy.MAX_CHARGE),
        (HALF, Mode.DISCHARGE, 7000.0, 4000.0, LimitedBy.MAX_DISCHARGE),
        (replace(HALF, energy_kwh=10.0), Mode.CHARGE, 1.0, 0.0, LimitedBy.FULL),
        (replace(HALF, energy_kwh=1.0), Mode.DISCHARGE, 1.0, 0.0, LimitedBy.RESERVE),
        (
            replace(HALF, facts=replace(FACTS, bidirectional=False)),
            Mode.DISCHARGE,
            500.0,
            0.0,
            LimitedBy.NOT_BIDIRECTIONAL,
        ),
        (replace(HALF, energy_kwh=10.0), Mode.CHARGE, 0.0, 0.0, None),
        (HALF, Mode.IDLE, 2000.0, 0.0, None),
    ],
)
def test_what_is_applied_and_what_limits_it(
    storage: Storage, mode: Mode, power_w: float, applied_w: float, limit: LimitedBy | None
) -> None:
    _, applied = control(storage, 0.0, mode=mode, power_w=power_w, valid_for_s=900.0)
    assert (applied.requested_w, applied.applied_w, applied.limited_by) == (power_w, applied_w, limit)


def test_unplugging_ends_the_command_and_nothing_is_commanded_then() -> None:
    away = measure(told(HALF, Mode.CHARGE, 1000.0), 0.0, facts=FACTS, connected=False)
    assert (away.command, away.energy_kwh) == (None, 5.0)
    with pytest.raises(DeviceError, match="no vehicle is connected"):
        control(away, 0.0, mode=Mode.IDLE, power_w=0.0, valid_for_s=900.0)
    back = measure(away, 10.0, facts=FACTS, energy_kwh=3.0, connected=True)
    assert (back.connected, back.energy_kwh) == (True, 3.0)


@pytest.mark.parametrize(
    ("energy_kwh", "facts", "words"),
    [
        (10.5, FACTS, r"state_of_charge_kwh: found 10\.5, allowed: 0 to 10 \(capacity_kwh\)"),
        (None, replace(FACTS, capacity_kwh=4.0), r"state_of_charge_kwh: found 5, allowed: 0 to 4"),
        (2.0, replace(FACTS, reserve_kwh=11.0), r"reserve_kwh: found 11, allowed: 0 to 10"),
    ],
)
def test_more_than_the_capacity_is_refused(energy_kwh: float | None, facts: StorageFacts, words: str) -> None:
    with pytest.raises(DataError, match=words):
        measure(HALF, 1.0, facts=facts, energy_kwh=energy_kwh)


def test_a_clock_that_stands_still_moves_nothing() -> None:
    storage = told(HALF, Mode.CHARGE, 5000.0)
    assert advance(storage, 0.0) is storage


@given(
    mode=st.sampled_from(Mode),
    power_w=st.floats(0, 20_000),
    start_kwh=st.floats(0, 10),
    valid_for_s=st.floats(1, 86_400),
    steps_s=st.lists(st.floats(0, 20_000), min_size=1, max_size=8),
)
def test_how_often_it_is_looked_at_changes_nothing_and_bounds_hold(
    mode: Mode, power_w: float, start_kwh: float, valid_for_s: float, steps_s: list[float]
) -> None:
    start = told(replace(HALF, energy_kwh=start_kwh), mode, power_w, valid_for_s)
    stepped = start
    for step_s in steps_s:
        stepped = advance(stepped, stepped.at_s + step_s)
        assert 0.0 <= stepped.energy_kwh <= 10.0
    once = advance(start, stepped.at_s)
    assert once.energy_kwh == pytest.approx(stepped.energy_kwh, abs=1e-9)
    assert (once.command is None) == (stepped.command is None)
    most_kwh = max(FACTS.max_charge_w, FACTS.max_discharge_w / 0.9) * math.fsum(steps_s) / 3.6e6
    assert abs(once.energy_kwh - start_kwh) <= most_kwh + 1e-9
