"""Overload protection: no phase stays above its limit for longer than the devices need to react."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.living import Life, house_at, lived_in

pytestmark = pytest.mark.slow

EVENING = datetime(2026, 11, 9, 17, tzinfo=UTC)
LIMIT_A = 20
CYCLE_S = 10.0
METER_S = 2.0
LOOK_S = 2.0


def controlled_w(life: Life) -> tuple[float, float, float]:
    """What controlled devices take on each phase: the heater is on the first, the others on all three."""
    taken = life.house._powers
    three = (max(0.0, taken["battery"]) + taken["heat_pump"] + taken["charger"]) / 3.0
    return (three + taken["tank"], three, three)


async def test_an_evening_with_the_car_at_full_power(tmp_path: Path) -> None:
    house = house_at(EVENING, car_soc=0.3)
    allowed_s = CYCLE_S + house.devices.charger.charger.reaction_s + METER_S + LOOK_S
    async with lived_in(house, tmp_path) as life:
        await life.set("PhasePowerLimit", LIMIT_A)
        await life.charge("Normal")
        over_s, longest_s, seen_over = [0.0, 0.0, 0.0], 0.0, 0
        for _ in range(6 * 360):
            await life.loop.cycle()
            if house.devices.charger.soc > 0.9:
                house.devices.charger.soc = 0.3
            for _ in range(int(CYCLE_S / LOOK_S)):
                await life.clock.sleep_until(life.clock.now() + timedelta(seconds=LOOK_S))
                for i, (w, own_w) in enumerate(zip(house.true_phases_w(), controlled_w(life), strict=True)):
                    guilty = w > LIMIT_A * 230.0 >= w - own_w
                    seen_over += guilty
                    over_s[i] = over_s[i] + LOOK_S if guilty else 0.0
                    longest_s = max(longest_s, over_s[i])
        assert longest_s <= allowed_s
        # The evening has tested it: there were loads that made it act.
        assert seen_over > 0
