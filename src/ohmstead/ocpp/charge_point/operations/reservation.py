"""Reservation profile (OCPP 1.6 §5.2, §5.13)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ohmstead.errors import DataError
from ohmstead.ocpp.charge_point.reservation import Reservation, reserve
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.times import read_time

if TYPE_CHECKING:
    from ohmstead.ocpp.charge_point.charge_point import ChargePoint


def reserve_now(cp: ChargePoint, payload: Payload) -> Payload:
    """Hold a connector for a tag, or any with connector 0; the same id replaces."""
    connector_id = payload["connectorId"]
    if connector_id != 0 and connector_id not in cp.charging.outlets:
        return {"status": "Rejected"}
    try:
        expires_at = read_time(payload["expiryDate"])
    except DataError:
        return {"status": "Rejected"}
    new = Reservation(
        reservation_id=payload["reservationId"],
        connector_id=connector_id,
        id_tag=payload["idTag"],
        expires_at=expires_at,
        parent_id_tag=payload.get("parentIdTag"),
    )
    statuses = {c: outlet.state.status for c, outlet in cp.charging.outlets.items()}
    status = reserve(new, cp.memory.reservations.values(), statuses, cp.now())
    if status == "Accepted":
        cp.memory.reservations[new.reservation_id] = new
        _changed(cp)
    return {"status": status}


def cancel_reservation(cp: ChargePoint, payload: Payload) -> Payload:
    """Rejected where there is none of this id."""
    if cp.memory.reservations.pop(payload["reservationId"], None) is None:
        return {"status": "Rejected"}
    _changed(cp)
    return {"status": "Accepted"}


def _changed(cp: ChargePoint) -> None:
    cp.memory.save_reservations()
    cp.charging.reservations_changed()
    cp.reservation_expiry.arm()
