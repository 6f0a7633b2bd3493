"""Scripts that use up everything, among hundreds of chargers that go on; in virtual time."""

from __future__ import annotations

import asyncio
import resource
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ohmstead.chargers.fleet import Fleet, FleetPlan
from ohmstead.chargers.protocol import ProtocolName
from ohmstead.chargers.scenario import Scenario
from ohmstead.chargers.virtual_time import LoopClock, run_virtually
from ohmstead.chargers.ykc_central import own_platform

MANY = 500
BAD_AT_S, HEARTBEAT_S = 90.0, 10.0
MOST_GROWTH_BYTES = 128 << 20
HOSTILE = {
    "88000000000001": ("while (true) {}", "used up its time"),
    "88000000000100": ("new Array(1e9).fill(1);", "out of memory"),
    "88000000000250": ("(function f() { return f() + 1; })();", "call stack"),
    "88000000000500": ("/(a+)+$/.test('a'.repeat(50) + 'b');", "used up its time"),
}
GOOD = """
  const bay = state.connectors[0];
  if (!state.registered) return [];
  if (!bay.plugged) return [{do: "plug_in", vehicle: {soc: 0.1, capacity_kwh: 100, reaction_s: 0}}];
  if (!bay.in_order) return [{do: "start", id_tag: "AB12"}];
  return [];
}
"""


def program() -> str:
    """All do the same, until some of them turn bad."""
    bad = "".join(
        f"  if (state.id === '{charger}' && state.t_s > {BAD_AT_S}) {{ {code} }}\n"
        for charger, (code, _) in HOSTILE.items()
    )
    return f"function step(state) {{\n{bad}{GOOD}"


def most_memory_bytes() -> int:
    """The most that this process ever had."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


@pytest.mark.slow
def test_hostile_scripts_are_stopped_while_all_others_go_on(tmp_path: Path) -> None:
    script = tmp_path / "mixed.js"
    script.write_text(program())

    async def main() -> None:
        scenario = Scenario(name="scripts", spread_s=5.0, step_s=10.0)
        clock = LoopClock(scenario.start)
        plan = FleetPlan(count=MANY, url="", protocol=ProtocolName.YKC, scenario=scenario, script=script)
        async with own_platform(plan.ids(), clock) as platform:
            fleet = Fleet(replace(plan, url=platform.url), clock)
            async with fleet.running():
                await asyncio.sleep(BAD_AT_S - 1.0)
                assert fleet.script_errors == {}
                energy_kwh = {one: fleet.chargers[one].connectors()[0].energy_kwh for one in fleet.chargers}
                assert all(kwh > 0.0 for kwh in energy_kwh.values())
                memory_bytes = most_memory_bytes()
                await asyncio.sleep(3.0)

                assert fleet.script_errors.keys() == HOSTILE.keys()
                for charger, (_, words) in HOSTILE.items():
                    assert words in fleet.script_errors[charger]
                    assert "mixed.js:" in fleet.script_errors[charger]
                assert most_memory_bytes() - memory_bytes < MOST_GROWTH_BYTES

                said = fleet.traffic.sent
                await asyncio.sleep(6.0 * HEARTBEAT_S)
                assert fleet.traffic.sent - said >= 5 * MANY
                assert fleet.registered == MANY
                # whoever lost its script charges on, as a charger does
                assert all(
                    fleet.chargers[one].connectors()[0].energy_kwh > kwh for one, kwh in energy_kwh.items()
                )
                assert fleet.script_errors.keys() == HOSTILE.keys()

    run_virtually(main())
