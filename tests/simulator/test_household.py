"""The recorded household: holes filled, energy kept."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ohmstead.simulator.dataset import household
from ohmstead.simulator.household import (
    HouseholdTexture,
    RecordedPv,
    filled_load_w,
    filled_pv_w,
    issued_pv_forecast_w,
)
from ohmstead.simulator.timeline import HOUSEHOLD_FIRST, household_index

FIRST_DAY = int(HOUSEHOLD_FIRST.timestamp()) // 86400 + 1
WEEK = 7 * 48


def test_holes_take_the_week_before() -> None:
    raw, filled = household().load_w, filled_load_w()
    assert len(filled) == len(raw)
    assert min(filled) > 0.0
    holes = [i for i, v in enumerate(raw) if not v and i >= WEEK]
    assert len(holes) > 200
    assert all(filled[i] == filled[i - WEEK] for i in holes)
    assert all(filled[i] == v for i, v in enumerate(raw) if v)


def test_empty_pv_is_dark_at_night_and_filled_in_daylight() -> None:
    raw, filled = household().pv_w, filled_pv_w()
    assert all(filled[i] == max(0.0, v) for i, v in enumerate(raw) if v is not None)
    midnight = [i for i in range(len(raw)) if (i + 42) % 48 in (0, 1, 2)]  # the data starts at 21:00
    assert all(filled[i] == 0.0 for i in midnight)
    noon_holes = [i for i, v in enumerate(raw) if v is None and (i + 42) % 48 in (22, 23, 24, 25)]
    assert len(noon_holes) > 20
    assert all(filled[i] > 0.0 for i in noon_holes)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 270))
def test_texture_keeps_the_energy_of_each_half_hour(seed: int, offset: int) -> None:
    texture = HouseholdTexture(seed)
    minutes = texture.total.day(FIRST_DAY + offset)
    for k in range(48):
        start_s = ((FIRST_DAY + offset) * 48 + k) * 1800
        part = minutes[30 * k : 30 * k + 30]
        assert sum(part) / 30 == pytest.approx(filled_load_w()[household_index(start_s)], rel=1e-9)
        assert min(part) >= 0.0
        assert max(part) <= 9000.0 + 1e-6
    assert texture.mean_w(FIRST_DAY * 86400.0, FIRST_DAY * 86400.0 + 3600.0) == pytest.approx(
        texture.total.mean(FIRST_DAY * 86400.0, FIRST_DAY * 86400.0 + 3600.0)
    )


def test_minutes_are_livelier_than_half_hours() -> None:
    minutes = HouseholdTexture(1).total.day(FIRST_DAY + 40)
    jumps = sum(abs(b - a) > 150.0 for a, b in pairwise(minutes))
    assert 40 < jumps < 700


def test_phases_share_the_load() -> None:
    texture = HouseholdTexture(1)
    l1, l2 = texture.share_l1.day(FIRST_DAY), texture.share_l2.day(FIRST_DAY)
    assert all(a > 0.0 and b > 0.0 and 1.0 - a - b >= -1e-9 for a, b in zip(l1, l2, strict=True))
    assert len(set(l1)) > 50


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(0, 270))
def test_recorded_pv_keeps_its_energy(seed: int, offset: int) -> None:
    minutes = RecordedPv(seed, 4600.0).potential.day(FIRST_DAY + offset)
    for k in range(48):
        i = household_index(((FIRST_DAY + offset) * 48 + k) * 1800)
        part = minutes[30 * k : 30 * k + 30]
        assert sum(part) / 30 == pytest.approx(filled_pv_w()[i], rel=1e-9, abs=1e-9)
        assert 0.0 <= min(part) <= max(part) <= 4600.0 + 1e-6


def test_issued_forecast_is_the_recorded_one_and_says_when_there_was_none() -> None:
    data = household()
    first_s = HOUSEHOLD_FIRST.timestamp()
    i = next(i for i, v in enumerate(data.pv_forecast_w) if v is not None and v > 1000.0)
    assert issued_pv_forecast_w(first_s + i * 1800, first_s + (i + 1) * 1800) == data.pv_forecast_w[i]
    assert issued_pv_forecast_w(first_s + i * 1800, first_s + i * 1800 + 900) == data.pv_forecast_w[i]
    hole = next(i for i, v in enumerate(data.pv_forecast_w) if v is None and filled_pv_w()[i] > 500.0)
    assert issued_pv_forecast_w(first_s + hole * 1800, first_s + (hole + 1) * 1800) is None
    assert issued_pv_forecast_w(first_s + 4 * 1800, first_s + 5 * 1800) == 0.0
