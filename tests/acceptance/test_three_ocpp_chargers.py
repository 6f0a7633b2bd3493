"""Three chargers on a connection of 3 × 25 A, all through OCPP over the loopback."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ohmstead.core.charging_info import ChargingInfo, ChargingMode
from ohmstead.core.site import Phases
from ohmstead.core.tariff import PriceSlot, Tariff
from ohmstead.ocpp.charge_point.vehicle import SimulatedVehicle
from tests.acceptance.ocpp_yard import Bay, yard

pytestmark = pytest.mark.slow

MORNING = datetime(2026, 6, 3, 5, 0, tzinfo=UTC)
REACTION_S = 30.0
"""Meter 5 s, message, car 3 s, charging point's own step 5 s; a load that is switched on meanwhile."""
IGNORED_TWICE_S = 120.0
"""Two limits and the time that each is given to show in the measurements."""


def day_prices(start: datetime) -> Tariff:
    """Dear at first, cheap around noon."""
    begin = start.replace(minute=0)
    return Tariff(
        name="day",
        slots=[
            PriceSlot(
                start=begin + timedelta(hours=h),
                end=begin + timedelta(hours=h + 1),
                import_eur_per_kwh=0.15 if 5 <= h < 8 else 0.30,
                export_eur_per_kwh=0.06,
            )
            for h in range(48)
        ],
    )


def car(soc: float, *, phases: int = 3) -> SimulatedVehicle:
    return SimulatedVehicle(capacity_kwh=50.0, soc=soc, max_a=16.0, phases=phases)


async def test_deadlines_are_met_and_surplus_is_used_within_the_fuse(tmp_path: Path) -> None:
    bays = (Bay(id="left"), Bay(id="middle"), Bay(id="right", phases=Phases.L2))
    async with yard(MORNING, bays, tmp_path, pv_peak_w=9000.0, seed=3) as world:
        world.engine.set_tariff(day_prices(MORNING))
        deadline = MORNING + timedelta(hours=7)
        for bay, target in (("left", 0.8), ("middle", 0.7)):
            world.engine.set_charging_info(
                ChargingInfo(
                    charge_point=bay,
                    mode=ChargingMode.ECO_WITH_TARGET_TIME,
                    end_at=deadline,
                    target_soc=target,
                )
            )
        world.engine.set_charging_info(ChargingInfo(charge_point="right", mode=ChargingMode.ECO))
        cars = {"left": car(0.4), "middle": car(0.35), "right": car(0.5, phases=1)}
        world.events = [
            (MORNING + timedelta(minutes=5), lambda: world.plug_in("left", cars["left"])),
            (MORNING + timedelta(minutes=50), lambda: world.plug_in("middle", cars["middle"])),
            (MORNING + timedelta(minutes=100), lambda: world.plug_in("right", cars["right"])),
        ]
        await world.run(7.0)
        assert cars["left"].soc is not None
        assert cars["left"].soc >= 0.795
        assert cars["middle"].soc is not None
        assert cars["middle"].soc >= 0.695
        await world.run(2.5)
        assert cars["right"].soc is not None
        assert cars["right"].soc > 0.53, "what the sun left over"
        assert world.export_kwh < 15.0, "surplus is used"
        assert world.longest_over_s <= REACTION_S, f"{world.highest_a:.1f} A for {world.longest_over_s} s"
        sessions = world.central.store.transactions()
        assert {session.identity for session in sessions} == {"left", "middle", "right"}


async def test_a_charger_that_ignores_limits_and_one_that_drops_off_endanger_nobody(tmp_path: Path) -> None:
    bays = (Bay(id="good"), Bay(id="deaf", deaf=True), Bay(id="lost"))
    async with yard(MORNING, bays, tmp_path, pv_peak_w=2000.0, seed=5) as world:
        world.household.largest_w = 300.0
        world.engine.set_tariff(day_prices(MORNING))
        for bay in bays:
            world.engine.set_charging_info(ChargingInfo(charge_point=bay.id, mode=ChargingMode.NORMAL))
        cars = {bay.id: car(0.2) for bay in bays}
        for name in ("deaf", "lost"):
            world.plug_in(name, cars[name])
        await world.run(0.5)
        assert world.power_w("deaf") > 10_000.0, "it takes all that it can"
        before_kwh = world.central.store.transactions(identity="lost")[0].energy_kwh
        world.household.base_w = (4700.0, 300.0, 200.0)  # with 6 A more than the fuse bears
        await world.run(0.1)
        faults = {record.state.assets["deaf"].fault for record in world.records[-72:]}
        assert any(fault and "although its limit is 0 A" in fault for fault in faults), faults
        assert world.power_w("deaf") == 0.0
        ended = world.central.store.transactions(identity="deaf")[0]
        assert ended.reason == "Remote", "it ignored two limits"
        assert world.longest_over_s <= IGNORED_TWICE_S, f"{world.highest_a:.1f} A, {world.longest_over_s} s"
        world.longest_over_s = 0.0
        world.plug_in("good", cars["good"])
        world.household.base_w = (300.0, 250.0, 200.0)
        await world.run(0.5)
        assert world.power_w("good") > 4000.0
        assert world.power_w("lost") > 4000.0
        world.cables["lost"].pull()
        await world.run(0.5)
        assert "lost" in world.loop.senses.failing
        assert world.power_w("lost") > 4000.0, "it goes on with its last limit"
        world.cables["lost"].pulled = False
        await world.run(0.5)
        assert "lost" not in world.loop.senses.failing
        sessions = world.central.store.transactions(identity="lost")
        assert len(sessions) == 1, "the session outlived the cable"
        assert sessions[0].energy_kwh > before_kwh
        assert world.longest_over_s <= REACTION_S, f"{world.highest_a:.1f} A for {world.longest_over_s} s"
