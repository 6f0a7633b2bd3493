"""Days in the floor house, measured."""

from __future__ import annotations

import pytest

from ohmstead.simulator.floor_trial import simulate_floors


def test_mild_days_are_comfortable_and_keep_the_rules() -> None:
    ours, plain = simulate_floors(weeks=3 / 7, weather="mild")
    assert (ours.regulator, plain.regulator) == ("orchestrator", "fixed_turns")
    assert ours.both_floors_open_s == 0.0
    assert ours.starts_in_off_window == 0
    assert plain.starts_in_off_window > 0, "the plain rule knows no off window"
    assert ours.quota_met_days == 1.0
    assert ours.within_1_0 > 0.85
    assert ours.pump_starts_per_day < min(6.0, plain.pump_starts_per_day)


def test_the_same_seed_gives_the_same_figures() -> None:
    assert simulate_floors(weeks=0.1, weather="setback") == simulate_floors(weeks=0.1, weather="setback")


def test_a_simulation_needs_time_and_a_weather() -> None:
    with pytest.raises(ValueError, match="lasts longer"):
        simulate_floors(weeks=0.0)
    with pytest.raises(ValueError, match="weather is one of"):
        simulate_floors(weeks=0.1, weather="tropical")
