"""What piles do differently, as data: a pile's entry in the configuration may set any of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from ohmstead.ykc.codes import HardwareFault, PileKind
from ohmstead.ykc.messages.realtime import Realtime

CHINA = ZoneInfo("Asia/Shanghai")
_GBT_OFFSET_A = 400.0


class CrcMode(StrEnum):
    """In which byte order we send checksums; either is accepted."""

    LE = "le"
    BE = "be"
    MIRROR = "mirror"
    """As the other side sends them."""


class CurrentOffset(StrEnum):
    """Whether currents of the GB/T 27930 frames carry that standard's offset of −400 A."""

    NONE = "none"
    GBT = "gbt"


class AcCurrent(StrEnum):
    """What an AC pile means by its output current."""

    PER_PHASE = "per_phase"
    TOTAL = "total"


@dataclass(frozen=True, kw_only=True, slots=True)
class Quirks:
    """How one pile deviates. ``phases`` count for an AC pile that tells its current per phase."""

    crc: CrcMode = CrcMode.LE
    current_offset: CurrentOffset = CurrentOffset.NONE
    ac_current: AcCurrent = AcCurrent.PER_PHASE
    phases: int = 1
    fault_bits_from_one: bool = False
    """Fault n is bit n instead of bit n − 1."""
    zone: ZoneInfo = CHINA
    """Zone of the times in its frames."""


def battery_current_a(raw_a: float, quirks: Quirks) -> float:
    """Charging current out of a GB/T 27930 frame, A ≥ 0."""
    return abs(raw_a - _GBT_OFFSET_A) if quirks.current_offset is CurrentOffset.GBT else raw_a


def power_w(realtime: Realtime, kind: int, quirks: Quirks) -> float:
    """Output power by voltage × current, W ≥ 0."""
    phases = quirks.phases if kind == PileKind.AC and quirks.ac_current is AcCurrent.PER_PHASE else 1
    return realtime.voltage_v * realtime.current_a * phases


def faults(realtime: Realtime, quirks: Quirks) -> HardwareFault:
    """The hardware faults that are set."""
    return HardwareFault(realtime.faults >> 1 if quirks.fault_bits_from_one else realtime.faults)
