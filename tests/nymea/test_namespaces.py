"""Every method on a home, through a socket: results fit what introspection says of them."""

from __future__ import annotations

from typing import Any

import pytest

from ohmstead.nymea.api import Api, Namespace, Notification
from ohmstead.nymea.identity import id_of
from ohmstead.nymea.namespaces.notices import notices
from ohmstead.nymea.schema import Schema
from ohmstead.nymea.server import NymeaServer
from ohmstead.nymea.site_events import (
    AcquisitionToleranceChanged,
    BatteryLevelConsiderationChanged,
    ChargingInfoChanged,
    ChargingInfoRemoved,
    ChargingSchedulesChanged,
    EventTriggered,
    PhasePowerLimitChanged,
    PowerBalanceChanged,
    PowerBalanceLogged,
    RootMeterChanged,
    ScoresChanged,
    SiteEvent,
    SpotMarketChanged,
    StateChanged,
    ThingChanged,
    ThingPowerLogged,
    ThingRemoved,
)
from ohmstead.nymea.site_values import SampleRate, StateValue
from tests.nymea.sample_home import CAR, CHARGER, CHARGER_CLASS, METER, METER_CLASS, NOW, PROVIDER, SampleHome
from tests.nymea.serving import IDENTITY, Client, greeted, serving

UNKNOWN = id_of("thing", "unknown")
POWER = CHARGER_CLASS.named("power").id
CURRENT = CHARGER_CLASS.named("maxChargingCurrent").id
PHASES = CHARGER_CLASS.named("desiredPhaseCount").id
END = int(NOW.timestamp()) + 86400

CALLS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("Integrations.GetThings", {"thingId": UNKNOWN}, {"thingError": "ThingErrorThingNotFound"}),
    ("Integrations.GetThingClasses", {"vendorId": UNKNOWN}, {"thingClasses": []}),
    (
        "Integrations.GetThingClasses",
        {"thingClassIds": [UNKNOWN]},
        {"thingError": "ThingErrorThingClassNotFound"},
    ),
    ("Integrations.GetVendors", {}, {}),
    ("Integrations.GetPlugins", {}, {}),
    ("Integrations.GetStateTypes", {"thingClassId": METER_CLASS.id}, {}),
    ("Integrations.GetActionTypes", {"thingClassId": UNKNOWN}, {"actionTypes": []}),
    ("Integrations.GetEventTypes", {"thingClassId": CHARGER_CLASS.id}, {"eventTypes": []}),
    (
        "Integrations.GetStateValue",
        {"thingId": METER, "stateTypeId": METER_CLASS.named("currentPower").id},
        {"thingError": "ThingErrorNoError", "value": 1200.0},
    ),
    (
        "Integrations.GetStateValue",
        {"thingId": METER, "stateTypeId": POWER},
        {"thingError": "ThingErrorStateTypeNotFound"},
    ),
    (
        "Integrations.GetStateValue",
        {"thingId": UNKNOWN, "stateTypeId": POWER},
        {"thingError": "ThingErrorThingNotFound"},
    ),
    ("Integrations.GetStateValues", {"thingId": CHARGER}, {"thingError": "ThingErrorNoError"}),
    ("Integrations.GetStateValues", {"thingId": UNKNOWN}, {"thingError": "ThingErrorThingNotFound"}),
    ("Energy.GetRootMeter", {}, {"rootMeterThingId": METER}),
    ("Energy.SetRootMeter", {"rootMeterThingId": METER}, {"energyError": "EnergyErrorNoError"}),
    ("Energy.SetRootMeter", {"rootMeterThingId": CHARGER}, {"energyError": "EnergyErrorInvalidParameter"}),
    ("Energy.GetPowerBalance", {}, {"currentPowerAcquisition": 1200.0, "totalAcquisition": 3.5}),
    (
        "Energy.GetPowerBalanceLogs",
        {"sampleRate": "SampleRate1Min", "from": 0, "to": 2**63},
        {},
    ),
    (
        "Energy.GetPowerBalanceLogs",
        {"sampleRate": "SampleRate1Min", "to": 5},
        {"powerBalanceLogEntries": []},
    ),
    ("Energy.GetThingPowerLogs", {"sampleRate": "SampleRate15Mins", "includeCurrent": True}, {}),
    ("EnergyPlugin.GetChargingInfos", {"evChargerId": UNKNOWN}, {"chargingInfos": []}),
    ("EnergyPlugin.GetChargingSchedules", {}, {}),
    ("EnergyPlugin.GetAvailableSpotMarketProviders", {}, {}),
    ("EnergyPlugin.GetSpotMarketConfiguration", {}, {"enabled": False, "available": True}),
    (
        "EnergyPlugin.SetSpotMarketConfiguration",
        {"enabled": True, "providerId": PROVIDER},
        {"energyError": "EnergyErrorNoError"},
    ),
    (
        "EnergyPlugin.SetSpotMarketConfiguration",
        {"enabled": True, "providerId": UNKNOWN},
        {"energyError": "EnergyErrorInvalidParameter"},
    ),
    ("EnergyPlugin.GetSpotMarketScoreEntries", {"date": END}, {}),
    ("EnergyPlugin.GetAcquisitionTolerance", {}, {"acquisitionTolerance": 0.5}),
    (
        "EnergyPlugin.SetAcquisitionTolerance",
        {"acquisitionTolerance": 1.5},
        {"energyError": "EnergyErrorInvalidParameter"},
    ),
    ("EnergyPlugin.GetBatteryLevelConsideration", {}, {"batteryLevelConsideration": 0.9}),
    (
        "EnergyPlugin.SetBatteryLevelConsideration",
        {"batteryLevelConsideration": -0.1},
        {"energyError": "EnergyErrorInvalidParameter"},
    ),
]


