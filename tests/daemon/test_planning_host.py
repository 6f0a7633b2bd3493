"""A plan is made and followed only while plans are wanted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ohmstead.core.engine import Engine
from ohmstead.core.memory import Memory
from ohmstead.core.plan import Plan
from ohmstead.core.state import BatteryState, GridState, Reading, SiteState
from ohmstead.daemon.home_outlook import HomeOutlook
from ohmstead.daemon.planning_host import PlanningHost
from ohmstead.daemon.tier import TierFile
from ohmstead.planning.planner import make_plan
from ohmstead.planning.request import PlannerSettings, PlanRequest
from tests.core.world import BATTERY, a_site

NOW = datetime(2026, 6, 10, 10, tzinfo=UTC)


class InThread:
    """Plans in a thread of this process: a process of its own would only take longer to start."""

    async def plan(self, request: PlanRequest) -> Plan:
        return await asyncio.to_thread(make_plan, request)


async def test_the_tier_turns_planning_off_and_on_while_the_home_runs(tmp_path: Path) -> None:
    path = tmp_path / "tier.conf"
    path.write_text("tier = community\n")
    tiers = TierFile(path)
    site = a_site(BATTERY)
    engine = Engine(site)
    outlook = HomeOutlook(
        site=site,
        settings=PlannerSettings(),
        recorder=None,
        tariff=lambda now: None,
        weather=lambda: None,
        memory=Memory,
        learns_from=lambda: tiers.tier.learns_from,
    )
    host = PlanningHost(engine, InThread(), outlook, wanted=lambda: tiers.tier.plans)

    async def cycle(minute: int) -> None:
        now = NOW + timedelta(minutes=minute)
        battery = BatteryState(id="battery", power_w=Reading(value=0.0), soc=Reading(value=0.5))
        engine.observe(
            SiteState(
                at=now,
                grid=GridState(power_w=Reading(value=300.0, at=now)),
                assets={"battery": battery},
            )
        )
        record = engine.step(now)
        tiers.cycle(record)
        host.cycle(record)
        async with asyncio.timeout(60.0):
            await host.idle()

    await cycle(0)
    assert (engine.plan, host.status) == (None, "off")
    path.write_text("tier = auto\n")
    await cycle(2)
    assert host.status == "ok"
    assert engine.plan_slot(NOW + timedelta(minutes=3)) is not None
    path.write_text("tier = community # again\n")
    await cycle(4)
    assert (engine.plan, host.status) == (None, "off")
    path.write_text("tier = predict\n")
    await cycle(6)
    assert host.status == "ok"
