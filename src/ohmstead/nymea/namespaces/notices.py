"""Which notification an event of the home becomes."""

from __future__ import annotations

from typing import Any

from ohmstead.nymea.namespaces.charging_data import info_data, schedule_data, score_data, spot_market_data
from ohmstead.nymea.namespaces.energy import balance_data, entry_data, thing_entry_data
from ohmstead.nymea.namespaces.energy_plugin import NAMES
from ohmstead.nymea.namespaces.thing_data import thing_data
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
from ohmstead.nymea.site_port import ChargingPort

Notice = tuple[str, dict[str, Any]]
"""Full name and parameters of a notification."""


def notices(event: SiteEvent, port: ChargingPort) -> list[Notice]:
    """The notifications of an event: one, or for charging one under each name of the namespace."""
    found = _of_things(event) or _of_energy(event)
    if found is not None:
        return [found]
    name, params = _of_charging(event, port)
    return [(f"{namespace}.{name}", params) for namespace in NAMES]


def _of_things(event: SiteEvent) -> Notice | None:
    match event:
        case StateChanged():
            state = event.state
            return "Integrations.StateChanged", {
                "thingId": event.thing_id,
                "stateTypeId": event.state_type_id,
                "value": state.value,
                "minValue": state.min_value,
                "maxValue": state.max_value,
                "possibleValues": list(state.possible_values),
            }
        case ThingChanged():
            name = "ThingAdded" if event.added else "ThingChanged"
            return f"Integrations.{name}", {"thing": thing_data(event.thing)}
        case ThingRemoved():
            return "Integrations.ThingRemoved", {"thingId": event.thing_id}
        case EventTriggered():
            params = [{"paramTypeId": i, "value": value} for i, value in event.params.items()]
            told = {"thingId": event.thing_id, "eventTypeId": event.event_type_id, "params": params}
            return "Integrations.EventTriggered", {"event": told}
    return None


def _of_energy(event: SiteEvent) -> Notice | None:
    match event:
        case RootMeterChanged():
            root = event.thing_id
            return "Energy.RootMeterChanged", {} if root is None else {"rootMeterThingId": root}
        case PowerBalanceChanged():
            return "Energy.PowerBalanceChanged", balance_data(event.balance)
        case PowerBalanceLogged():
            return "Energy.PowerBalanceLogEntryAdded", {
                "sampleRate": event.rate.value,
                "powerBalanceLogEntry": entry_data(event.entry),
            }
        case ThingPowerLogged():
            return "Energy.ThingPowerLogEntryAdded", {
                "sampleRate": event.rate.value,
                "thingPowerLogEntry": thing_entry_data(event.entry),
            }
    return None


def _of_charging(event: SiteEvent, port: ChargingPort) -> Notice:
    match event:
        case ChargingInfoChanged():
            name = "ChargingInfoAdded" if event.added else "ChargingInfoChanged"
            return name, {"chargingInfo": info_data(event.info, port)}
        case ChargingInfoRemoved():
            return "ChargingInfoRemoved", {"evChargerId": port.thing_of(event.charge_point)}
        case ChargingSchedulesChanged():
            return "ChargingSchedulesChanged", {
                "chargingSchedules": [schedule_data(s, port) for s in event.schedules],
                "degradedMode": event.degraded,
            }
        case SpotMarketChanged():
            return "SpotMarketConfigurationChanged", spot_market_data(event.spot_market)
        case ScoresChanged():
            entries = [score_data(e) for e in event.entries]
            return "SpotMarketScoreEntriesChanged", {"spotMarketScoreEntries": entries}
        case PhasePowerLimitChanged():
            return "PhasePowerLimitChanged", {"phasePowerLimit": event.limit_a}
        case AcquisitionToleranceChanged():
            return "AcquisitionToleranceChanged", {"acquisitionTolerance": event.share}
        case BatteryLevelConsiderationChanged():
            return "BatteryLevelConsiderationChanged", {"batteryLevelConsideration": event.share}
    raise TypeError(f"{type(event).__name__} is no event of a home")
