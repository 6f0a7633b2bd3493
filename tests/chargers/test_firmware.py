"""A firmware campaign of the central system, in virtual time."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import replace

from ohmstead.chargers.firmware import campaign
from ohmstead.chargers.fleet import Fleet, FleetPlan, Summary
from ohmstead.chargers.ocpp_central import own_central
from ohmstead.chargers.protocol import ProtocolName
from ohmstead.chargers.scenario import Scenario, UpdateSettings, VisitSettings
from ohmstead.chargers.virtual_time import LoopClock, run_virtually

DONE = ["Downloading", "Downloaded", "Installing", "BootNotification 2.0", "Installed"]
NOT_FETCHED = ["Downloading", "DownloadFailed"]
NOT_INSTALLED = ["Downloading", "Downloaded", "Installing", "InstallationFailed"]
CAMPAIGN = Scenario(
    name="campaign",
    spread_s=1.0,
    visits=VisitSettings(share=0.0),
    updates=UpdateSettings(
        location="https://firmware.example/2.0.bin",
        after_s=(60.0, 3600.0),
        download_fails=0.3,
        install_fails=0.3,
    ),
)


def run(scenario: Scenario, count: int, duration_s: float) -> tuple[Summary, dict[str, list[str]], list[str]]:
    """A campaign; the summary, what each charger told of it, and when the central system asked."""
    written = io.StringIO()

    async def main() -> Summary:
        clock = LoopClock(scenario.start)
        plan = FleetPlan(
            count=count, url="", protocol=ProtocolName.OCPP16, scenario=scenario, messages=written
        )
        async with own_central(clock, 100) as central:
            fleet = Fleet(replace(plan, url=central.url), clock)
            assert scenario.updates is not None
            async with campaign(central, plan.ids(), scenario.updates, clock, plan.seed):
                return await fleet.run(duration_s)

    summary = run_virtually(main())
    told: dict[str, list[str]] = {}
    asked = []
    for line in written.getvalue().splitlines():
        at, charger, way, text = line.split(" ", 3)
        match json.loads(text):
            case [2, _, "UpdateFirmware", _]:
                assert way == "in"
                asked.append(at)
            case [2, _, "FirmwareStatusNotification", payload]:
                told.setdefault(charger, []).append(payload["status"])
            case [2, _, "BootNotification", payload] if charger in told:
                told[charger].append(f"BootNotification {version_of(payload)}")
    return summary, told, asked


def version_of(boot: Mapping[str, str]) -> str:
    return boot["firmwareVersion"]


def test_chargers_are_updated_one_after_the_other_and_some_fail() -> None:
    summary, told, asked = run(CAMPAIGN, 30, 7200.0)
    assert len(told) == len(asked) == 30
    assert len(set(asked)) == 30
    for story in (DONE, NOT_FETCHED, NOT_INSTALLED):
        assert story in told.values()
    assert all(found in (DONE, NOT_FETCHED, NOT_INSTALLED) for found in told.values())
    assert summary.boots == 30 + sum(found == DONE for found in told.values())


def test_an_update_waits_until_nobody_charges() -> None:
    scenario = CAMPAIGN.model_copy(
        update={
            "visits": VisitSettings(after_s=(0.0, 1.0), stays_s=(7200.0, 7200.0)),
            "updates": UpdateSettings(after_s=(600.0, 600.0)),
        }
    )
    _, told, _ = run(scenario, 2, 7000.0)
    assert list(told.values()) == [["Downloading", "Downloaded"]] * 2
    _, told, _ = run(scenario, 2, 9000.0)
    assert [found[-1] for found in told.values()] == ["Installed"] * 2


def test_what_failed_once_is_fetched_again_where_the_central_system_allows_it() -> None:
    updates = UpdateSettings(after_s=(60.0, 60.0), download_fails=0.5, retries=10)
    _, told, _ = run(CAMPAIGN.model_copy(update={"updates": updates}), 10, 3600.0)
    assert [found[-1] for found in told.values()] == ["Installed"] * 10


def test_who_is_not_there_is_asked_when_it_is_back() -> None:
    scenario = CAMPAIGN.model_copy(update={"spread_s": 1800.0, "updates": UpdateSettings(after_s=(1.0, 1.0))})
    _, told, _ = run(scenario, 5, 7200.0)
    assert [found[-1] for found in told.values()] == ["Installed"] * 5
