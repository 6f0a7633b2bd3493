"""Getting a charger to keep a limit, without I/O."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ohmstead.ocpp.central.limit_control import (
    LONGEST_PAUSE_S,
    Action,
    LimitControl,
    LimitMemory,
    Situation,
    Step,
)
from ohmstead.ocpp.central.limit_profile import Abilities, Share, Wiring, power_of, share_of
from ohmstead.ocpp.smart_charging import Purpose, RateUnit

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CONTROL = LimitControl(wiring=Wiring(), abilities=Abilities(), settle_s=20.0)
HERE = Situation(online=True, transaction_id=7)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def told(memory: LimitMemory, now: datetime, situation: Situation = HERE) -> tuple[LimitMemory, Step]:
    """The next step, accepted by the charger."""
    step = CONTROL.next_step(memory, now, situation)
    assert step is not None
    return CONTROL.answered(memory, step, "Accepted", now, situation.transaction_id), step


def test_nothing_is_sent_before_somebody_asks_or_while_the_charger_is_away() -> None:
    assert CONTROL.next_step(LimitMemory(), NOW, HERE) is None
    wanted = CONTROL.want(LimitMemory(), 6900.0)
    assert CONTROL.next_step(wanted, NOW, replace(HERE, online=False)) is None


def test_a_limit_is_sent_once_and_the_newest_wins() -> None:
    memory, step = told(CONTROL.want(LimitMemory(), 6900.0), NOW)
    assert (step.action, step.share.current_a) == (Action.SET, 10.0)
    assert CONTROL.next_step(memory, later(1), HERE) is None
    memory = CONTROL.want(CONTROL.want(memory, 9000.0), 4140.0)
    memory, step = told(memory, later(2))
    assert step.share.current_a == 6.0
    assert memory.settled


def test_a_late_answer_to_an_older_target_does_not_hide_the_newer_one() -> None:
    memory = CONTROL.want(LimitMemory(), 6900.0)
    step = CONTROL.next_step(memory, NOW, HERE)
    assert step is not None
    memory = CONTROL.want(memory, 4140.0)
    memory = CONTROL.answered(memory, step, "Accepted", later(1), 7)
    assert not memory.settled
    _, step = told(memory, later(1))
    assert step.share.current_a == 6.0


def test_pauses_grow_while_nobody_answers_and_a_new_target_is_tried_at_once() -> None:
    memory, now, pauses = CONTROL.want(LimitMemory(), 6900.0), NOW, []
    for _ in range(10):
        step = CONTROL.next_step(memory, now, HERE)
        assert step is not None
        memory = CONTROL.failed(memory, step, "timeout", now, refused=False)
        assert memory.retry_at is not None
        assert CONTROL.next_step(memory, memory.retry_at - timedelta(seconds=0.1), HERE) is None
        pauses.append((memory.retry_at - now).total_seconds())
        now = memory.retry_at
    assert pauses == sorted(pauses)
    assert pauses[-1] == LONGEST_PAUSE_S
    assert CONTROL.next_step(CONTROL.want(memory, 4140.0), later(0), HERE) is not None


def test_taking_less_is_keeping_a_limit_and_taking_more_twice_is_not() -> None:
    memory, _ = told(CONTROL.want(LimitMemory(), 6900.0), NOW)
    tapering = replace(HERE, measured_w=2000.0, measured_at=later(21))
    assert CONTROL.measured(memory, later(21), tapering).judged
    too_soon = replace(HERE, measured_w=11000.0, measured_at=later(19))
    assert CONTROL.measured(memory, later(25), too_soon) == memory
    over = replace(HERE, measured_w=11000.0, measured_at=later(21))
    once = CONTROL.measured(memory, later(21), over)
    assert not once.unruly
    again, step = told(once, later(22))
    assert step.way is not None
    assert step.way.purpose is Purpose.TX_DEFAULT
    twice = CONTROL.measured(again, later(45), replace(over, measured_at=later(44)))
    assert twice.unruly
    assert twice.words == "takes 11000 W although its limit is 10 A"
    assert CONTROL.next_step(twice, later(45), HERE) is None, "it is given a pause"
    assert twice.retry_at is not None
    third, _ = told(twice, twice.retry_at)
    good = replace(HERE, measured_w=6900.0, measured_at=twice.retry_at + timedelta(seconds=21))
    assert not CONTROL.measured(third, twice.retry_at + timedelta(seconds=21), good).unruly


def test_the_schedule_is_asked_for_only_where_nothing_is_measured() -> None:
    memory, _ = told(CONTROL.want(LimitMemory(), 6900.0), NOW)
    assert CONTROL.next_step(memory, later(10), HERE) is None
    step = CONTROL.next_step(memory, later(21), HERE)
    assert step is not None
    assert step.action is Action.CHECK
    measured = replace(HERE, measured_w=6900.0, measured_at=later(5))
    assert CONTROL.next_step(memory, later(21), measured) is None
    assert CONTROL.checked(memory, 6900.0, later(21)).judged
    assert CONTROL.checked(memory, 11040.0, later(21)).ignored == 1
    assert not CONTROL.checked(memory, None, later(21)).checkable


def test_a_tx_profile_is_set_anew_for_each_transaction() -> None:
    control = replace(
        CONTROL, abilities=Abilities(purposes=(Purpose.TX_DEFAULT, Purpose.TX), units=(RateUnit.A,))
    )
    memory = replace(control.want(LimitMemory(), 6900.0), way=1)
    step = control.next_step(memory, NOW, HERE)
    assert step is not None
    assert step.way is not None
    assert step.way.purpose is Purpose.TX
    memory = control.answered(memory, step, "Accepted", NOW, 7)
    assert control.next_step(memory, later(1), replace(HERE, measured_at=later(1))) is None
    assert control.next_step(memory, later(1), replace(HERE, transaction_id=8)) is not None


@given(
    power_w=st.floats(0, 50_000),
    min_a=st.floats(6, 10),
    phases=st.sampled_from([1, 3]),
    switching=st.booleans(),
    whole=st.booleans(),
)
def test_a_limit_is_never_more_than_what_was_asked_for(
    power_w: float, min_a: float, phases: int, switching: bool, whole: bool
) -> None:
    wiring = Wiring(min_a=min_a, max_a=32.0, phases=phases, phase_switching=switching and phases == 3)
    share = share_of(power_w, wiring, whole_amps=whole)
    assert power_of(share, wiring) <= power_w + 0.01
    assert share.current_a == 0 or min_a - 0.01 <= share.current_a <= 32.0
    if whole:
        assert share.current_a == round(share.current_a)


def test_a_setpoint_on_the_edge_is_not_lost_to_rounding() -> None:
    wiring = Wiring()
    for tenths in range(60, 161):
        power_w = 3 * 230.0 * (tenths / 10)
        assert share_of(power_w, wiring) == Share(current_a=tenths / 10, phases=3)
