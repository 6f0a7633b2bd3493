"""What a gun reports: realtime data, and on DC what charger and vehicle tell each other."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from ohmstead.ykc.codes import ChargeMode, GunStatus, InHolder
from ohmstead.ykc.layout import most_of
from ohmstead.ykc.messages.battery import BmsDemand, BmsInformation
from ohmstead.ykc.messages.realtime import NO_SERIAL, Realtime
from ohmstead.ykc.pile.facts import GunReading
from ohmstead.ykc.pile.order import Order, as_on_wire

_MOST = most_of(2, 1)
_CHARGING_ALLOWED = 0b01 << 12


class Reporting(Protocol):
    """What of a gun is reported."""

    code: str
    plugged: bool
    faults: int
    reading: GunReading
    order: Order | None

    @property
    def status(self) -> GunStatus:
        """What it does."""
        ...


def realtime(gun: Reporting, pile: str, wall: datetime) -> Realtime:
    """Realtime data of a gun; where nothing is charged the measured values are 0."""
    order, reading = gun.order, gun.reading
    if order is None or order.began is None:
        return Realtime(
            serial=order.serial if order else NO_SERIAL,
            pile=pile,
            gun=gun.code,
            status=gun.status,
            in_holder=InHolder.NO if gun.plugged else InHolder.YES,
            plugged=int(gun.plugged),
            faults=gun.faults,
        )
    return Realtime(
        serial=order.serial,
        pile=pile,
        gun=gun.code,
        status=gun.status,
        in_holder=InHolder.NO,
        plugged=int(gun.plugged),
        voltage_v=_capped(reading.voltage_v),
        current_a=_capped(reading.current_a),
        cable_c=reading.cable_c,
        soc_percent=reading.soc_percent,
        battery_c=reading.battery_c,
        charged_min=order.charged_min(wall),
        left_min=reading.left_min,
        energy_kwh=as_on_wire(order.energy_kwh),
        energy_with_loss_kwh=as_on_wire(order.energy_kwh),
        amount_yuan=as_on_wire(order.amount_yuan),
        faults=gun.faults,
    )


def battery_demand(reading: GunReading, order: Order, pile: str, wall: datetime) -> BmsDemand:
    """What the vehicle asks for and gets; currents without the offset of GB/T 27930."""
    return BmsDemand(
        serial=order.serial,
        pile=pile,
        gun=order.gun,
        demand_v=_capped(reading.demand_v),
        demand_raw_a=_capped(reading.demand_a),
        mode=ChargeMode.CONSTANT_CURRENT,
        measured_v=_capped(reading.voltage_v),
        measured_raw_a=_capped(reading.current_a),
        cell=0,
        soc_percent=reading.soc_percent,
        left_min=reading.left_min,
        charger_v=_capped(reading.voltage_v),
        charger_raw_a=_capped(reading.current_a),
        charged_min=order.charged_min(wall),
    )


def battery_information(reading: GunReading, order: Order, pile: str) -> BmsInformation:
    """The state of the battery, as far as the electronics know it."""
    return BmsInformation(
        serial=order.serial,
        pile=pile,
        gun=order.gun,
        highest_cell=1,
        max_c=reading.battery_c,
        max_c_sensor=1,
        min_c=reading.battery_c,
        min_c_sensor=1,
        flags=_CHARGING_ALLOWED,
    )


def _capped(value: float) -> float:
    """A voltage or current as two bytes with one decimal can carry it."""
    return max(0.0, min(_MOST, value))
