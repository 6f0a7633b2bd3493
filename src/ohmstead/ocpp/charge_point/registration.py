"""What the central system said to BootNotification, and what may be sent because of it (OCPP 1.6 §4.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.frames import Payload

DAY_S: Final = 86400


class BootStatus(StrEnum):
    """The answer, or none yet."""

    NONE = "None"
    ACCEPTED = "Accepted"
    PENDING = "Pending"
    REJECTED = "Rejected"


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """``interval_s``: between heartbeats when accepted, else until the next BootNotification."""

    status: BootStatus = BootStatus.NONE
    interval_s: float = 0.0

    @classmethod
    def from_answer(cls, status: str, interval: int, own_interval_s: float) -> Registration:
        """Read BootNotification.conf; an interval of 0 leaves it to the charge point."""
        return cls(status=BootStatus(status), interval_s=float(interval) if interval > 0 else own_interval_s)

    @property
    def accepted(self) -> bool:
        """All messages may be sent."""
        return self.status is BootStatus.ACCEPTED

    def may_send(self, *, triggered: bool) -> bool:
        """Before Accepted nothing; while Pending only what was asked for with TriggerMessage."""
        return self.accepted or (triggered and self.status is BootStatus.PENDING)

    @property
    def may_answer(self) -> bool:
        """While Rejected the charge point is silent."""
        return self.status is not BootStatus.REJECTED


def heartbeat_interval_s(interval_s: float) -> float:
    """Seconds between heartbeats; at least one a day, because its answer carries the time."""
    return interval_s if 0 < interval_s <= DAY_S else float(DAY_S)


def boot_notification(settings: ChargePointSettings, firmware_version: str) -> Payload:
    """BootNotification.req."""
    payload: Payload = {
        "chargePointVendor": settings.vendor,
        "chargePointModel": settings.model,
        "firmwareVersion": firmware_version,
    }
    if settings.serial_number:
        payload["chargePointSerialNumber"] = settings.serial_number
    return payload
