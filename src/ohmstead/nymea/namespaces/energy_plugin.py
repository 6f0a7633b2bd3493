"""``EnergyPlugin``, and the same as ``NymeaEnergy``: how cars charge, and the limits of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from ohmstead.nymea.api import Method, Namespace, Notification, Result, Scope
from ohmstead.nymea.namespaces.charging_data import (
    ENUMS,
    TYPES,
    BadInfo,
    Incomplete,
    info_data,
    info_from,
    provider_data,
    schedule_data,
    score_data,
    spot_market_data,
)
from ohmstead.nymea.namespaces.energy import ENERGY_ENUMS, from_epoch_s
from ohmstead.nymea.schema import Definition
from ohmstead.nymea.session import Session
from ohmstead.nymea.site_port import ChargingPort
from ohmstead.nymea.site_values import EnergyError

NAMES = ("EnergyPlugin", "NymeaEnergy")
"""The second is what clients of nymea's own plugin ask for."""


class _Handlers:
    def __init__(self, port: ChargingPort, now: Callable[[], datetime]) -> None:
        self._port = port
        self._now = now

    def get_charging_infos(self, _: Session, params: dict[str, Any]) -> Result:
        wanted = params.get("evChargerId")
        found = (info_data(i, self._port) for i in self._port.charging_infos())
        return {"chargingInfos": [i for i in found if wanted in (None, i["evChargerId"])]}

    def set_charging_info(self, _: Session, params: dict[str, Any]) -> Result:
        try:
            info = info_from(params["chargingInfo"], self._port, self._now())
        except Incomplete:
            return _outcome(EnergyError.MISSING_PARAMETER)
        except BadInfo:
            return _outcome(EnergyError.INVALID_PARAMETER)
        return _outcome(self._port.set_charging_info(info))

    def get_charging_schedules(self, _: Session, params: dict[str, Any]) -> Result:
        wanted = params.get("evChargerId")
        found = (schedule_data(s, self._port) for s in self._port.charging_schedules())
        return {"chargingSchedules": [s for s in found if wanted in (None, s["evChargerId"])]}

    def get_providers(self, _: Session, params: dict[str, Any]) -> Result:
        del params
        return {"providers": [provider_data(p) for p in self._port.spot_market_providers()]}

    def get_spot_market(self, _: Session, params: dict[str, Any]) -> Result:
        del params
        return spot_market_data(self._port.spot_market())

    def set_spot_market(self, _: Session, params: dict[str, Any]) -> Result:
        return _outcome(
            self._port.set_spot_market(enabled=params["enabled"], provider_id=params.get("providerId"))
        )

    def get_scores(self, _: Session, params: dict[str, Any]) -> Result:
        entries = self._port.score_entries(from_epoch_s(params, "date"))
        return {"spotMarketScoreEntries": [score_data(e) for e in entries]}

    def get_limit(self, _: Session, params: dict[str, Any]) -> Result:
        del params
        return {"phasePowerLimit": self._port.phase_power_limit_a()}

    def set_limit(self, _: Session, params: dict[str, Any]) -> Result:
        return _outcome(self._port.set_phase_power_limit_a(params["phasePowerLimit"]))

    def get_tolerance(self, _: Session, params: dict[str, Any]) -> Result:
        del params
        return {"acquisitionTolerance": self._port.acquisition_tolerance()}

    def set_tolerance(self, _: Session, params: dict[str, Any]) -> Result:
        share = params["acquisitionTolerance"]
        if not 0.0 <= share <= 1.0:
            return _outcome(EnergyError.INVALID_PARAMETER)
        return _outcome(self._port.set_acquisition_tolerance(share))

    def get_consideration(self, _: Session, params: dict[str, Any]) -> Result:
        del params
        return {"batteryLevelConsideration": self._port.battery_level_consideration()}

    def set_consideration(self, _: Session, params: dict[str, Any]) -> Result:
        share = params["batteryLevelConsideration"]
        if not 0.0 <= share <= 1.0:
            return _outcome(EnergyError.INVALID_PARAMETER)
        return _outcome(self._port.set_battery_level_consideration(share))


def _outcome(error: EnergyError) -> Result:
    return {"energyError": error.value}


_ERROR: dict[str, Definition] = {"energyError": "$ref:EnergyError"}
_CHARGER: dict[str, Definition] = {"o:evChargerId": "Uuid"}
_LIMIT: dict[str, Definition] = {"phasePowerLimit": "Uint"}
_TOLERANCE: dict[str, Definition] = {"acquisitionTolerance": "Double"}
_CONSIDERATION: dict[str, Definition] = {"batteryLevelConsideration": "Double"}
_SPOT_MARKET: dict[str, Definition] = {"enabled": "Bool", "available": "Bool", "o:providerId": "Uuid"}
_SCORES: dict[str, Definition] = {"spotMarketScoreEntries": "$ref:ScoreEntries"}

_EXPERIENCES = {"EnergyPlugin": ("EnergyPlugin", "1.0"), "NymeaEnergy": ("NymeaEnergy", "0.8")}


def energy_plugin(port: ChargingPort, now: Callable[[], datetime]) -> tuple[Namespace, ...]:
    """The namespace under its two names; ``now`` gives the home's time."""
    on = _Handlers(port, now)
    methods = (*_charging_methods(on), *_spot_market_methods(on), *_setting_methods(on))
    return tuple(
        Namespace(
            name=name,
            experience=_EXPERIENCES[name],
            enums={**ENUMS, **ENERGY_ENUMS},
            types=TYPES,
            methods=methods,
            notifications=_NOTIFICATIONS,
        )
        for name in NAMES
    )


