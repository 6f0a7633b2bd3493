"""Core profile (OCPP 1.6 §5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohmstead.ocpp.charge_point.configuration import ChangeStatus
from ohmstead.ocpp.charge_point.connector import NO_ERROR
from ohmstead.ocpp.charge_point.outlet import Outlet, PendingUser
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.smart_charging import Profile, ProfileError, Purpose, read_profile

if TYPE_CHECKING:
    from ohmstead.ocpp.charge_point.charge_point import ChargePoint

LOCK_FAILURE = "ConnectorLockFailure"


def change_availability(cp: ChargePoint, payload: Payload) -> Payload:
    """Connector 0 means all; a running transaction goes on first."""
    connector_id = payload["connectorId"]
    if connector_id != 0 and connector_id not in cp.charging.outlets:
        return {"status": "Rejected"}
    at_once = cp.charging.set_operative(connector_id, payload["type"] == "Operative")
    return {"status": "Accepted" if at_once else "Scheduled"}


def change_configuration(cp: ChargePoint, payload: Payload) -> Payload:
    """Change one key; it takes effect at once unless it says RebootRequired."""
    name, value = payload["key"], payload["value"]
    configuration = cp.memory.configuration
    before = configuration.number("SecurityProfile")
    status = configuration.change(name, value, profile_ready=cp.security.is_ready_for)
    if status in (ChangeStatus.ACCEPTED, ChangeStatus.REBOOT_REQUIRED):
        cp.memory.save_configuration()
        if name.lower() == "securityprofile":
            cp.security.profile_changed(before)
        _apply(cp, name.lower())
    return {"status": status.value}


def _apply(cp: ChargePoint, name: str) -> None:
    match name:
        case "heartbeatinterval":
            cp.link.arm_heartbeat()
        case "clockaligneddatainterval":
            cp.charging.sampling.arm_aligned()
        case "metervaluesampleinterval":
            for outlet in cp.charging.outlets.values():
                cp.charging.sampling.arm(outlet)
        case "authorizationkey" | "securityprofile":
            cp.soon(cp.reconnect)


def get_configuration(cp: ChargePoint, payload: Payload) -> Payload:
    """A missing or empty list of keys means all."""
    return cp.memory.configuration.report(payload.get("key") or ())


def clear_cache(cp: ChargePoint, _payload: Payload) -> Payload:
    """Rejected where there is no cache."""
    if not cp.memory.configuration.switch("AuthorizationCacheEnabled"):
        return {"status": "Rejected"}
    cp.memory.clear_cache()
    return {"status": "Accepted"}


def data_transfer(_cp: ChargePoint, _payload: Payload) -> Payload:
    """No vendor's extension is known."""
    return {"status": "UnknownVendorId"}


def reset(cp: ChargePoint, payload: Payload) -> Payload:
    """Soft: transactions are stopped and reported first. Hard: after the boot."""
    cp.soon(lambda: cp.reset(hard=payload["type"] == "Hard"))
    return {"status": "Accepted"}


def unlock_connector(cp: ChargePoint, payload: Payload) -> Payload:
    """Stops the transaction first."""
    outlet = cp.charging.outlets.get(payload["connectorId"])
    if outlet is None:
        return {"status": "NotSupported"}
    if outlet.state.error_code == LOCK_FAILURE:
        return {"status": "UnlockFailed"}
    cp.soon(lambda: cp.charging.end(outlet, "UnlockCommand"))
    return {"status": "Unlocked"}


def remote_start_transaction(cp: ChargePoint, payload: Payload) -> Payload:
    """Without a connector the first free one, one with a car before an empty one."""
    id_tag = payload["idTag"]
    profile: Profile | None = None
    if not cp.registration.accepted:
        return {"status": "Rejected"}
    if "chargingProfile" in payload:
        try:
            profile = read_profile(payload["chargingProfile"])
        except ProfileError:
            return {"status": "Rejected"}
        if profile.purpose is not Purpose.TX or profile.transaction_id is not None:
            return {"status": "Rejected"}
    outlet = _find_free(cp, payload.get("connectorId"), id_tag)
    if outlet is None:
        return {"status": "Rejected"}
    if cp.memory.configuration.switch("AuthorizeRemoteTxRequests"):
        cp.soon(lambda: cp.spawn(_authorise_and_start(cp, outlet, id_tag, profile)))
    else:
        info = cp.memory.tag_info(id_tag) or {}
        user = PendingUser(id_tag, info.get("parentIdTag"), profile)
        cp.soon(lambda: _start(cp, outlet, user))
    return {"status": "Accepted"}


def remote_stop_transaction(cp: ChargePoint, payload: Payload) -> Payload:
    """Accepted where the transaction runs here."""
    outlet = cp.charging.find(payload["transactionId"])
    if outlet is None or not cp.registration.accepted:
        return {"status": "Rejected"}
    cp.soon(lambda: cp.charging.end(outlet, "Remote"))
    return {"status": "Accepted"}


def _find_free(cp: ChargePoint, connector_id: int | None, id_tag: str) -> Outlet | None:
    parent = (cp.memory.tag_info(id_tag) or {}).get("parentIdTag")
    candidates = [
        outlet
        for outlet in cp.charging.outlets.values()
        if connector_id in (None, outlet.connector_id)
        and outlet.state.error_code == NO_ERROR
        and cp.charging.may_use(outlet, id_tag, parent)[0]
    ]
    return max(candidates, key=lambda outlet: outlet.state.plugged, default=None)


def _start(cp: ChargePoint, outlet: Outlet, user: PendingUser) -> None:
    if cp.charging.may_use(outlet, user.id_tag, user.parent_id_tag)[0]:
        cp.charging.authorise(outlet, user)


async def _authorise_and_start(cp: ChargePoint, outlet: Outlet, id_tag: str, profile: Profile | None) -> None:
    info = await cp.authorize(id_tag)
    if info is not None:
        _start(cp, outlet, PendingUser(id_tag, info.get("parentIdTag"), profile))
