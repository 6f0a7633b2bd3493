"""Smart Charging profile (OCPP 1.6 §5.5, §5.7, §5.16)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohmstead.ocpp.error_codes import ErrorCode
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.smart_charging import (
    Installed,
    Kind,
    Profile,
    ProfileError,
    Purpose,
    RateUnit,
    clear,
    composite_schedule,
    install,
    read_profile,
    write_period,
)
from ohmstead.ocpp.times import write_time
from ohmstead.ocpp.transport import Refusal

if TYPE_CHECKING:
    from ohmstead.ocpp.charge_point.charge_point import ChargePoint

MAX_DURATION_S = 7 * 86400


def set_charging_profile(cp: ChargePoint, payload: Payload) -> Payload:
    """Install a profile; it is obeyed at once."""
    connector_id = payload["connectorId"]
    if connector_id != 0 and connector_id not in cp.charging.outlets:
        raise Refusal(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"there is no connector {connector_id}")
    try:
        profile = read_profile(payload["csChargingProfiles"])
    except ProfileError:
        return {"status": "Rejected"}
    if not _is_allowed(cp, connector_id, profile):
        return {"status": "Rejected"}
    new = Installed(connector_id=connector_id, profile=profile, installed_at=cp.now())
    installed = install(cp.memory.installed, new)
    if len(installed) > cp.memory.configuration.number("MaxChargingProfilesInstalled"):
        return {"status": "Rejected"}
    cp.memory.set_installed(installed)
    cp.charging.limits_changed()
    return {"status": "Accepted"}


def clear_charging_profile(cp: ChargePoint, payload: Payload) -> Payload:
    """Unknown where nothing fits."""
    purpose = payload.get("chargingProfilePurpose")
    left = clear(
        cp.memory.installed,
        profile_id=payload.get("id"),
        connector_id=payload.get("connectorId"),
        purpose=None if purpose is None else Purpose(purpose),
        stack_level=payload.get("stackLevel"),
    )
    if len(left) == len(cp.memory.installed):
        return {"status": "Unknown"}
    cp.memory.set_installed(left)
    cp.charging.limits_changed()
    return {"status": "Accepted"}


def get_composite_schedule(cp: ChargePoint, payload: Payload) -> Payload:
    """The limits from now on; connector 0 is the whole charge point."""
    connector_id, duration_s = payload["connectorId"], payload["duration"]
    supplies = {c: outlet.supply for c, outlet in cp.charging.outlets.items()}
    if (connector_id != 0 and connector_id not in supplies) or duration_s < 0:
        return {"status": "Rejected"}
    unit = RateUnit(payload.get("chargingRateUnit", RateUnit.A))
    start = cp.now().replace(microsecond=0)
    periods = composite_schedule(
        cp.memory.installed,
        connector_id=connector_id,
        start=start,
        duration_s=min(duration_s, MAX_DURATION_S),
        unit=unit,
        supplies=supplies,
        transactions=cp.charging.transactions(),
    )
    return {
        "status": "Accepted",
        "connectorId": connector_id,
        "scheduleStart": write_time(start),
        "chargingSchedule": {
            "duration": min(duration_s, MAX_DURATION_S),
            "chargingRateUnit": unit.value,
            "chargingSchedulePeriod": [write_period(period) for period in periods],
        },
    }


def _is_allowed(cp: ChargePoint, connector_id: int, profile: Profile) -> bool:
    configuration = cp.memory.configuration
    if profile.stack_level > configuration.number("ChargeProfileMaxStackLevel"):
        return False
    if len(profile.periods) > configuration.number("ChargingScheduleMaxPeriods"):
        return False
    match profile.purpose:
        case Purpose.CHARGE_POINT_MAX:
            return connector_id == 0 and profile.kind is not Kind.RELATIVE
        case Purpose.TX_DEFAULT:
            return True
        case Purpose.TX:
            outlet = cp.charging.outlets.get(connector_id)
            if outlet is None or outlet.transaction is None:
                return False
            return profile.transaction_id in (None, outlet.transaction.transaction_id)
