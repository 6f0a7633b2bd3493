"""Generation above the export limit, or where export costs money."""

from __future__ import annotations

import pytest

from ohmstead.core.reason import Rule
from ohmstead.core.site import GridConnection, PvSystem
from ohmstead.core.state import PvState, Reading
from tests.core.world import PV, Bench, Why, a_site, prices, why

FREE = Why(-10_000, Rule.ALLOWED)


def sun(power_w: float | None) -> PvState:
    return PvState(id="pv", power_w=Reading(value=power_w))


def test_what_is_exported_too_much_is_taken_off_and_given_back() -> None:
    bench = Bench(a_site(PV, grid=GridConnection(max_export_w=5000.0)))
    for at_s, load_w, sun_w, expected in [
        (0, 500.0, -5400.0, FREE),
        (10, 500.0, -8000.0, Why(-5500, Rule.CURTAIL)),
        (15, 500.0, -7000.0, Why(-5500, Rule.CURTAIL)),
        (30, 500.0, -5500.0, Why(-5500, Rule.CURTAIL)),
        (50, 2500.0, -5500.0, Why(-7500, Rule.CURTAIL)),
        (70, 6000.0, -7500.0, FREE),
    ]:
        assert why(bench.cycle(at_s, load_w, pv=sun(sun_w))["pv"]) == expected, at_s


@pytest.mark.parametrize(
    ("export", "expected"), [(-0.01, Why(-1000, Rule.CURTAIL)), (0.0, FREE), (0.05, FREE)]
)
def test_where_export_costs_money_only_what_is_used_is_generated(export: float, expected: Why) -> None:
    bench = Bench(a_site(PV), tariff=prices(0.1, export=export))
    assert why(bench.cycle(0, 1000.0, pv=sun(-4000.0))["pv"]) == expected


def test_a_generator_without_a_reading_keeps_its_limit() -> None:
    bench = Bench(a_site(PV, grid=GridConnection(max_export_w=5000.0)))
    assert why(bench.cycle(0, 500.0, pv=sun(-8000.0))["pv"]) == Why(-5500, Rule.CURTAIL)
    assert why(bench.cycle(60, -6000.0, pv=sun(None))["pv"]) == Why(-4500, Rule.CURTAIL)


def test_what_cannot_be_curtailed_is_not_told_anything() -> None:
    bench = Bench(a_site(PvSystem(id="pv", peak_w=10_000.0), grid=GridConnection(max_export_w=5000.0)))
    assert bench.cycle(0, 500.0, pv=sun(-8000.0)) == {}
