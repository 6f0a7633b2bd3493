"""Fleets against central systems over real sockets, most of them in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ohmstead.chargers.fleet import Fleet, FleetPlan, Summary
from ohmstead.chargers.mapping import Status
from ohmstead.chargers.protocol import ProtocolName
from ohmstead.chargers.scenario import Scenario, Starts, StartSettings, load_scenario, parse_scenario
from ohmstead.chargers.virtual_time import LoopClock, run_virtually
from ohmstead.chargers.ykc_central import own_platform
from ohmstead.errors import ConfigError
from ohmstead.ocpp.central.settings import CentralSettings, UnknownChargers
from ohmstead.ocpp.central.store import Store
from ohmstead.ocpp.central.system import CentralSystem

QUICK = parse_scenario(
    "name: quick\nspread_s: 1\nvisits: {after_s: [1, 5], stays_s: [600, 900]}\n"
    "vehicles: {capacity_kwh: [20, 30], soc: [0.2, 0.3]}\nstarts: {after_s: [1, 3]}",
    "quick",
)


def virtual(
    scenario: Scenario, count: int, duration_s: float, *, script: Path | None = None, seed: int = 1
) -> tuple[Summary, list[tuple[str, float]], dict[str, str]]:
    """A YunKuaiChong fleet and its platform; the summary, the bills as (serial, kWh), the scripts' errors."""

    async def main() -> tuple[Summary, list[tuple[str, float]], dict[str, str]]:
        clock = LoopClock(scenario.start)
        plan = FleetPlan(
            count=count, url="", protocol=ProtocolName.YKC, scenario=scenario, script=script, seed=seed
        )
        remote = scenario.starts.by.value == "remote"
        async with own_platform(plan.ids(), clock, remote_start=remote) as platform:
            fleet = Fleet(replace(plan, url=platform.url), clock)
            summary = await fleet.run(duration_s)
            bills = [(bill.serial, bill.energy_kwh) for bill in platform.bills.bills()]
            return summary, bills, fleet.script_errors

    return run_virtually(main())


def test_an_hour_of_cars_is_billed_to_the_last_watt_hour() -> None:
    summary, bills, _ = virtual(QUICK, 5, 3600.0)
    assert (summary.chargers, summary.boots, summary.orders, summary.errors) == (5, 5, 5, 0)
    assert len(bills) == 5
    assert summary.energy_kwh > 5.0
    assert sum(kwh for _, kwh in bills) == pytest.approx(summary.energy_kwh, abs=0.002)


def test_the_same_seed_gives_the_same_day() -> None:
    first, bills, _ = virtual(load_scenario("flaky-network"), 4, 3600.0)
    again, bills_again, _ = virtual(load_scenario("flaky-network"), 4, 3600.0)
    other, other_bills, _ = virtual(load_scenario("flaky-network"), 4, 3600.0, seed=2)
    assert (first, bills) == (again, bills_again)
    assert bills != other_bills
    assert first.boots > 4
    assert other.chargers == 4


def test_bills_are_complete_after_cuts_of_line_and_power() -> None:
    summary, bills, _ = virtual(load_scenario("flaky-network"), 6, 7200.0)
    assert summary.orders > 6
    assert len({serial for serial, _ in bills}) == len(bills)
    assert sum(kwh for _, kwh in bills) <= summary.energy_kwh + 0.002
    assert sum(kwh for _, kwh in bills) > 0.5 * summary.energy_kwh


def test_the_platform_may_start_what_is_plugged_in() -> None:
    scenario = QUICK.model_copy(update={"starts": StartSettings(by=Starts.REMOTE)})
    summary, bills, _ = virtual(scenario, 3, 3600.0)
    assert summary.orders == len(bills) == 3


@pytest.mark.slow
def test_a_depot_lives_through_24_hours() -> None:
    summary, bills, _ = virtual(load_scenario("depot-night"), 4, 86_400.0)
    assert summary.seconds == pytest.approx(86_400.0)
    assert summary.orders == len(bills) == 4
    assert sum(kwh for _, kwh in bills) == pytest.approx(summary.energy_kwh, abs=0.01)


