"""Charging infos, schedules, prices and scores as they go on the wire, and infos as they come from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, time
from typing import Any

from ohmstead.core.charging_info import ChargingInfo, ChargingMode
from ohmstead.nymea.namespaces.energy import epoch_s
from ohmstead.nymea.schema import Definition
from ohmstead.nymea.site_port import ChargingPort
from ohmstead.nymea.site_values import (
    ChargingActionIssuer,
    ChargingSchedule,
    ChargingState,
    ScoreEntry,
    SpotMarket,
    SpotMarketProvider,
)

MODES = {
    "ChargingModeNormal": ChargingMode.NORMAL,
    "ChargingModeEco": ChargingMode.ECO,
    "ChargingModeEcoWithTargetTime": ChargingMode.ECO_WITH_TARGET_TIME,
    "ChargingModeEcoWithMinCurrent": ChargingMode.ECO_WITH_MIN_CURRENT,
    "ChargingModeEcoMinWithTargetTime": ChargingMode.ECO_MIN_WITH_TARGET_TIME,
}
_MODE_NAMES = {mode: name for name, mode in MODES.items()}

ENUMS: dict[str, tuple[str, ...]] = {
    "ChargingMode": tuple(MODES),
    "ChargingState": tuple(ChargingState),
    "ChargingActionIssuer": tuple(ChargingActionIssuer),
}

TYPES: dict[str, Definition] = {
    "ChargingInfo": {
        "evChargerId": "Uuid",
        "o:assignedCarId": "Uuid",
        "chargingMode": "$ref:ChargingMode",
        "o:endDateTime": "Uint",
        "d:o:endTime": "Time",
        "o:repeatDays": ["Int"],
        "targetPercentage": "Uint",
        "o:minChargingCurrent": "Double",
        "o:spotMarketChargingEnabled": "Bool",
        "o:dailySpotMarketPercentage": "Uint",
        "r:chargingState": "$ref:ChargingState",
    },
    "ChargingInfos": ["$ref:ChargingInfo"],
    "ChargingAction": {
        "chargingEnabled": "Bool",
        "maxChargingCurrent": "Double",
        "desiredPhaseCount": "Uint",
        "issuer": "$ref:ChargingActionIssuer",
    },
    "ChargingSchedule": {
        "evChargerId": "Uuid",
        "startDateTime": "Uint",
        "endDateTime": "Uint",
        "action": "$ref:ChargingAction",
    },
    "ChargingSchedules": ["$ref:ChargingSchedule"],
    "SpotMarketProviderInfo": {
        "providerId": "Uuid",
        "name": "String",
        "o:country": "String",
        "o:website": "String",
    },
    "SpotMarketProviderInfos": ["$ref:SpotMarketProviderInfo"],
    "ScoreEntry": {
        "startDateTime": "Uint",
        "endDateTime": "Uint",
        "value": "Double",
        "weighting": "Double",
    },
    "ScoreEntries": ["$ref:ScoreEntry"],
}


class BadInfo(ValueError):  # noqa: N818 - what the value is
    """A charging info that cannot be: an unknown thing or a value out of range."""


class Incomplete(BadInfo):
    """A charging info that lacks what its mode needs."""


def info_data(info: ChargingInfo, port: ChargingPort) -> dict[str, Any]:
    """A charging info as a ``ChargingInfo``."""
    data: dict[str, Any] = {
        "evChargerId": port.thing_of(info.charge_point),
        "chargingMode": _MODE_NAMES[info.mode],
        "repeatDays": list(info.repeat_days),
        "targetPercentage": round(info.target_soc * 100),
        "minChargingCurrent": info.min_current_a,
        "spotMarketChargingEnabled": info.spot_market,
        "dailySpotMarketPercentage": round(info.daily_spot_share * 100),
        "chargingState": port.charging_state(info.charge_point).value,
    }
    if info.end_at is not None:
        data["endDateTime"] = epoch_s(info.end_at)
    if info.assigned_car is not None:
        data["assignedCarId"] = port.thing_of(info.assigned_car)
    return data


def info_from(data: Mapping[str, Any], port: ChargingPort, now: datetime) -> ChargingInfo:
    """A charging info out of a checked ``ChargingInfo``.

    Optional keys that are left out keep what is set now, but ``endDateTime``, ``repeatDays`` and
    ``assignedCarId``: without them there is none. The old ``endTime`` is the next time that it is so late.

    Raises:
        Incomplete: the mode needs an end, and there is none.
        BadInfo: no such charger or car, or a value that cannot be.
    """
    point = port.asset_of(data["evChargerId"])
    known = next((i for i in port.charging_infos() if i.charge_point == point), None)
    if point is None or known is None:
        raise BadInfo(f"{data['evChargerId']} is no charger")
    mode = MODES[data["chargingMode"]]
    end_at = _end_of(data, port, now)
    if mode.has_deadline and end_at is None:
        raise Incomplete("the mode needs an endDateTime")
    try:
        return replace(
            known,
            mode=mode,
            end_at=end_at,
            repeat_days=tuple(data.get("repeatDays", ())),
            target_soc=data["targetPercentage"] / 100,
            min_current_a=data.get("minChargingCurrent", known.min_current_a),
            spot_market=data.get("spotMarketChargingEnabled", known.spot_market),
            daily_spot_share=data.get("dailySpotMarketPercentage", known.daily_spot_share * 100) / 100,
            assigned_car=_car(data, port),
        )
    except ValueError as error:
        raise BadInfo(str(error)) from error


def _end_of(data: Mapping[str, Any], port: ChargingPort, now: datetime) -> datetime | None:
    if "endDateTime" in data:
        try:
            return datetime.fromtimestamp(data["endDateTime"], UTC)
        except (OverflowError, OSError, ValueError) as error:
            raise BadInfo("endDateTime is in no calendar") from error
    if "endTime" in data:
        return port.next_time(time.fromisoformat(data["endTime"]), now)
    return None


def _car(data: Mapping[str, Any], port: ChargingPort) -> str | None:
    if "assignedCarId" not in data:
        return None
    car = port.asset_of(data["assignedCarId"])
    if car is None:
        raise BadInfo(f"{data['assignedCarId']} is no car")
    return car


def schedule_data(schedule: ChargingSchedule, port: ChargingPort) -> dict[str, Any]:
    """A schedule as a ``ChargingSchedule``."""
    return {
        "evChargerId": port.thing_of(schedule.charge_point),
        "startDateTime": epoch_s(schedule.start),
        "endDateTime": epoch_s(schedule.end),
        "action": {
            "chargingEnabled": schedule.enabled,
            "maxChargingCurrent": schedule.max_current_a,
            "desiredPhaseCount": schedule.phase_count,
            "issuer": schedule.issuer.value,
        },
    }


def provider_data(provider: SpotMarketProvider) -> dict[str, Any]:
    """A provider as a ``SpotMarketProviderInfo``."""
    data = {"providerId": provider.id, "name": provider.name}
    if provider.country is not None:
        data["country"] = provider.country
    if provider.website is not None:
        data["website"] = provider.website
    return data


def spot_market_data(market: SpotMarket) -> dict[str, Any]:
    """Whose prices are used, as ``GetSpotMarketConfiguration`` and its notification tell it."""
    data: dict[str, Any] = {"enabled": market.enabled, "available": market.available}
    return data if market.provider_id is None else data | {"providerId": market.provider_id}


def score_data(entry: ScoreEntry) -> dict[str, Any]:
    """A slot as a ``ScoreEntry``."""
    return {
        "startDateTime": epoch_s(entry.start),
        "endDateTime": epoch_s(entry.end),
        "value": entry.value,
        "weighting": entry.weighting,
    }
