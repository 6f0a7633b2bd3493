"""Local Auth List Management profile (OCPP 1.6 §5.10, §5.15)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohmstead.ocpp.frames import Payload

if TYPE_CHECKING:
    from ohmstead.ocpp.charge_point.charge_point import ChargePoint

UNSUPPORTED_VERSION = -1


def get_local_list_version(cp: ChargePoint, _payload: Payload) -> Payload:
    """0: the list is empty, −1: there is none."""
    if not cp.memory.configuration.switch("LocalAuthListEnabled"):
        return {"listVersion": UNSUPPORTED_VERSION}
    return {"listVersion": cp.memory.local_list.version}


def send_local_list(cp: ChargePoint, payload: Payload) -> Payload:
    """Replace the list, or change it."""
    if not cp.memory.configuration.switch("LocalAuthListEnabled"):
        return {"status": "NotSupported"}
    most = cp.memory.configuration.number("LocalAuthListMaxLength")
    at_once = cp.memory.configuration.number("SendLocalListMaxLength")
    if len(payload.get("localAuthorizationList") or ()) > at_once:
        return {"status": "Failed"}
    status = cp.memory.local_list.update(payload, max_entries=most)
    if status == "Accepted":
        cp.memory.save_local_list()
    return {"status": status}