def test_a_script_drives_each_charger(tmp_path: Path) -> None:
    script = tmp_path / "day.js"
    script.write_text(
        """
        let plugged = false, stopped = false;
        function step(state) {
          const gun = state.connectors[0];
          if (!plugged && state.registered) { plugged = true; return [{do: "plug_in", vehicle: {soc: 0.5}}]; }
          if (plugged && !stopped && !gun.in_order) return [{do: "start", id_tag: "AB12"}];
          if (gun.energy_kwh > 1 && gun.in_order) { stopped = true; return [{do: "stop"}]; }
          if (stopped && gun.plugged) return [{do: "unplug"}];
        }
        """
    )
    summary, bills, errors = virtual(QUICK, 3, 1800.0, script=script)
    assert errors == {}
    assert summary.orders == 3
    assert [round(kwh, 1) for _, kwh in bills] == [1.0] * 3


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("function step() { while (true) {} }", "used up its time"),
        ("function step() { return [{do: 'explode'}]; }", "action 'explode', allowed: plug_in"),
        (
            "function step() { return [{do: 'plug_in', connector: 7}]; }",
            "allowed: 1 to 1",
        ),
        ("function step() { return [{do: 'stop', reason: 'Because'}]; }", "allowed: Local, Remote"),
        ("let x = ;", "SyntaxError"),
    ],
)
def test_a_bad_script_stops_alone(code: str, words: str, tmp_path: Path) -> None:
    """Its charger stays connected, and so do the others."""
    script = tmp_path / "bad.js"
    script.write_text(code)
    summary, _, errors = virtual(QUICK, 2, 60.0, script=script)
    assert len(errors) == summary.scripts_stopped == 2
    assert all(words in error for error in errors.values())
    assert all(error.startswith(str(script)) for error in errors.values())
    assert summary.boots == 2
    assert summary.errors == 0


def test_one_hostile_script_among_many(tmp_path: Path) -> None:
    script = tmp_path / "mixed.js"
    script.write_text(
        "function step(state) {\n"
        "  if (state.id.endsWith('7')) { const a = []; for (;;) a.push(new Array(1e6).fill(1)); }\n"
        "  if (!state.connectors[0].plugged) return [{do: 'plug_in'}];\n"
        "}\n"
    )
    summary, _, errors = virtual(QUICK, 20, 60.0, script=script)
    assert [charger[-1] for charger in sorted(errors)] == ["7", "7"]
    assert all("mixed.js:2: " in error for error in errors.values())
    assert summary.boots == 20


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"count": 0}, "count: found 0"),
        ({"url": "ws://127.0.0.1:1"}, "tcp://host:port"),
        ({"protocol": ProtocolName.OCPP16, "url": "tcp://127.0.0.1:1"}, "ws://host:port/path"),
        ({"id_prefix": "ABC"}, "1 to 8 digits"),
        ({"script": Path("/nowhere.js")}, "cannot be read"),
    ],
)
async def test_what_cannot_run_is_said_before(changes: dict[str, object], words: str) -> None:
    plan = FleetPlan(count=1, url="tcp://127.0.0.1:1", protocol=ProtocolName.YKC, scenario=QUICK)
    with pytest.raises(ConfigError, match=words):
        Fleet(replace(plan, **changes), LoopClock(datetime.now(UTC)))  # type: ignore[arg-type]


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60.0):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another room
            await asyncio.sleep(0.02)


async def test_ocpp_chargers_charge_at_our_central_system(tmp_path: Path) -> None:
    scenario = parse_scenario(
        "name: now\nspread_s: 0.2\nvisits: {after_s: [0, 0.2], stays_s: [600, 600]}\n"
        "vehicles: {reaction_s: [0, 0]}\nstarts: {after_s: [0.5, 1]}",
        "now",
    )
    settings = CentralSettings(port=0, unknown_chargers=UnknownChargers.ACCEPT, database=tmp_path / "ocpp.db")
    store = Store.open(settings.database)
    try:
        async with CentralSystem(settings, store) as central:
            plan = FleetPlan(count=5, url=central.url, protocol=ProtocolName.OCPP16, scenario=scenario)
            fleet = Fleet(plan, LoopClock(datetime.now(UTC)))
            async with fleet.running():
                await until(lambda: fleet.registered == 5)
                await until(lambda: fleet.statuses()[Status.CHARGING] == 5)
                await until(lambda: len(store.running("SIM-00001", 1)) == 1)
                summary = fleet.summary()
            assert (summary.boots, summary.orders, summary.errors) == (5, 5, 0)
            assert summary.p50_ms is not None
            assert set(central.chargers) == {f"SIM-{n:05d}" for n in range(1, 6)}
    finally:
        store.close()
