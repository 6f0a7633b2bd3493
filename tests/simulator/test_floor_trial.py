"""Days in the floor house, measured."""

from __future__ import annotations

import pytest

from ohmstead.simulator.floor_trial import simulate_floors


def test_mild_days_are_comfortable_and_keep_the_rules() -> None:
    ours, plain = simulate_floors(weeks=3 / 7, weather="mild", regulators=("orchestrator", "fixed_turns"))
    assert (ours.regulator, plain.regulator) == ("orchestrator", "fixed_turns")
    assert ours.both_floors_open_s == 0.0
    assert ours.starts_in_off_window == 0
    assert plain.starts_in_off_window > 0, "the plain rule knows no off window"
    assert ours.quota_met_days == 1.0
    assert ours.within_1_0 > 0.85
    assert ours.pump_starts_per_day < min(6.0, plain.pump_starts_per_day)


def test_the_same_seed_gives_the_same_figures() -> None:
    once, again = (
        simulate_floors(weeks=0.1, weather="setback", regulators=("orchestrator",)) for _ in range(2)
    )
    assert once == again


def test_thermostats_alone_open_both_floors_and_stay_warm() -> None:
    ours, alone = simulate_floors(
        weeks=3 / 7, weather="cold", regulators=("orchestrator_all_rooms", "hysteresis")
    )
    assert ours.both_floors_open_s == 0.0
    assert alone.both_floors_open_s > 0.95 * 3 * 86400, "the plant's rule is what comfort costs"
    assert alone.within_0_3 > ours.within_0_3
    assert ours.electric_kwh < alone.electric_kwh


def test_the_pump_s_minutes_are_told_by_what_they_served() -> None:
    (ours,) = simulate_floors(weeks=2 / 7, weather="mild", regulators=("orchestrator",))
    served_h = sum(ours.minutes_per_day.values()) / 60.0
    assert served_h == pytest.approx(ours.pump_hours_per_day), "one floor at a time, or the boiler"
    assert ours.minutes_per_day["GF"] > 60.0
    assert ours.minutes_per_day["FF"] > 60.0


def test_a_simulation_needs_time_and_a_weather() -> None:
    with pytest.raises(ValueError, match="lasts longer"):
        simulate_floors(weeks=0.0)
    with pytest.raises(ValueError, match="weather is one of"):
        simulate_floors(weeks=0.1, weather="tropical")
    with pytest.raises(ValueError, match="allowed: orchestrator"):
        simulate_floors(weeks=0.1, regulators=("pid",))