def _charging_methods(on: _Handlers) -> tuple[Method, ...]:
    return (
        Method(
            name="GetChargingInfos",
            description="How each charger is to charge, or one.",
            params=_CHARGER,
            returns={"chargingInfos": "$ref:ChargingInfos"},
            scope=Scope.NONE,
            handler=on.get_charging_infos,
        ),
        Method(
            name="SetChargingInfo",
            description=(
                "Charge like that from now on. The modes with a target time need `endDateTime`. What is "
                "optional and left out stays as it is, but `endDateTime`, `repeatDays` and `assignedCarId`."
            ),
            params={"chargingInfo": "$ref:ChargingInfo"},
            returns=_ERROR,
            scope=Scope.CONFIGURE_THINGS,
            handler=on.set_charging_info,
        ),
        Method(
            name="GetChargingSchedules",
            description="What the chargers are going to do, or one of them.",
            params=_CHARGER,
            returns={"chargingSchedules": "$ref:ChargingSchedules"},
            scope=Scope.NONE,
            handler=on.get_charging_schedules,
        ),
    )


def _spot_market_methods(on: _Handlers) -> tuple[Method, ...]:
    return (
        Method(
            name="GetAvailableSpotMarketProviders",
            description="Whose prices can be used.",
            returns={"providers": "$ref:SpotMarketProviderInfos"},
            scope=Scope.NONE,
            handler=on.get_providers,
        ),
        Method(
            name="GetSpotMarketConfiguration",
            description="Whether charging looks at prices, whether there are any, and whose.",
            returns=_SPOT_MARKET,
            scope=Scope.NONE,
            handler=on.get_spot_market,
        ),
        Method(
            name="SetSpotMarketConfiguration",
            description="Look at prices, or not; of which provider.",
            params={"enabled": "Bool", "o:providerId": "Uuid"},
            returns=_ERROR,
            scope=Scope.CONFIGURE_THINGS,
            handler=on.set_spot_market,
        ),
        Method(
            name="GetSpotMarketScoreEntries",
            description=(
                "Price slots with their weighting, 1 (best) to 0: of the local day that contains the moment "
                "`date` (seconds since 1970), or all that are known."
            ),
            params={"o:date": "Uint"},
            returns=_SCORES,
            scope=Scope.NONE,
            handler=on.get_scores,
        ),
    )


def _setting_methods(on: _Handlers) -> tuple[Method, ...]:
    return (
        Method(
            name="GetPhasePowerLimit",
            description="The limit of the overload protection, A per phase; 0: the fuse alone.",
            returns=_LIMIT,
            scope=Scope.NONE,
            handler=on.get_limit,
        ),
        Method(
            name="SetPhasePowerLimit",
            description=(
                "Protect every phase with this limit, A, in every mode; 0 is off, which leaves the fuse of "
                "the configuration. A limit never raises that fuse."
            ),
            params=_LIMIT,
            returns=_ERROR,
            handler=on.set_limit,
        ),
        Method(
            name="GetAcquisitionTolerance",
            description="How much of the smallest charging power may come from the grid, 0 to 1.",
            returns=_TOLERANCE,
            scope=Scope.NONE,
            handler=on.get_tolerance,
        ),
        Method(
            name="SetAcquisitionTolerance",
            description="How much of the smallest charging power may come from the grid, 0 to 1.",
            params=_TOLERANCE,
            returns=_ERROR,
            scope=Scope.CONFIGURE_THINGS,
            handler=on.set_tolerance,
        ),
        Method(
            name="GetBatteryLevelConsideration",
            description="From which SoC on the battery's charging power counts as surplus, 0 to 1.",
            returns=_CONSIDERATION,
            scope=Scope.NONE,
            handler=on.get_consideration,
        ),
        Method(
            name="SetBatteryLevelConsideration",
            description=(
                "From which state of charge on the battery's charging power counts as surplus: "
                "0 is the car first, 1 the battery until it is full."
            ),
            params=_CONSIDERATION,
            returns=_ERROR,
            scope=Scope.CONFIGURE_THINGS,
            handler=on.set_consideration,
        ),
    )


_INFO: dict[str, Definition] = {"chargingInfo": "$ref:ChargingInfo"}

_NOTIFICATIONS = (
    Notification(name="ChargingInfoAdded", description="There is a charger more.", params=_INFO),
    Notification(
        name="ChargingInfoChanged",
        description="A charger is to charge otherwise, or its charging state is another.",
        params=_INFO,
    ),
    Notification(
        name="ChargingInfoRemoved", description="A charger is gone.", params={"evChargerId": "Uuid"}
    ),
    Notification(
        name="ChargingSchedulesChanged",
        description="There is another plan. `degradedMode`: no trustworthy meter, cars get their minimum.",
        params={"chargingSchedules": "$ref:ChargingSchedules", "o:degradedMode": "Bool"},
    ),
    Notification(
        name="SpotMarketConfigurationChanged",
        description="Prices are looked at or not, or are another provider's.",
        params=_SPOT_MARKET,
    ),
    Notification(name="SpotMarketScoreEntriesChanged", description="Other prices are known.", params=_SCORES),
    Notification(name="PhasePowerLimitChanged", description="The limit is another.", params=_LIMIT),
    Notification(
        name="AcquisitionToleranceChanged", description="The tolerance is another.", params=_TOLERANCE
    ),
    Notification(
        name="BatteryLevelConsiderationChanged",
        description="The state of charge is another.",
        params=_CONSIDERATION,
    ),
)
