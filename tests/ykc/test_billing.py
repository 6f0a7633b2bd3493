from __future__ import annotations

import itertools
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.ykc.billing import HALF_HOURS, Tariff, flat_tariff, quantised_tariff
from ohmstead.ykc.messages.link import Model


def price_at(tariff: Tariff, half_hour: int) -> float:
    wall = datetime(2026, 1, 1, half_hour // 2, half_hour % 2 * 30)  # noqa: DTZ001
    return tariff.prices.totals_per_kwh[tariff.class_at(wall)]


def test_four_prices_are_kept_exactly() -> None:
    prices = [(0.31, 0.55, 0.9, 1.4)[i // 3 % 4] for i in range(HALF_HOURS)]
    tariff = quantised_tariff("0007", prices, service_per_kwh=0.1)
    assert [round(price_at(tariff, i) - 0.1, 5) for i in range(HALF_HOURS)] == prices


def test_a_flat_tariff_is_flat() -> None:
    tariff = flat_tariff("0100", 0.5, 0.2)
    assert {round(price_at(tariff, i), 5) for i in range(HALF_HOURS)} == {0.7}


def test_frames_carry_it_both_ways() -> None:
    tariff = flat_tariff("0100", 0.5)
    frame = tariff.message("1" * 14)
    assert Tariff.of(Model.from_bytes(frame.to_bytes())) == tariff
    assert Tariff.of(tariff.push("1" * 14)) == tariff


def test_an_unknown_class_counts_as_flat() -> None:
    frame = Model(pile="1" * 14, model="0100", prices=flat_tariff("1", 1.0).prices, half_hours=(9,) * 48)
    assert Tariff.of(frame).class_at(datetime(2026, 1, 1)) == 2  # noqa: DTZ001


def test_a_day_has_48_half_hours() -> None:
    with pytest.raises(ValueError, match="47 prices"):
        quantised_tariff("0100", [0.1] * 47)


@given(st.lists(st.floats(-0.2, 2.0).map(lambda x: round(x, 4)), min_size=48, max_size=48))
def test_the_mean_of_the_day_is_kept(prices: list[float]) -> None:
    tariff = quantised_tariff("0100", prices)
    told = sum(price_at(tariff, i) for i in range(HALF_HOURS))
    assert told == pytest.approx(sum(max(0.0, p) for p in prices), abs=1e-3)


@given(st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_no_cut_into_four_is_nearer(values: list[int]) -> None:
    prices = [float(value) for value in values for _ in range(3)] + [5.0 + i / 7 for i in range(36)]
    tariff = quantised_tariff("0100", prices)
    found = sum((price_at(tariff, i) - prices[i]) ** 2 for i in range(HALF_HOURS))
    ordered = sorted(prices)

    def spread(cuts: tuple[int, ...]) -> float:
        total = 0.0
        for start, end in itertools.pairwise((0, *cuts, HALF_HOURS)):
            group = ordered[start:end]
            mean = sum(group) / len(group)
            total += sum((price - mean) ** 2 for price in group)
        return total

    assert found <= min(spread(cuts) for cuts in itertools.combinations(range(4, 44, 4), 3)) + 1e-6
