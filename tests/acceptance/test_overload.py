"""Overload protection: no phase stays above its limit for longer than the devices need to react."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ohmstead.core.engine import replay
from ohmstead.core.record import CycleRecord
from tests.acceptance.living import Life, house_at, lived_in

pytestmark = pytest.mark.slow

EVENING = datetime(2026, 11, 9, 17, tzinfo=UTC)
LIMIT_A = 20
METER_S = 3.0
"""The twin's meter takes a sample every 2 s and tells it 1 s later."""
LOOK_S = 2.0
"""How often the daemon looks at it, and this test at the house."""


def controlled_w(life: Life) -> tuple[float, float, float]:
    """What controlled devices take on each phase: the heater is on the first, the others on all three."""
    taken = life.house._powers
    three = (max(0.0, taken["battery"]) + taken["heat_pump"] + taken["charger"]) / 3.0
    return (three + taken["tank"], three, three)


class Overloads:
    """How long a phase was over its limit while controlled devices were to blame."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._over_s = [0.0, 0.0, 0.0]
        self.longest_s = 0.0
        self.seen = 0

    async def passed(self, seconds: float) -> None:
        """Simulated time has passed."""
        true_w = self._life.house.true_phases_w()
        for i, (w, own_w) in enumerate(zip(true_w, controlled_w(self._life), strict=True)):
            guilty = w > LIMIT_A * 230.0 >= w - own_w
            self.seen += guilty
            self._over_s[i] = self._over_s[i] + seconds if guilty else 0.0
            self.longest_s = max(self.longest_s, self._over_s[i])


async def test_an_evening_with_the_car_at_full_power(tmp_path: Path) -> None:
    house = house_at(EVENING, car_soc=0.3)
    allowed_s = house.devices.charger.charger.reaction_s + METER_S + LOOK_S
    async with lived_in(house, tmp_path) as life:
        await life.set("PhasePowerLimit", LIMIT_A)
        await life.charge("Normal")
        overloads, told = Overloads(life), Told()
        life.clock._followers = (overloads.passed,)
        life.loop._listeners = (*life.loop._listeners, told)
        for _ in range(6 * 360):
            await life.loop.cycle()
            if house.devices.charger.soc > 0.9:
                house.devices.charger.soc = 0.3
            await life.loop.protection.rest_until(life.engine.next_wakeup(life.clock.now()))
        assert overloads.longest_s <= allowed_s
        # The evening has tested it: there were loads that made it act, and it acted between two cycles.
        assert overloads.seen > 0
        assert told.between
        for record in told.between:
            assert replay(record, house.site, life.engine.settings).setpoints == record.setpoints


class Told:
    """Keeps the records of what was lowered between two cycles."""

    def __init__(self) -> None:
        self.between: list[CycleRecord] = []

    def cycle(self, record: CycleRecord) -> None:
        if record.held is not None:
            self.between.append(record)
