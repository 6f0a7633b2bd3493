"""Admissible powers: narrowing and nearest powers, with their laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.core.bounds import EPSILON_W, Bounds, Span
from ohmstead.core.reason import Limit

CAR = Bounds(spans=((0.0, 0.0), (1380.0, 3680.0), (4140.0, 11_040.0)))
STAGES = Bounds(spans=((0.0, 0.0), (1000.0, 1000.0), (2000.0, 2000.0)))
BATTERY = Bounds(spans=((-5000.0, 5000.0),))


@pytest.mark.parametrize(
    ("bounds", "asked_w", "at_most_w", "at_least_w"),
    [
        (CAR, -1.0, None, 0.0),
        (CAR, 0.0, 0.0, 0.0),
        (CAR, 1000.0, 0.0, 1380.0),
        (CAR, 1380.0, 1380.0, 1380.0),
        (CAR, 2000.0, 2000.0, 2000.0),
        (CAR, 4000.0, 3680.0, 4140.0),
        (CAR, 20_000.0, 11_040.0, None),
        (STAGES, 1999.0, 1000.0, 2000.0),
        (STAGES, 2000.0, 2000.0, 2000.0),
        (BATTERY, -7000.0, None, -5000.0),
        (BATTERY, -3000.0, -3000.0, -3000.0),
    ],
)
def test_the_nearest_power_below_and_above(
    bounds: Bounds, asked_w: float, at_most_w: float | None, at_least_w: float | None
) -> None:
    assert bounds.at_most(asked_w) == at_most_w
    assert bounds.at_least(asked_w) == at_least_w


@pytest.mark.parametrize(
    ("low_w", "high_w", "spans"),
    [
        (None, 3900.0, ((0.0, 0.0), (1380.0, 3680.0))),
        (None, 1000.0, ((0.0, 0.0),)),
        (4140.0, None, ((4140.0, 11_040.0),)),
        (1.0, 4140.0, ((1380.0, 3680.0), (4140.0, 4140.0))),
        (None, -1.0, None),
        (3700.0, 4100.0, None),
        (-9.0, 99_999.0, CAR.spans),
    ],
)
def test_narrowing_keeps_what_is_left_of_each_span(
    low_w: float | None, high_w: float | None, spans: tuple[Span, ...] | None
) -> None:
    narrowed = CAR.narrowed(low_w=low_w, high_w=high_w, by=Limit.FUSE_L1)
    assert (None if narrowed is None else narrowed.spans) == spans


def test_each_side_remembers_who_cut_it_last() -> None:
    first = BATTERY.narrowed(high_w=3000.0, by=Limit.FULL)
    assert first is not None
    second = first.narrowed(low_w=0.0, high_w=4000.0, by=Limit.RESERVE)
    assert second is not None
    assert (second.low_by, second.high_by) == (Limit.RESERVE, Limit.FULL)


def test_rest_is_the_power_nearest_to_nothing() -> None:
    assert CAR.rest_w == BATTERY.rest_w == STAGES.rest_w == 0.0
    assert Bounds(spans=((1380.0, 3680.0), (4140.0, 11_040.0))).rest_w == 1380.0
    assert Bounds(spans=((-5000.0, -200.0),)).rest_w == -200.0
    assert Bounds(spans=((-5000.0, -200.0), (100.0, 300.0))).rest_w == 100.0


def test_a_set_without_any_power_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        Bounds(spans=())


watts = st.floats(min_value=-20_000.0, max_value=20_000.0)


@st.composite
def sets_of_powers(draw: st.DrawFn) -> Bounds:
    edges = sorted(draw(st.lists(watts, min_size=2, max_size=8, unique=True)))
    if len(edges) % 2:
        edges.pop()
    return Bounds(spans=tuple(zip(edges[::2], edges[1::2], strict=True)))


@given(sets_of_powers(), watts, watts, watts)
def test_narrowing_never_admits_more(bounds: Bounds, low_w: float, high_w: float, power_w: float) -> None:
    narrowed = bounds.narrowed(low_w=low_w, high_w=high_w, by=Limit.CIRCUIT)
    if narrowed is None:
        for edge_w in (e for span in bounds.spans for e in span):
            assert not low_w + EPSILON_W < edge_w < high_w - EPSILON_W
        return
    assert narrowed.spans == tuple(sorted(narrowed.spans))
    if narrowed.admits(power_w):
        assert bounds.admits(power_w)
        assert low_w - 2 * EPSILON_W <= power_w <= high_w + 2 * EPSILON_W


@given(sets_of_powers(), watts)
def test_the_nearest_powers_are_admissible_and_nothing_lies_between(bounds: Bounds, power_w: float) -> None:
    below, above = bounds.at_most(power_w), bounds.at_least(power_w)
    assert below is not None or above is not None
    for near in (below, above):
        if near is not None:
            assert bounds.admits(near)
    if below is not None and above is not None and not bounds.admits(power_w):
        assert below - 2 * EPSILON_W <= power_w <= above + 2 * EPSILON_W
        between = (below + above) / 2
        assert not bounds.admits(between) or above - below <= 2 * EPSILON_W


@given(sets_of_powers())
def test_rest_is_admissible_and_nothing_is_nearer_to_zero(bounds: Bounds) -> None:
    assert bounds.admits(bounds.rest_w)
    assert all(abs(bounds.rest_w) <= abs(e) for span in bounds.spans for e in span)
