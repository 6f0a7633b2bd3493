"""Ranges by unit, and what was probably meant."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ohmstead.daemon.config.units import BY_FIELD, BY_SUFFIX, complaint, quantity_of

QUANTITIES = [quantity for _, quantity in BY_SUFFIX] + list(BY_FIELD.values())


@pytest.mark.parametrize(
    ("field", "unit"),
    [
        ("max_w", "W"),
        ("loss_w_per_k", "W/K"),
        ("capacity_kwh", "kWh"),
        ("eur_per_kwh", "EUR/kWh"),
        ("import_eur_per_kwh", "EUR/kWh"),
        ("heat_capacity_kwh_per_k", "kWh/K"),
        ("min_on_s", "s"),
        ("frost_c", "°C"),
    ],
)
def test_the_longest_suffix_tells_the_unit(field: str, unit: str) -> None:
    quantity = quantity_of("Anything", field)
    assert quantity is not None
    assert quantity.unit == unit


def test_a_name_without_a_unit_has_no_range() -> None:
    assert quantity_of("Anything", "number") is None


@given(
    quantity=st.sampled_from(QUANTITIES),
    value=st.floats() | st.integers() | st.text() | st.booleans() | st.none(),
)
def test_only_finite_numbers_in_range_pass(quantity: object, value: object) -> None:
    from ohmstead.daemon.config.units import Quantity

    assert isinstance(quantity, Quantity)
    if complaint(value, quantity) is None:
        assert isinstance(value, int | float)
        assert not isinstance(value, bool)
        assert math.isfinite(value)
        assert quantity.low <= value <= quantity.high


@given(quantity=st.sampled_from(QUANTITIES), value=st.floats(-1e6, 1e6))
def test_what_is_suggested_is_allowed(quantity: object, value: float) -> None:
    from ohmstead.daemon.config.units import Quantity

    assert isinstance(quantity, Quantity)
    wrong = complaint(value, quantity)
    if wrong is not None and "did you mean" in wrong:
        meant = float(wrong.rpartition("did you mean ")[2].rstrip("?"))
        slack = 1e-5 * max(1.0, abs(meant))
        assert quantity.low - slack <= meant <= quantity.high + slack
