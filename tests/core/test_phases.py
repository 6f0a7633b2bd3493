"""The phases that a vehicle really uses, from metered powers."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from ohmstead.core.engine import replay
from ohmstead.core.memory import ManualCommand
from ohmstead.core.phases import (
    NOTHING,
    PhaseEvidence,
    PhasePowers,
    doubted,
    effective,
    observed,
    without_others,
)
from ohmstead.core.settings import Settings, Tuning
from ohmstead.core.site import ChargePoint, GridConnection, Phases
from ohmstead.core.state import BatteryState, ChargePointState, Reading
from tests.core.world import BATTERY, NOON, Plant, Wire, a_site

ON = {Phases.L1: (1.0, 0.0, 0.0), Phases.L2: (0.0, 1.0, 0.0), Phases.L3: (0.0, 0.0, 1.0)}
THREE = (1 / 3, 1 / 3, 1 / 3)


def look(
    evidence: PhaseEvidence,
    at_s: float,
    power_w: float,
    house: PhasePowers | None = None,
    own: PhasePowers | None = None,
) -> PhaseEvidence:
    return observed(
        evidence,
        now=NOON + timedelta(seconds=at_s),
        power_w=power_w,
        own_phases_w=own,
        house_phases_w=house,
    )


def stepped(
    shares: PhasePowers, *, drift: PhasePowers = (0.0, 0.0, 0.0), gap_s: float = 0.0
) -> PhaseEvidence:
    """What is found when the charger goes from nothing to 3.68 kW while the household drifts."""
    base = (300.0, 900.0, 200.0)
    after = (
        base[0] + 3680.0 * shares[0] + drift[0],
        base[1] + 3680.0 * shares[1] + drift[1],
        base[2] + 3680.0 * shares[2] + drift[2],
    )
    evidence = NOTHING
    for at_s in (0.0, 10.0, 20.0):
        evidence = look(evidence, at_s, 0.0, base)
    for at_s in (30.0, 40.0, 50.0):
        evidence = look(evidence, at_s + gap_s, 3680.0, after)
    return evidence


@pytest.mark.parametrize("phase", list(ON))
def test_the_phase_that_moves_with_the_charger_is_its_own(phase: Phases) -> None:
    assert stepped(ON[phase]).found is phase
    assert stepped(ON[phase], drift=(200.0, -300.0, 400.0)).found is phase


def test_three_phases_that_move_together() -> None:
    assert stepped(THREE).found is Phases.ALL


@pytest.mark.parametrize(
    "evidence",
    [
        stepped(ON[Phases.L2], drift=(2000.0, 0.0, 0.0)),
        stepped(ON[Phases.L2], drift=(0.0, -3000.0, 0.0)),
        stepped((0.5, 0.5, 0.0)),
        stepped(ON[Phases.L2], gap_s=600.0),
        look(look(NOTHING, 0.0, 0.0, (0.0, 0.0, 0.0)), 5.0, 3680.0, (3680.0, 0.0, 0.0)),
    ],
)
def test_what_is_not_clear_stays_unknown(evidence: PhaseEvidence) -> None:
    assert evidence.found is None


def test_the_chargers_own_meter_tells_at_once_but_the_house_knows_its_phases_better() -> None:
    own = look(NOTHING, 0.0, 3680.0, None, (3680.0, 2.0, 1.0))
    assert (own.found, own.from_house) == (Phases.L1, False)
    assert look(NOTHING, 0.0, 3680.0, None, (1840.0, 1840.0, 0.0)).found is None
    assert look(NOTHING, 0.0, 3680.0, None, (1227.0, 1227.0, 1226.0)).found is Phases.ALL
    assert look(NOTHING, 0.0, 100.0, None, (100.0, 0.0, 0.0)).found is None
    house = stepped(ON[Phases.L3])
    assert look(house, 60.0, 3680.0, None, (3680.0, 0.0, 0.0)).found is Phases.L3


def test_an_overload_is_a_doubt_until_it_was_seen_again() -> None:
    found = stepped(ON[Phases.L2])
    once = doubted(found)
    assert (once.found, once.doubted) == (None, True)
    # The charger's own numbering no longer counts; a second look at the house does.
    assert look(once, 60.0, 3680.0, None, (0.0, 3680.0, 0.0)).found is None
    base = (300.0, 900.0, 200.0)
    again = once
    for at_s in (60.0, 75.0, 90.0):
        again = look(again, at_s, 3680.0, (300.0, 4580.0, 200.0))
    for at_s in (100.0, 110.0, 120.0):
        again = look(again, at_s, 0.0, base)
    assert (again.found, again.confirmed) == (Phases.L2, True)
    assert doubted(again) == again


@pytest.mark.parametrize(
    ("wired", "found", "expected"),
    [
        (Phases.UNKNOWN, None, Phases.UNKNOWN),
        (Phases.UNKNOWN, Phases.L3, Phases.L3),
        (Phases.UNKNOWN, Phases.ALL, Phases.UNKNOWN),
        (Phases.ALL, Phases.L2, Phases.L2),
        (Phases.ALL, Phases.ALL, Phases.ALL),
        (Phases.L1, Phases.L2, Phases.L1),
    ],
)
def test_what_limits_may_count_on(wired: Phases, found: Phases | None, expected: Phases) -> None:
    assert effective(wired, PhaseEvidence(found=found)) is expected
    assert effective(wired, None) is wired


def test_what_others_take_is_left_out() -> None:
    house = (1000.0, 2000.0, 3000.0)
    assert without_others(house, None) == house
    assert without_others(house, {Phases.ALL: 300.0, Phases.L3: 500.0}) == (900.0, 1900.0, 2400.0)


# --- in a house that reacts late and is metered late -------------------------------------------


def noisy(seed: int, level_w: float) -> dict[int, PhasePowers]:
    """A household that changes by itself every twenty seconds."""
    dice = random.Random(seed)
    return {
        i: (
            level_w + dice.uniform(0.0, 300.0),
            level_w + dice.uniform(0.0, 300.0),
            level_w + dice.uniform(0.0, 300.0),
        )
        for i in range(200)
    }


@pytest.mark.parametrize("phase", list(ON))
@pytest.mark.parametrize("wired", [Phases.UNKNOWN, Phases.ALL])
def test_a_single_phase_vehicle_is_found_and_bound_by_its_own_phase_only(
    wired: Phases, phase: Phases
) -> None:
    """The next phase is loaded to the limit; only the vehicle's own may throttle it."""
    steps = noisy(seed=1, level_w=200.0)
    full_phase = (list(ON).index(phase) + 1) % 3

    def household(t: float) -> PhasePowers:
        base = list(steps[int(t // 20)])
        if t >= 300:
            base[full_phase] = 4300.0
        return (base[0], base[1], base[2])

    def takes(told_w: float) -> float:
        return min(told_w / (3.0 if wired is Phases.ALL else 1.0), 3680.0)

    plant = Plant(
        site=a_site(ChargePoint(id="car", phases=wired), BATTERY),
        household=household,
        wires={
            "car": Wire(delay_s=6.0, shares=ON[phase], takes=takes),
            "battery": Wire(delay_s=2.0),
        },
        states={"battery": BatteryState(id="battery", soc=Reading(value=0.05))},
        meter_delay_s=3.0,
    )
    plant.engine.tune(Tuning(phase_limit_a=20.5))
    plant.run(60)
    plant.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    plant.run(440)
    evidence = plant.engine.memory.of("car").phases
    assert evidence is not None
    assert evidence.found is phase
    assert min(p["car"] for p in plant.powers_w[400:]) == pytest.approx(3680.0)
    assert plant.longest_over_s(20.5 * 230.0) <= 3 + 6 + 5 + 1
    for record in plant.records[::10]:
        again = replay(record, plant.site, plant.engine.settings)
        assert again.setpoints == record.setpoints


def test_a_three_phase_charger_is_told_three_times_what_one_phase_shall_take() -> None:
    plant = Plant(
        site=a_site(ChargePoint(id="car")),
        household=lambda t: (100.0, 100.0, 100.0) if t < 200 else (-800.0, -800.0, -800.0),
        wires={"car": Wire(delay_s=4.0, shares=ON[Phases.L2], takes=lambda told_w: told_w / 3.0)},
        settings=Settings(surplus_start_s=0.0),
    )
    plant.run(40)
    plant.engine.command(ManualCommand(asset="car", power_w=4140.0, until=NOON + timedelta(seconds=100)))
    plant.run(760)
    # 2.4 kW of sun would not start a three-phase charge; on one phase it is 10 A.
    assert plant.powers_w[-1]["car"] == pytest.approx(2400.0, abs=60.0)
    assert plant.records[-1].setpoints[0].told_w == pytest.approx(3.0 * 2400.0, abs=180.0)


def test_the_next_vehicle_may_use_more_phases() -> None:
    plant = Plant(
        site=a_site(ChargePoint(id="car")),
        household=lambda t: (100.0, 100.0, 100.0),
        wires={"car": Wire(shares=ON[Phases.L2], takes=lambda told_w: told_w / 3.0)},
    )
    plant.engine.command(ManualCommand(asset="car", power_w=11_040.0))
    plant.run(100)
    assert plant.engine.memory.of("car").phases is not None
    plant.states["car"] = ChargePointState(id="car", connected=False)
    plant.run(10)
    assert plant.engine.memory.of("car").phases is None


def test_a_wrong_finding_does_not_keep_a_phase_overloaded() -> None:
    """Somebody swaps the cable: what was found on L2 is on L1 now."""
    plant = Plant(
        site=a_site(ChargePoint(id="car", phases=Phases.UNKNOWN), grid=GridConnection(fuse_a=20.0)),
        household=lambda t: (1500.0, 300.0, 300.0),
        wires={"car": Wire(delay_s=4.0, shares=ON[Phases.L1])},
        meter_delay_s=2.0,
    )
    plant.engine.memory.of("car").phases = PhaseEvidence(found=Phases.L2, from_house=True)
    plant.engine.command(ManualCommand(asset="car", power_w=3680.0))
    plant.run(300)
    assert plant.longest_over_s(20.0 * 230.0) <= 2 + 4 + 2 * 5 + 1
    evidence = plant.engine.memory.of("car").phases
    assert evidence is not None
    assert evidence.found is not Phases.L2