async def checked(
    client: Client, schema: Schema, api: Api, name: str, params: dict[str, Any]
) -> dict[str, Any]:
    result = await client.call(name, params)
    method = api.method(name)
    assert method is not None
    schema.check(result, method.returns)
    return result


@pytest.mark.parametrize(("name", "params", "wanted"), CALLS)
async def test_a_call_answers_as_its_definition_says(
    name: str, params: dict[str, Any], wanted: dict[str, Any]
) -> None:
    async with serving() as it, greeted(it.port) as client:
        result = await checked(client, it.server.api.schema, it.server.api, name, params)
        assert result.items() >= wanted.items()
        if name.startswith("EnergyPlugin."):
            other = name.replace("EnergyPlugin.", "NymeaEnergy.")
            assert await client.call(other, params) == result


async def test_introspection_describes_what_is_served() -> None:
    async with serving() as it, greeted(it.port) as client:
        found = await checked(client, it.server.api.schema, it.server.api, "JSONRPC.Introspect", {})
        assert found["methods"]["EnergyPlugin.SetPhasePowerLimit"] == {
            "description": found["methods"]["NymeaEnergy.SetPhasePowerLimit"]["description"],
            "params": {"phasePowerLimit": "Uint"},
            "permissionScope": "PermissionScopeAdmin",
            "returns": {"energyError": "$ref:EnergyError"},
        }
        assert found["flags"]["PermissionScopes"] == ["$ref:PermissionScope"]
        assert found["types"]["Things"] == ["$ref:Thing"]
        hello = await checked(client, it.server.api.schema, it.server.api, "JSONRPC.Hello", {})
        assert {h["method"] for h in hello["cacheHashes"]} == {
            "Integrations.GetVendors",
            "Integrations.GetPlugins",
            "Integrations.GetThingClasses",
        }


@pytest.mark.parametrize(
    ("action", "params", "error", "state"),
    [
        (POWER, [{"paramTypeId": POWER, "value": True}], "NoError", ("power", True)),
        (POWER, [{"value": True}], "NoError", ("power", True)),
        (POWER, [{"value": 1}], "InvalidParameter", ("power", False)),
        (POWER, [], "MissingParameter", ("power", False)),
        (POWER, [{"paramTypeId": CURRENT, "value": True}], "InvalidParameter", ("power", False)),
        (CURRENT, [{"value": 16}], "NoError", ("maxChargingCurrent", 16)),
        (CURRENT, [{"value": 40}], "InvalidParameter", ("maxChargingCurrent", 6.0)),
        (CURRENT, [{"value": 5.9}], "InvalidParameter", ("maxChargingCurrent", 6.0)),
        (PHASES, [{"value": 1}], "NoError", ("desiredPhaseCount", 1)),
        (PHASES, [{"value": 2}], "InvalidParameter", ("desiredPhaseCount", 3)),
        (UNKNOWN, [], "ActionTypeNotFound", ("power", False)),
    ],
)
async def test_actions_are_checked_before_the_home_sees_them(
    action: str, params: list[dict[str, Any]], error: str, state: tuple[str, Any]
) -> None:
    async with serving() as it, greeted(it.port) as client:
        asked = {"thingId": CHARGER, "actionTypeId": action, "params": params}
        result = await client.call("Integrations.ExecuteAction", asked)
        assert result == {"thingError": f"ThingError{error}"}
        assert it.home.states[CHARGER][state[0]] == state[1]


async def test_an_action_without_parameters_tells_what_it_did() -> None:
    async with serving() as it, greeted(it.port) as client:
        asked = {"thingId": CHARGER, "actionTypeId": CHARGER_CLASS.action_types[0].id}
        result = await client.call("Integrations.ExecuteAction", asked)
        assert result == {"thingError": "ThingErrorNoError", "displayMessage": "at last"}
        asked["thingId"] = UNKNOWN
        result = await client.call("Integrations.ExecuteAction", asked)
        assert result == {"thingError": "ThingErrorThingNotFound"}


