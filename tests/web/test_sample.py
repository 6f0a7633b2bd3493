from __future__ import annotations

import pytest

from ohmstead.web.schema import PlanPayload
from tests.web.sample import NOW, SampleHouse


def test_the_grid_is_the_sum_of_the_assets() -> None:
    powers = SampleHouse(NOW).state().powers_w
    others = [watts for name, watts in powers.items() if name != "grid"]
    assert None not in others
    assert powers["grid"] == pytest.approx(sum(w for w in others if w is not None))


def test_every_planned_slot_balances() -> None:
    plan = SampleHouse(NOW).plan()
    assert isinstance(plan, PlanPayload)
    assert len(plan.slots) == 192
    for slot in plan.slots:
        planned = sum(asset.power_w for asset in slot.assets.values())
        assert slot.grid_w == pytest.approx(slot.pv_w + slot.load_w + planned, abs=1e-9)
