"""``Energy``: root meter, power balance and its logs (nymea's energy experience)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ohmstead.nymea.api import Method, Namespace, Notification, Result, Scope
from ohmstead.nymea.schema import Definition
from ohmstead.nymea.session import Session
from ohmstead.nymea.site_port import EnergyPort
from ohmstead.nymea.site_values import (
    EnergyError,
    PowerBalance,
    PowerBalanceEntry,
    SampleRate,
    ThingPowerEntry,
)

ENERGY_ENUMS = {"EnergyError": tuple(EnergyError)}

_BALANCE: dict[str, Definition] = {
    "currentPowerConsumption": "Double",
    "currentPowerProduction": "Double",
    "currentPowerAcquisition": "Double",
    "currentPowerStorage": "Double",
    "totalConsumption": "Double",
    "totalProduction": "Double",
    "totalAcquisition": "Double",
    "totalReturn": "Double",
}

_TYPES: dict[str, Definition] = {
    "PowerBalanceLogEntry": {
        "timestamp": "Uint",
        "consumption": "Double",
        "production": "Double",
        "acquisition": "Double",
        "storage": "Double",
        "totalConsumption": "Double",
        "totalProduction": "Double",
        "totalAcquisition": "Double",
        "totalReturn": "Double",
    },
    "PowerBalanceLogEntries": ["$ref:PowerBalanceLogEntry"],
    "ThingPowerLogEntry": {
        "timestamp": "Uint",
        "thingId": "Uuid",
        "currentPower": "Double",
        "totalConsumption": "Double",
        "totalProduction": "Double",
    },
    "ThingPowerLogEntries": ["$ref:ThingPowerLogEntry"],
}

NEWEST = datetime(9999, 1, 1, tzinfo=UTC)


def epoch_s(moment: datetime) -> int:
    """A moment as nymea sends it."""
    return int(moment.timestamp())


def from_epoch_s(params: Mapping[str, Any], key: str) -> datetime | None:
    """A moment out of parameters; later ones than a calendar has count as its end."""
    if key not in params:
        return None
    try:
        return datetime.fromtimestamp(params[key], UTC)
    except (OverflowError, OSError, ValueError):
        return NEWEST


def balance_data(balance: PowerBalance) -> dict[str, Any]:
    """A balance as ``GetPowerBalance`` and its notification tell it."""
    return {
        "currentPowerConsumption": balance.consumption_w,
        "currentPowerProduction": balance.production_w,
        "currentPowerAcquisition": balance.acquisition_w,
        "currentPowerStorage": balance.storage_w,
        **_totals(balance),
    }


def entry_data(entry: PowerBalanceEntry) -> dict[str, Any]:
    """A sample as a ``PowerBalanceLogEntry``."""
    balance = entry.balance
    return {
        "timestamp": epoch_s(entry.at),
        "consumption": balance.consumption_w,
        "production": balance.production_w,
        "acquisition": balance.acquisition_w,
        "storage": balance.storage_w,
        **_totals(balance),
    }


def thing_entry_data(entry: ThingPowerEntry) -> dict[str, Any]:
    """A sample as a ``ThingPowerLogEntry``."""
    return {
        "timestamp": epoch_s(entry.at),
        "thingId": entry.thing_id,
        "currentPower": entry.power_w,
        "totalConsumption": entry.total_consumption_kwh,
        "totalProduction": entry.total_production_kwh,
    }


def _totals(balance: PowerBalance) -> dict[str, float]:
    return {
        "totalConsumption": balance.total_consumption_kwh,
        "totalProduction": balance.total_production_kwh,
        "totalAcquisition": balance.total_acquisition_kwh,
        "totalReturn": balance.total_return_kwh,
    }


class _Handlers:
    def __init__(self, port: EnergyPort) -> None:
        self._port = port

    def get_root_meter(self, _: Session, params: dict[str, Any]) -> Result:
        del params
        root = self._port.root_meter()
        return {} if root is None else {"rootMeterThingId": root}

    def set_root_meter(self, _: Session, params: dict[str, Any]) -> Result:
        return {"energyError": self._port.set_root_meter(params["rootMeterThingId"]).value}

    def get_power_balance(self, _: Session, params: dict[str, Any]) -> Result:
        del params
        return balance_data(self._port.power_balance())

    def get_power_balance_logs(self, _: Session, params: dict[str, Any]) -> Result:
        entries = self._port.power_balance_logs(
            SampleRate(params["sampleRate"]), from_epoch_s(params, "from"), from_epoch_s(params, "to")
        )
        return {"powerBalanceLogEntries": [entry_data(e) for e in entries]}

    def get_thing_power_logs(self, _: Session, params: dict[str, Any]) -> Result:
        wanted = params.get("thingIds", [])
        entries = self._port.thing_power_logs(
            SampleRate(params["sampleRate"]), wanted, from_epoch_s(params, "from"), from_epoch_s(params, "to")
        )
        found = {"thingPowerLogEntries": [thing_entry_data(e) for e in entries]}
        if params.get("includeCurrent", False):
            found["currentEntries"] = [thing_entry_data(e) for e in self._port.thing_powers(wanted)]
        return found


def energy(port: EnergyPort) -> Namespace:
    """The namespace on a home."""
    return Namespace(
        name="Energy",
        experience=("Energy", "1.0"),
        enums={**ENERGY_ENUMS, "SampleRate": tuple(SampleRate)},
        types=_TYPES,
        methods=_methods(_Handlers(port)),
        notifications=(
            Notification(
                name="RootMeterChanged",
                description="Another meter is the root meter.",
                params={"o:rootMeterThingId": "Uuid"},
            ),
            Notification(
                name="PowerBalanceChanged",
                description="One of the four current values is another.",
                params=_BALANCE,
            ),
            Notification(
                name="PowerBalanceLogEntryAdded",
                description="A sample is complete.",
                params={"sampleRate": "$ref:SampleRate", "powerBalanceLogEntry": "$ref:PowerBalanceLogEntry"},
            ),
            Notification(
                name="ThingPowerLogEntryAdded",
                description="A sample of a thing is complete.",
                params={"sampleRate": "$ref:SampleRate", "thingPowerLogEntry": "$ref:ThingPowerLogEntry"},
            ),
        ),
    )


def _methods(on: _Handlers) -> tuple[Method, ...]:
    times: dict[str, Definition] = {"sampleRate": "$ref:SampleRate", "o:from": "Uint", "o:to": "Uint"}
    return (
        Method(
            name="GetRootMeter",
            description="The meter at the grid connection; empty where there is none.",
            returns={"o:rootMeterThingId": "Uuid"},
            scope=Scope.NONE,
            handler=on.get_root_meter,
        ),
        Method(
            name="SetRootMeter",
            description="Choose the meter at the grid connection: a thing with the interface energymeter.",
            params={"rootMeterThingId": "Uuid"},
            returns={"energyError": "$ref:EnergyError"},
            handler=on.set_root_meter,
        ),
        Method(
            name="GetPowerBalance",
            description=(
                "The home's flows now, W, and since counting began, kWh. Consumed, imported and charged is "
                "positive; produced, exported and discharged negative."
            ),
            returns=_BALANCE,
            scope=Scope.NONE,
            handler=on.get_power_balance,
        ),
        Method(
            name="GetPowerBalanceLogs",
            description="Samples of the balance: mean powers over time, W, and totals, kWh, at their end.",
            params=times,
            returns={"powerBalanceLogEntries": "$ref:PowerBalanceLogEntries"},
            scope=Scope.NONE,
            handler=on.get_power_balance_logs,
        ),
        Method(
            name="GetThingPowerLogs",
            description="Samples of things, all or those asked for, and their powers now if asked for.",
            params={**times, "o:thingIds": ["Uuid"], "o:includeCurrent": "Bool"},
            returns={
                "thingPowerLogEntries": "$ref:ThingPowerLogEntries",
                "o:currentEntries": "$ref:ThingPowerLogEntries",
            },
            scope=Scope.NONE,
            handler=on.get_thing_power_logs,
        ),
    )
