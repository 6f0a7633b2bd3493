"""Remote Trigger profile (OCPP 1.6 §5.17; security whitepaper §4.4 ExtendedTriggerMessage)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohmstead.ocpp.charge_point.metering import Context
from ohmstead.ocpp.frames import Payload

if TYPE_CHECKING:
    from ohmstead.ocpp.charge_point.charge_point import ChargePoint


def trigger_message(cp: ChargePoint, payload: Payload) -> Payload:
    """Send what is asked for, after the answer; without a connector for all of them."""
    wanted = payload["requestedMessage"]
    connector_id: int | None = payload.get("connectorId")
    if connector_id not in (None, 0) and connector_id not in cp.charging.outlets:
        return {"status": "Rejected"}
    if wanted == "BootNotification" and cp.registration.accepted:
        return {"status": "Rejected"}  # errata 3.35
    if wanted == "SignChargePointCertificate" and not cp.security.can_sign:
        return {"status": "Rejected"}
    cp.soon(lambda: _send(cp, wanted, connector_id))
    return {"status": "Accepted"}


def _send(cp: ChargePoint, wanted: str, connector_id: int | None) -> None:
    match wanted:
        case "BootNotification":
            cp.spawn(cp.link.boot())
        case "Heartbeat":
            cp.sender.send("Heartbeat", {}, triggered=True)
        case "StatusNotification":
            _send_statuses(cp, connector_id)
        case "MeterValues":
            _send_meter_values(cp, connector_id)
        case "SignChargePointCertificate":
            cp.security.request_certificate()
        case _:
            cp.updates.report(wanted)


def _send_statuses(cp: ChargePoint, connector_id: int | None) -> None:
    if connector_id in (None, 0):
        cp.charging.statuses.report_main(always=True, triggered=True)
    for outlet in cp.charging.outlets.values():
        if connector_id in (None, outlet.connector_id):
            cp.charging.statuses.report(outlet, always=True, triggered=True)


def _send_meter_values(cp: ChargePoint, connector_id: int | None) -> None:
    for each in (0, *cp.charging.outlets) if connector_id is None else (connector_id,):
        values = cp.charging.sampling.read_now(each, Context.TRIGGER)
        if values is not None:
            cp.sender.send("MeterValues", values, triggered=True)
