"""A single-phase car on B and on C under a limit per phase."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.core.site import Phases
from ohmstead.simulator.charger import ChargerSpec
from tests.acceptance.living import house_at, lived_in, powers

EVENING = datetime(2026, 4, 3, 17, tzinfo=UTC)
LIMIT_A = 18


@pytest.mark.parametrize(("line", "phase"), [(0, Phases.L1), (1, Phases.L2), (2, Phases.L3)])
async def test_a_single_phase_car_is_found_and_its_phase_stays_below_the_limit(
    tmp_path: Path, line: int, phase: Phases
) -> None:
    house = house_at(
        EVENING,
        charger=ChargerSpec(phases=1, line=line),
        site={"charger": {"phases": Phases.UNKNOWN}},
        battery_soc=0.1,
    )
    async with lived_in(house, tmp_path) as life:
        await life.set("PhasePowerLimit", LIMIT_A)
        await life.run(timedelta(minutes=3))
        await life.charge("Normal")
        worst_s, over_s = 0.0, 0.0
        end = life.clock.now() + timedelta(minutes=40)
        while life.clock.now() < end:
            await life.loop.cycle()
            for _ in range(10):
                await life.clock.sleep_until(life.clock.now() + timedelta(seconds=1))
                over_s = over_s + 1.0 if house.true_phases_w()[line] > LIMIT_A * 230.0 else 0.0
                worst_s = max(worst_s, over_s)
        found = life.engine.memory.of("charger").phases
        assert found is not None
        assert (found.found, found.from_house) == (phase, True)
        records = await life.run(timedelta(minutes=5))
        assert max(powers(records, "charger")) > 1380.0 * 0.9
        # Cycle, reaction of the station and the meter's delay.
        assert worst_s <= 10.0 + 15.0 + 5.0
