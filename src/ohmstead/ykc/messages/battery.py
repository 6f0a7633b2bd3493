"""What charger and vehicle tell each other on DC (GB/T 27930), passed on by the pile.

Currents are as on the wire, 0.1 A without an offset: whether the −400 A of GB/T 27930 is in them depends on
the pile; see :func:`ohmstead.ykc.quirks.battery_current_a`.
"""

from __future__ import annotations

from ohmstead.ykc.codes import BatteryType, ChargeMode
from ohmstead.ykc.layout import (
    Direction,
    Message,
    Structure,
    bcd,
    message,
    number,
    part,
    raw,
    temperature,
    text,
)

UP = Direction.UP


@part
class _OfGun(Structure):
    """What all of these begin with."""

    serial: str = bcd(16, "order number")
    pile: str = bcd(7, "pile number")
    gun: str = bcd(1, "gun")


@message(0x15, "BMS handshake", UP)
class BmsHandshake(_OfGun, Message):
    """What the vehicle is."""

    bms_version: str = raw(3, "BMS protocol version")
    battery_type: int = number(1, "battery type", meaning=BatteryType)
    capacity_ah: float = number(2, "capacity, Ah", decimals=1)
    nominal_v: float = number(2, "rated voltage, V", decimals=1)
    maker: str = text(4, "battery maker")
    pack: str = raw(4, "pack number")
    year_since_1985: int = number(1, "year of manufacture − 1985")
    month: int = number(1, "month of manufacture")
    day: int = number(1, "day of manufacture")
    charges: int = number(3, "number of charges")
    owned: int = number(1, "0 leased, 1 own")
    reserved: int = number(1, "reserved", default=0)
    vin: str = text(17, "vehicle identification number")
    bms_software: str = raw(8, "BMS software version")


@message(0x17, "BMS parameters", UP)
class BmsParameters(_OfGun, Message):
    """What battery and charger allow."""

    max_cell_v: float = number(2, "highest cell voltage, V", decimals=2)
    max_raw_a: float = number(2, "highest current, A, offset by quirk", decimals=1)
    nominal_kwh: float = number(2, "nominal energy, kWh", decimals=1)
    max_total_v: float = number(2, "highest total voltage, V", decimals=1)
    max_c: float | None = temperature("highest temperature, °C")
    soc_percent: float = number(2, "SoC, %", decimals=1)
    total_v: float = number(2, "present voltage, V", decimals=1)
    charger_max_v: float = number(2, "charger's highest voltage, V", decimals=1)
    charger_min_v: float = number(2, "charger's lowest voltage, V", decimals=1)
    charger_max_raw_a: float = number(2, "charger's highest current, A, offset by quirk", decimals=1)
    charger_min_raw_a: float = number(2, "charger's lowest current, A, offset by quirk", decimals=1)


@message(0x19, "charge end", UP)
class BmsChargeEnd(_OfGun, Message):
    """The statistics of a session."""

    soc_percent: int = number(1, "SoC at the end, %")
    min_cell_v: float = number(2, "lowest cell voltage, V", decimals=2)
    max_cell_v: float = number(2, "highest cell voltage, V", decimals=2)
    min_c: float | None = temperature("lowest temperature, °C")
    max_c: float | None = temperature("highest temperature, °C")
    charged_min: int = number(2, "minutes charged")
    energy_kwh: float = number(2, "energy given out, kWh", decimals=1)
    charger: str = raw(4, "charger number")


@message(0x1B, "BMS error frame", UP)
class BmsError(_OfGun, Message):
    """Which message of the handshake did not come: 2 bits each, 0 normal, 1 timeout, 2 unreliable."""

    flags: str = raw(
        8,
        "per byte, low bits first: CRM 00, CRM AA; time sync + CRO ready; CCS, CST; CSD, other BMS; "
        "BRM; BCP, BRO; BCS, BCL, BST; BSD, other charger",
    )


@message(0x1D, "BMS abort", UP)
class BmsAbort(_OfGun, Message):
    """The vehicle stopped; bit pairs, low bits first."""

    reason: int = number(1, "SoC reached, voltage reached, cell voltage reached, charger stopped")
    fault: int = number(
        2, "insulation, connector hot, BMS hot, connector, battery hot, HV relay, CC2 voltage, other"
    )
    error: int = number(1, "over-current, voltage")


@message(0x21, "charger abort", UP)
class ChargerAbort(_OfGun, Message):
    """The charger stopped; bit pairs, low bits first."""

    reason: int = number(1, "condition reached, by hand, abnormal, BMS stopped")
    fault: int = number(
        2, "charger hot, connector, inside hot, energy not transferable, emergency stop, other"
    )
    error: int = number(1, "current mismatch, voltage")


@message(0x23, "BMS demand and charger output", UP)
class BmsDemand(_OfGun, Message):
    """Every 15 s while charging: what the vehicle wants and what it gets."""

    demand_v: float = number(2, "demanded voltage, V", decimals=1)
    demand_raw_a: float = number(2, "demanded current, A, offset by quirk", decimals=1)
    mode: int = number(1, "mode", meaning=ChargeMode)
    measured_v: float = number(2, "voltage that the vehicle measures, V", decimals=1)
    measured_raw_a: float = number(2, "current that the vehicle measures, A, offset by quirk", decimals=1)
    cell: int = number(2, "highest cell: low 12 bits 0.01 V, high 4 bits its group")
    soc_percent: int = number(1, "SoC, %")
    left_min: int = number(2, "minutes left")
    charger_v: float = number(2, "charger's voltage, V", decimals=1)
    charger_raw_a: float = number(2, "charger's current, A, offset by quirk", decimals=1)
    charged_min: int = number(2, "minutes charged")

    @property
    def cell_v(self) -> float:
        """The highest cell voltage, V."""
        return (self.cell & 0x0FFF) / 100


@message(0x25, "BMS information", UP)
class BmsInformation(_OfGun, Message):
    """Every 15 s while charging: the state of the battery."""

    highest_cell: int = number(1, "number of the highest cell", offset=1)
    max_c: float | None = temperature("highest temperature, °C")
    max_c_sensor: int = number(1, "its sensor")
    min_c: float | None = temperature("lowest temperature, °C")
    min_c_sensor: int = number(1, "its sensor")
    flags: int = number(
        2,
        "bit pairs, low bits first: cell voltage, SoC, over-current, hot; insulation, connector, "
        "charging (0 forbidden, 1 allowed), reserved",
    )
