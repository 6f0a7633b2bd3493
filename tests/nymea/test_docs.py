"""docs/INTERFACE.md is what the server registers."""

from __future__ import annotations

from pathlib import Path

from ohmstead.nymea.docs import document, interface

PAGE = Path(__file__).parents[2] / "docs/INTERFACE.md"

SPECIFIED = {
    "GetChargingInfos",
    "SetChargingInfo",
    "GetChargingSchedules",
    "GetAvailableSpotMarketProviders",
    "GetSpotMarketConfiguration",
    "SetSpotMarketConfiguration",
    "GetSpotMarketScoreEntries",
    "GetPhasePowerLimit",
    "SetPhasePowerLimit",
    "GetAcquisitionTolerance",
    "SetAcquisitionTolerance",
    "GetBatteryLevelConsideration",
    "SetBatteryLevelConsideration",
}
TOLD = {
    "ChargingInfoAdded",
    "ChargingInfoRemoved",
    "ChargingInfoChanged",
    "ChargingSchedulesChanged",
    "SpotMarketConfigurationChanged",
    "SpotMarketScoreEntriesChanged",
    "PhasePowerLimitChanged",
    "AcquisitionToleranceChanged",
    "BatteryLevelConsiderationChanged",
}


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == document(), (
        "run: python -m ohmstead.nymea.docs > docs/INTERFACE.md"
    )


def test_everything_specified_is_there_under_both_names() -> None:
    api = interface()
    for namespace in ("EnergyPlugin", "NymeaEnergy"):
        names = {m.name for m in api.namespaces[namespace].methods}
        assert names == SPECIFIED
        assert {n.name for n in api.namespaces[namespace].notifications} == TOLD
