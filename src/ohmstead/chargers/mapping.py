"""Status, stop reasons and faults of a charger in each protocol, one table each."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from ohmstead.ocpp.charge_point.connector import Status as OcppStatus
from ohmstead.ykc import stop_reasons as ykc
from ohmstead.ykc.codes import GunStatus, HardwareFault


class Status(StrEnum):
    """What a connector does."""

    AVAILABLE = "Available"
    PREPARING = "Preparing"
    """A vehicle is plugged in, or somebody may charge."""
    CHARGING = "Charging"
    SUSPENDED = "Suspended"
    """An order runs, no power flows."""
    FINISHING = "Finishing"
    """The order is over, the vehicle still there."""
    RESERVED = "Reserved"
    UNAVAILABLE = "Unavailable"
    FAULTED = "Faulted"


class StopReason(StrEnum):
    """Why charging ends."""

    LOCAL = "Local"
    REMOTE = "Remote"
    VEHICLE_LEFT = "EVDisconnected"
    EMERGENCY_STOP = "EmergencyStop"
    POWER_LOSS = "PowerLoss"
    REFUSED = "DeAuthorized"
    OTHER = "Other"


class Fault(StrEnum):
    """What may break, as far as both protocols have a word for it."""

    EMERGENCY_STOP = "EmergencyStop"
    OVERHEATED = "Overheated"
    METER = "Meter"
    CONTACTOR = "Contactor"
    READER = "Reader"
    OTHER = "Other"


STATUS_OF_OCPP: Final[dict[OcppStatus, Status]] = {
    OcppStatus.AVAILABLE: Status.AVAILABLE,
    OcppStatus.PREPARING: Status.PREPARING,
    OcppStatus.CHARGING: Status.CHARGING,
    OcppStatus.SUSPENDED_EV: Status.SUSPENDED,
    OcppStatus.SUSPENDED_EVSE: Status.SUSPENDED,
    OcppStatus.FINISHING: Status.FINISHING,
    OcppStatus.RESERVED: Status.RESERVED,
    OcppStatus.UNAVAILABLE: Status.UNAVAILABLE,
    OcppStatus.FAULTED: Status.FAULTED,
}
"""OCPP 1.6 §7.8 ChargePointStatus."""

STATUS_OF_YKC: Final[dict[tuple[GunStatus, bool], Status]] = {
    (GunStatus.OFFLINE, False): Status.UNAVAILABLE,
    (GunStatus.OFFLINE, True): Status.UNAVAILABLE,
    (GunStatus.FAULT, False): Status.FAULTED,
    (GunStatus.FAULT, True): Status.FAULTED,
    (GunStatus.IDLE, False): Status.AVAILABLE,
    (GunStatus.IDLE, True): Status.PREPARING,
    (GunStatus.CHARGING, False): Status.CHARGING,
    (GunStatus.CHARGING, True): Status.CHARGING,
}
"""By status and plug of realtime data. The protocol has no word for suspended, finishing and reserved."""

OCPP_REASON: Final[dict[StopReason, str]] = {reason: reason.value for reason in StopReason}
"""OCPP 1.6 §7.36 Reason."""

YKC_REASON: Final[dict[StopReason, int]] = {
    StopReason.LOCAL: ykc.BY_HAND,
    StopReason.REMOTE: ykc.BY_APP,
    StopReason.VEHICLE_LEFT: ykc.PILOT_OPEN,
    StopReason.EMERGENCY_STOP: ykc.EMERGENCY_STOP,
    StopReason.POWER_LOSS: ykc.POWER_LOST,
    StopReason.REFUSED: ykc.LOW_BALANCE,
    StopReason.OTHER: ykc.UNKNOWN,
}
"""Byte 149 of a transaction record."""

OCPP_FAULT: Final[dict[Fault, str]] = {
    Fault.EMERGENCY_STOP: "OtherError",
    Fault.OVERHEATED: "HighTemperature",
    Fault.METER: "PowerMeterFailure",
    Fault.CONTACTOR: "PowerSwitchFailure",
    Fault.READER: "ReaderFailure",
    Fault.OTHER: "InternalError",
}
"""OCPP 1.6 §7.6 ChargePointErrorCode."""

YKC_FAULT: Final[dict[Fault, HardwareFault]] = {
    Fault.EMERGENCY_STOP: HardwareFault.EMERGENCY_STOP,
    Fault.OVERHEATED: HardwareFault.OUTLET_HOT,
    Fault.METER: HardwareFault.METER_LINK,
    Fault.CONTACTOR: HardwareFault.HV_CONTACTOR,
    Fault.READER: HardwareFault.CARD_READER_LINK,
    Fault.OTHER: HardwareFault.DOOR_OPEN,
}
"""Bits of realtime data."""


def reason_of_ykc(code: int) -> StopReason:
    """What the stop reason of a transaction record means here."""
    return StopReason(ykc.stop_reason(code).ocpp)
