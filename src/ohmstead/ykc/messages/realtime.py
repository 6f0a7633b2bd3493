"""What a gun does and measures now."""

from __future__ import annotations

from ohmstead.ykc.codes import GunStatus, HardwareFault, InHolder
from ohmstead.ykc.layout import Direction, Message, bcd, message, number, raw, temperature

UP, DOWN = Direction.UP, Direction.DOWN
NO_SERIAL = "0" * 32


@message(0x12, "read realtime data", DOWN, reply=0x13)
class RealtimeRequest(Message):
    """The platform asks; piles also tell by themselves."""

    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")


@message(0x13, "realtime data", UP)
class Realtime(Message):
    """Every 5 min, while charging every 15 s, and at once when status or plug changes.

    There is no active power: DC is voltage × current; on three-phase AC the firmware decides whether that
    is one phase or all.
    """

    serial: str = bcd(16, "order number, zeros without an order", default=NO_SERIAL)
    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")
    status: int = number(1, "status", meaning=GunStatus)
    in_holder: int = number(1, "gun in its holder", meaning=InHolder, default=InHolder.UNKNOWN)
    plugged: int = number(1, "plugged into a vehicle, 0 or 1")
    voltage_v: float = number(2, "output voltage, V", decimals=1, default=0.0)
    current_a: float = number(2, "output current, A", decimals=1, default=0.0)
    cable_c: float | None = temperature("cable temperature, °C", default=None)
    cable_number: str = raw(8, "cable number", default="0" * 16)
    soc_percent: int = number(1, "SoC, %; AC 0", default=0)
    battery_c: float | None = temperature("highest battery temperature, °C", default=None)
    charged_min: int = number(2, "minutes charged", default=0)
    left_min: int = number(2, "minutes left; AC 0", default=0)
    energy_kwh: float = number(4, "energy of this order, kWh", decimals=4, default=0.0)
    energy_with_loss_kwh: float = number(4, "energy with loss, kWh", decimals=4, default=0.0)
    amount_yuan: float = number(4, "cost so far, yuan", decimals=4, default=0.0)
    faults: int = number(2, "hardware faults, bits", meaning=HardwareFault, default=0)
