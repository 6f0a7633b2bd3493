"""The things that a home's assets are: their classes, with the interfaces and states of libnymea.

Names, types and units of the states are those of nymea's interface definitions (libnymea/interfaces).
"""

from __future__ import annotations

from typing import Any

from ohmstead.core.site import (
    Asset,
    Battery,
    ChargePoint,
    FlexibleLoad,
    HeatPump,
    HotWaterTank,
    Load,
    PvSystem,
    Room,
)
from ohmstead.nymea.identity import id_of
from ohmstead.nymea.site_values import ActionType, EventType, ParamType, StateType, ThingClass

AUTOMATIC = "automatic"
"""The action that takes a command by hand back."""
SG_READY = ("Off", "Low", "Standard", "High")
"""States of the heat pump, after the label SG Ready of the Bundesverband Wärmepumpe."""
BATTERY_STATES = ("idle", "charging", "discharging")


def _state(owner: str, name: str, kind: str, default: Any, words: str, **more: Any) -> StateType:
    return StateType(
        id=id_of("state", f"{owner}.{name}"),
        name=name,
        display_name=words,
        type=kind,
        default=default,
        **more,
    )


def _watts(owner: str, name: str = "currentPower", words: str = "Current power") -> StateType:
    return _state(owner, name, "Double", 0.0, words, unit="UnitWatt")


def _kwh(owner: str, name: str, words: str) -> StateType:
    return _state(owner, name, "Double", 0.0, words, unit="UnitKiloWattHour")


def _celsius(owner: str, name: str, words: str) -> StateType:
    return _state(owner, name, "Double", 0.0, words, unit="UnitDegreeCelsius")


def _connected(owner: str) -> StateType:
    return _state(owner, "connected", "Bool", False, "Connected")


def _consumer(owner: str) -> tuple[StateType, ...]:
    """What a ``smartmeterconsumer`` that is ``connectable`` tells."""
    return (
        _connected(owner),
        _watts(owner),
        _kwh(owner, "totalEnergyConsumed", "Total consumed energy"),
    )


def _power(owner: str) -> StateType:
    return _state(owner, "power", "Bool", False, "Power", writable=True)


def _automatic(owner: str) -> tuple[ActionType, ...]:
    return (
        ActionType(
            id=id_of("action", f"{owner}.{AUTOMATIC}"), name=AUTOMATIC, display_name="Back to automatic"
        ),
    )


LIMITED = EventType(
    id=id_of("event", "limited"),
    name="limited",
    display_name="Held back by a limit",
    params=(
        ParamType(id=id_of("param", "limited.limit"), name="limit", display_name="Limit"),
        ParamType(id=id_of("param", "limited.rule"), name="rule", display_name="Rule that wanted more"),
    ),
)
"""A limit of the house begins to cut what a rule, or a person, wanted of a thing."""


def _soc(owner: str) -> tuple[StateType, ...]:
    """What extends ``battery``."""
    return (
        _state(
            owner,
            "batteryLevel",
            "Int",
            0,
            "Battery level",
            unit="UnitPercentage",
            min_value=0,
            max_value=100,
        ),
        _state(owner, "batteryCritical", "Bool", False, "Battery level critical"),
        _state(owner, "chargingState", "String", "idle", "Charging state", possible_values=BATTERY_STATES),
        _kwh(owner, "capacity", "Capacity"),
    )


def _meter_states() -> tuple[StateType, ...]:
    phases = []
    for phase in "ABC":
        phases += [
            _state(
                "meter", f"currentPhase{phase}", "Double", 0.0, f"Current phase {phase}", unit="UnitAmpere"
            ),
            _state(
                "meter", f"voltagePhase{phase}", "Double", 230.0, f"Voltage phase {phase}", unit="UnitVolt"
            ),
            _watts("meter", f"currentPowerPhase{phase}", f"Current power phase {phase}"),
        ]
    return (
        _connected("meter"),
        _watts("meter"),
        _kwh("meter", "totalEnergyConsumed", "Total consumed energy"),
        _kwh("meter", "totalEnergyProduced", "Total produced energy"),
        *phases,
    )


