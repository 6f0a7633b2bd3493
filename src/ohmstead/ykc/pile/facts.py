"""What a pile is, what it measures, and what it remembers across a power cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from ohmstead.ykc.billing import Tariff
from ohmstead.ykc.codes import Network, Operator, PileKind
from ohmstead.ykc.numbers import checked_pile_number
from ohmstead.ykc.quirks import CHINA, CrcMode


@dataclass(frozen=True, kw_only=True, slots=True)
class PileFacts:
    """What a pile says of itself at login.

    Raises:
        ConfigError: the pile number is not 14 digits.
    """

    number: str
    kind: int = PileKind.AC
    guns: int = 1
    version: float = 1.6
    software: str = "OHMSTEAD"
    network: int = Network.LAN
    sim: str = "0" * 20
    operator: int = Operator.OTHER
    parking_locks: bool = False
    crc: CrcMode = CrcMode.LE
    zone: ZoneInfo = CHINA

    def __post_init__(self) -> None:
        checked_pile_number(self.number)


@dataclass(frozen=True, kw_only=True, slots=True)
class GunReading:
    """What a gun measures. ``meter_kwh`` is its register, which only rises; the rest is of this moment.

    ``demand_*`` are what the vehicle asks for, on DC.
    """

    voltage_v: float = 0.0
    current_a: float = 0.0
    meter_kwh: float = 0.0
    soc_percent: int = 0
    left_min: int = 0
    cable_c: float | None = None
    battery_c: float | None = None
    demand_v: float = 0.0
    demand_a: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class PileMemory:
    """What a pile keeps in non-volatile store besides its records: tariff, offline cards, power limit.

    ``cards`` maps physical to logical numbers.
    """

    tariff: Tariff | None = None
    cards: Mapping[str, str] = field(default_factory=dict)
    locked: bool = False
    max_power_percent: int = 100