async def test_a_charging_info_comes_back_as_it_was_set() -> None:
    info = {
        "evChargerId": CHARGER,
        "assignedCarId": CAR,
        "chargingMode": "ChargingModeEcoMinWithTargetTime",
        "endDateTime": END,
        "repeatDays": [1, 5],
        "targetPercentage": 85,
        "minChargingCurrent": 8.0,
        "spotMarketChargingEnabled": True,
        "dailySpotMarketPercentage": 30,
    }
    async with serving() as it, greeted(it.port) as client:
        await client.call("JSONRPC.SetNotificationStatus", {"namespaces": ["EnergyPlugin"]})
        assert await client.call("EnergyPlugin.SetChargingInfo", {"chargingInfo": info}) == {
            "energyError": "EnergyErrorNoError"
        }
        told = await client.notified("EnergyPlugin.ChargingInfoChanged")
        got = await checked(client, it.server.api.schema, it.server.api, "EnergyPlugin.GetChargingInfos", {})
        assert (
            got["chargingInfos"] == [told["chargingInfo"]] == [info | {"chargingState": "ChargingStateIdle"}]
        )


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"evChargerId": UNKNOWN}, "EnergyErrorInvalidParameter"),
        ({"evChargerId": CAR}, "EnergyErrorInvalidParameter"),
        ({"assignedCarId": UNKNOWN}, "EnergyErrorInvalidParameter"),
        ({"targetPercentage": 101}, "EnergyErrorInvalidParameter"),
        ({"minChargingCurrent": 5.0}, "EnergyErrorInvalidParameter"),
        ({"repeatDays": [8]}, "EnergyErrorInvalidParameter"),
        ({"endDateTime": 2**60}, "EnergyErrorInvalidParameter"),
        ({"chargingMode": "ChargingModeEcoWithTargetTime"}, "EnergyErrorMissingParameter"),
        ({"chargingMode": "ChargingModeEcoWithTargetTime", "endTime": "07:30"}, "EnergyErrorNoError"),
        ({}, "EnergyErrorNoError"),
    ],
)
async def test_charging_infos_that_cannot_be_are_refused_and_change_nothing(
    changes: dict[str, Any], error: str
) -> None:
    info = {"evChargerId": CHARGER, "chargingMode": "ChargingModeEco", "targetPercentage": 80} | changes
    async with serving() as it, greeted(it.port) as client:
        before = it.home.info
        result = await client.call("NymeaEnergy.SetChargingInfo", {"chargingInfo": info})
        assert result == {"energyError": error}
        if error != "EnergyErrorNoError":
            assert it.home.info is before
        elif "endTime" in changes:
            assert it.home.info.end_at is not None
            assert it.home.info.end_at.isoformat() == "2026-03-29T07:30:00+00:00"


def test_every_event_becomes_a_notification_that_fits_its_definition() -> None:
    home = SampleHome()
    thing = home.things()[0]
    balance = home.power_balance()
    (entry,) = home.power_balance_logs(SampleRate.MINUTE, None, None)
    events: list[SiteEvent] = [
        StateChanged(thing_id=METER, state_type_id=POWER, state=StateValue(value=1, max_value=5.0)),
        ThingChanged(thing=thing),
        ThingChanged(thing=thing, added=True),
        ThingRemoved(thing_id=METER),
        EventTriggered(thing_id=METER, event_type_id=POWER),
        RootMeterChanged(thing_id=None),
        RootMeterChanged(thing_id=METER),
        PowerBalanceChanged(balance=balance),
        PowerBalanceLogged(rate=SampleRate.MINUTE, entry=entry),
        ThingPowerLogged(rate=SampleRate.QUARTER, entry=home.thing_powers(())[0]),
        ChargingInfoChanged(info=home.info),
        ChargingInfoChanged(info=home.info, added=True),
        ChargingInfoRemoved(charge_point="charger"),
        ChargingSchedulesChanged(schedules=tuple(home.charging_schedules()), degraded=True),
        SpotMarketChanged(spot_market=home.spot_market()),
        ScoresChanged(entries=tuple(home.score_entries(None))),
        PhasePowerLimitChanged(limit_a=20),
        AcquisitionToleranceChanged(share=0.5),
        BatteryLevelConsiderationChanged(share=0.5),
    ]
    api = NymeaServer(home, IDENTITY).api
    told = set()
    for event in events:
        for name, params in notices(event, home):
            api.schema.check(params, api.notification(name).params)
            told.add(name)
    unheard = set(api.notifications) - told
    assert {name.partition(".")[0] for name in unheard} == {"JSONRPC", "Users", "Integrations"}
    assert [n for n in unheard if n.startswith("Integrations")] == ["Integrations.ThingSettingChanged"]


def test_a_table_that_refers_to_nothing_is_refused() -> None:
    broken = Namespace(
        name="Broken", notifications=(Notification(name="X", description="", params={"a": "$ref:Nowhere"}),)
    )
    with pytest.raises(ValueError, match="Nowhere"):
        Api([broken])