METER = ThingClass(
    id=id_of("class", "meter"),
    name="meter",
    display_name="Grid meter",
    interfaces=("energymeter", "connectable"),
    state_types=_meter_states(),
)
CAR = ThingClass(
    id=id_of("class", "car"),
    name="car",
    display_name="Electric vehicle",
    interfaces=("electricvehicle", "battery"),
    state_types=(
        *_soc("car"),
        _state("car", "pluggedIn", "Bool", False, "Plugged in"),
        _state("car", "phaseCount", "Uint", 3, "Phases", min_value=1, max_value=3),
    ),
)
_CHARGER_STATES = (
    *_consumer("charger"),
    _power("charger"),
    _state(
        "charger",
        "maxChargingCurrent",
        "Double",
        6.0,
        "Maximum charging current",
        unit="UnitAmpere",
        writable=True,
        min_value=6.0,
        max_value=80.0,
    ),
    _state("charger", "pluggedIn", "Bool", False, "Plugged in"),
    _state("charger", "charging", "Bool", False, "Charging"),
    _state("charger", "phaseCount", "Uint", 3, "Phases", min_value=1, max_value=3),
    _kwh("charger", "sessionEnergy", "Energy of this session"),
)
_EV_INTERFACES = ("evcharger", "smartmeterconsumer", "connectable")
CHARGER = ThingClass(
    id=id_of("class", "charger"),
    name="charger",
    display_name="Charging station",
    interfaces=_EV_INTERFACES,
    state_types=_CHARGER_STATES,
    action_types=_automatic("charger"),
    event_types=(LIMITED,),
)
SWITCHING_CHARGER = ThingClass(
    id=id_of("class", "switching_charger"),
    name="switchingCharger",
    display_name="Charging station that changes phases",
    interfaces=_EV_INTERFACES,
    state_types=(
        *_CHARGER_STATES,
        _state(
            "charger",
            "desiredPhaseCount",
            "Uint",
            3,
            "Desired phases",
            writable=True,
            min_value=1,
            max_value=3,
            possible_values=(1, 3),
        ),
    ),
    action_types=_automatic("charger"),
    event_types=(LIMITED,),
)
BATTERY = ThingClass(
    id=id_of("class", "battery"),
    name="battery",
    display_name="House battery",
    interfaces=("energystorage", "battery", "smartmeter", "connectable"),
    state_types=(_connected("battery"), _watts("battery"), *_soc("battery")),
    event_types=(LIMITED,),
)
PV = ThingClass(
    id=id_of("class", "pv"),
    name="pv",
    display_name="Solar",
    interfaces=("solarinverter", "smartmeterproducer", "connectable"),
    state_types=(
        _connected("pv"),
        _watts("pv"),
        _kwh("pv", "totalEnergyProduced", "Total produced energy"),
    ),
)
TANK = ThingClass(
    id=id_of("class", "tank"),
    name="tank",
    display_name="Hot water",
    interfaces=("heating", "temperaturesensor", "smartmeterconsumer", "connectable"),
    state_types=(
        *_consumer("tank"),
        _power("tank"),
        _state(
            "tank",
            "percentage",
            "Int",
            0,
            "Heating power",
            unit="UnitPercentage",
            writable=True,
            min_value=0,
            max_value=100,
        ),
        _celsius("tank", "temperature", "Temperature"),
    ),
    action_types=_automatic("tank"),
    event_types=(LIMITED,),
)
HEAT_PUMP = ThingClass(
    id=id_of("class", "heat_pump"),
    name="heatPump",
    display_name="Heat pump",
    interfaces=("smartgridheatpump", "heatpump", "smartmeterconsumer", "connectable"),
    state_types=(
        *_consumer("heat_pump"),
        _state(
            "heat_pump",
            "sgReadyMode",
            "String",
            "Standard",
            "SG Ready mode",
            writable=True,
            possible_values=SG_READY,
        ),
        _celsius("heat_pump", "outdoorTemperature", "Outdoor temperature"),
        _celsius("heat_pump", "flowTemperature", "Flow temperature"),
    ),
    action_types=_automatic("heat_pump"),
    event_types=(LIMITED,),
)
ROOM = ThingClass(
    id=id_of("class", "room"),
    name="room",
    display_name="Room",
    interfaces=("thermostat", "temperaturesensor", "connectable"),
    state_types=(
        _connected("room"),
        _celsius("room", "temperature", "Temperature"),
        _celsius("room", "targetTemperature", "Target temperature"),
        _state("room", "windowOpenDetected", "Bool", False, "Window open"),
    ),
)
SOCKET = ThingClass(
    id=id_of("class", "socket"),
    name="socket",
    display_name="Flexible load",
    interfaces=("powersocket", "smartmeterconsumer", "connectable"),
    state_types=(*_consumer("socket"), _power("socket")),
    action_types=_automatic("socket"),
)
HOUSEHOLD = ThingClass(
    id=id_of("class", "household"),
    name="household",
    display_name="Household",
    interfaces=("smartmeterconsumer", "connectable"),
    state_types=_consumer("household"),
)

CLASSES = (
    METER,
    PV,
    BATTERY,
    CHARGER,
    SWITCHING_CHARGER,
    CAR,
    TANK,
    HEAT_PUMP,
    ROOM,
    SOCKET,
    HOUSEHOLD,
)

_OF: dict[type[Asset], ThingClass] = {
    PvSystem: PV,
    Battery: BATTERY,
    HotWaterTank: TANK,
    HeatPump: HEAT_PUMP,
    Room: ROOM,
    FlexibleLoad: SOCKET,
    Load: HOUSEHOLD,
}


def class_of(asset: Asset) -> ThingClass:
    """The class of the thing that an asset is."""
    if isinstance(asset, ChargePoint):
        return SWITCHING_CHARGER if asset.phase_switching else CHARGER
    return _OF[type(asset)]
