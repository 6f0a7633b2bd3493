"""Why charging stopped: the codes of a transaction record, and what OCPP calls the same thing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """When it stopped."""

    DONE = "done"
    NOT_STARTED = "not started"
    ABORTED = "aborted"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StopReason:
    """One code; ``ocpp`` is a ``reason`` of OCPP 1.6 StopTransaction (§7.36)."""

    code: int
    phase: Phase
    words: str
    ocpp: str = "Other"


BY_APP = 0x40
FULL = 0x41
BY_HAND = 0x45
PILOT_OPEN_BEFORE_START = 0x4B
EMERGENCY_BEFORE_START = 0x50
VEHICLE_NOT_READY = 0x52
NEVER_BEGAN = 0x65
PILOT_OPEN = 0x6B
LOW_BALANCE = 0x6E
EMERGENCY_STOP = 0x72
OUTPUT = 0x75
NO_CURRENT = 0x76
POWER_LOST = 0x83
UNKNOWN = 0x90

_DONE = {
    0x40: ("stopped from the app or platform", "Remote"),
    0x41: ("SoC of 100 % reached", "Local"),
    0x42: ("energy reached", "Local"),
    0x43: ("money reached", "Local"),
    0x44: ("time reached", "Local"),
    0x45: ("stopped by hand at the pile", "Local"),
}
_NOT_STARTED = {
    0x4A: ("controller fault", "Other"),
    0x4B: ("control pilot open", "EVDisconnected"),
    0x4C: ("breaker", "Other"),
    0x4D: ("no link to the meter", "Other"),
    0x4E: ("low balance", "DeAuthorized"),
    0x4F: ("power module", "Other"),
    0x50: ("emergency stop", "EmergencyStop"),
    0x51: ("surge arrester", "Other"),
    0x52: ("vehicle not ready", "Other"),
    0x53: ("temperature", "Other"),
    0x54: ("battery reversed", "Other"),
    0x55: ("connector lock", "Other"),
    0x56: ("contactor", "Other"),
    0x57: ("insulation", "Other"),
    0x59: ("BHM timeout", "Other"),
    0x5A: ("BRM timeout", "Other"),
    0x5B: ("BCP timeout", "Other"),
    0x5C: ("BRO AA timeout", "Other"),
    0x5D: ("BCS timeout", "Other"),
    0x5E: ("BCL timeout", "Other"),
    0x5F: ("BSM timeout", "Other"),
    0x60: ("voltage in the BHM stage", "Other"),
    0x61: ("battery voltage more than 5 % off BCP", "Other"),
    0x62: ("BRO fell from AA to 00 in pre-charge", "Other"),
    0x63: ("host configuration timeout", "Other"),
    0x64: ("charger not ready (CRO AA)", "Other"),
}
_ABORTED = {
    0x6A: ("locked", "Other"),
    0x6B: ("control pilot open", "EVDisconnected"),
    0x6C: ("breaker", "Other"),
    0x6D: ("no link to the meter", "Other"),
    0x6E: ("low balance", "DeAuthorized"),
    0x6F: ("AC protection", "Other"),
    0x70: ("DC protection", "Other"),
    0x71: ("power module", "Other"),
    0x72: ("emergency stop", "EmergencyStop"),
    0x73: ("surge arrester", "Other"),
    0x74: ("temperature", "Other"),
    0x75: ("output", "Other"),
    0x76: ("no current", "Other"),
    0x77: ("connector lock", "Other"),
    0x79: ("total voltage", "Other"),
    0x7A: ("total current", "Other"),
    0x7B: ("cell voltage", "Other"),
    0x7C: ("battery too hot", "Other"),
    0x7D: ("highest cell", "Other"),
    0x7E: ("highest temperature", "Other"),
    0x7F: ("BMV", "Other"),
    0x80: ("BMT", "Other"),
    0x81: ("state of the battery", "Other"),
    0x82: ("vehicle forbids charging", "Other"),
    0x83: ("pile lost power", "PowerLoss"),
    0x84: ("BCS timeout", "Other"),
    0x85: ("BCL timeout", "Other"),
    0x86: ("BSM timeout", "Other"),
    0x87: ("BST timeout", "Other"),
    0x88: ("BSD timeout", "Other"),
    0x89: ("CCS timeout on the other side", "Other"),
}

STOP_REASONS: dict[int, StopReason] = {
    **{code: StopReason(code, Phase.DONE, *entry) for code, entry in _DONE.items()},
    **{code: StopReason(code, Phase.NOT_STARTED, *entry) for code, entry in _NOT_STARTED.items()},
    **{code: StopReason(code, Phase.ABORTED, *entry) for code, entry in _ABORTED.items()},
    UNKNOWN: StopReason(UNKNOWN, Phase.UNKNOWN, "unknown"),
}


def stop_reason(code: int) -> StopReason:
    """What a code means; codes that the text leaves open are "other" of their phase."""
    known = STOP_REASONS.get(code)
    if known is not None:
        return known
    for phase, codes in (
        (Phase.DONE, range(0x46, 0x4A)),
        (Phase.NOT_STARTED, range(0x4A, 0x6A)),
        (Phase.ABORTED, range(0x6A, 0x90)),
    ):
        if code in codes:
            return StopReason(code, phase, f"other ({code:02X})")
    return StopReason(code, Phase.UNKNOWN, f"unknown ({code:02X})")
