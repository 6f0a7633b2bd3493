"""What the house takes, and sheds on a lease."""

from __future__ import annotations

from ohmstead.agents.demand import Demand, advance, measure, shed
from ohmstead.agents.storage import LimitedBy


def test_no_more_is_shed_than_is_flexible() -> None:
    house = measure(Demand(), 0.0, critical_w=5000.0, flexible_w=3000.0)
    some, applied = shed(house, 0.0, shed_w=1000.0, valid_for_s=900.0)
    assert (some.power_w, applied.applied_w, applied.limited_by) == (7000.0, 1000.0, None)
    most, applied = shed(house, 0.0, shed_w=4000.0, valid_for_s=900.0)
    assert (most.power_w, applied.applied_w, applied.limited_by) == (
        5000.0,
        3000.0,
        LimitedBy.FLEXIBLE_LOAD,
    )


def test_a_later_measurement_is_shed_too_until_the_lease_ends() -> None:
    house, _ = shed(Demand(flexible_w=500.0), 0.0, shed_w=2000.0, valid_for_s=60.0)
    grown = measure(house, 30.0, flexible_w=2500.0)
    assert (grown.shed_w, grown.power_w) == (2000.0, 500.0)
    assert advance(grown, 59.9).shed_w == 2000.0
    assert advance(grown, 60.0).shed_w == 0.0
    assert measure(grown, 61.0, critical_w=1.0).power_w == 2501.0
