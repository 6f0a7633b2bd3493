"""Steps of a plan and means on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.core.forecast import quarter_start
from ohmstead.planning.grid_of_time import make_steps, mean_on_steps
from ohmstead.planning.request import PlannerSettings

NOW = datetime(2026, 4, 14, 13, 7, 30, tzinfo=UTC)


@given(seconds=st.integers(0, 86400 * 3))
def test_steps_are_whole_quarters_halves_and_hours(seconds: int) -> None:
    now = NOW + timedelta(seconds=seconds)
    steps = make_steps(now, PlannerSettings())
    assert steps.edge(0) == now
    assert 60.0 <= steps.hours[0] * 3600.0 <= 960.0
    assert all(edge % 900.0 == 0.0 for edge in steps.edges_s[1:])
    assert steps.hours[1:].min() >= 0.25 - 1e-9
    assert np.all(steps.hours[-20:] == 1.0)
    assert (steps.edges_s[-1] - now.timestamp()) / 3600.0 == pytest.approx(48.0, abs=1.3)
    assert steps.n < 110


@given(values=st.lists(st.floats(-1e4, 1e4), min_size=200, max_size=220))
def test_means_keep_the_energy(values: list[float]) -> None:
    steps = make_steps(quarter_start(NOW), PlannerSettings())
    array = np.array(values)
    means = mean_on_steps(array, start=quarter_start(NOW), step_s=900.0, steps=steps)
    whole = round(float(steps.hours.sum()) * 4)
    assert float(means @ steps.hours) == pytest.approx(float(array[:whole].sum()) / 4.0, abs=1e-5)


def test_a_short_series_repeats_its_last_day() -> None:
    steps = make_steps(quarter_start(NOW), PlannerSettings())
    day = np.arange(96.0)
    means = mean_on_steps(day, start=quarter_start(NOW), step_s=900.0, steps=steps)
    at_a_day = int(np.flatnonzero(steps.hours_from_now() == 24.0)[0])
    assert means[at_a_day] == pytest.approx(day[:4].mean())
    assert mean_on_steps(np.array([7.0]), start=NOW, step_s=900.0, steps=steps) == pytest.approx(
        [7.0] * steps.n
    )


def test_the_first_value_holds_before_the_series_begins() -> None:
    steps = make_steps(NOW, PlannerSettings())
    means = mean_on_steps(
        np.array([3.0, 5.0] * 200), start=NOW + timedelta(hours=1), step_s=900.0, steps=steps
    )
    assert means[0] == pytest.approx(3.0)
