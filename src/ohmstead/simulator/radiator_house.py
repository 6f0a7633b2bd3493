"""A radiator house: rooms with hot water always at hand, TRVs and battery sensors.

The boiler belongs to someone else, and holds 60 °C. The radiators were sized before the house was
insulated, as in most refurbished houses, so they heat fast and go on for long after the valve closed. Each
room has the three nodes of `ohmstead.simulator.rooms`, a valve that takes its stroke's time and a sensor
that lags and rounds. Rooms exchange no heat with each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from ohmstead.simulator.dataset import tabula_house
from ohmstead.simulator.radiator_devices import SensorSpec, SensorTwin, ValveSpec, ValveTwin
from ohmstead.simulator.rooms import RoomSpec, RoomTwin

_BUILDING = "DE.N.SFH.06.Gen.ReEx.001.002"
"""Built 1969 to 1978, usual refurbishment: 1.65 W/K per square metre."""
_FAST_CAPACITY_WH_M2K = 15.0
"""Air, furniture and the surfaces that follow at once, as in the demo house."""
_SURFACE_W_M2K = 3.45 * 4.5
"""ISO 13790, 7.2.2.2: between air and structure, per square metre of floor."""
_RADIATOR_J_K_PER_W = 22.0
"""Steel panel type 22: 18 kg of steel and 3.4 l of water for each kW at 75/65/20."""
_EN442_EXPONENT = 1.3
_EN442_LIFT_K = 50.0
SUPPLY_C = 60.0
"""Of the boiler, and what the radiators were sized for."""
_DESIGN_OUTDOOR_C, _DESIGN_RETURN_C = -12.0, 45.0


@dataclass(frozen=True, kw_only=True, slots=True)
class RadiatorRoomSpec:
    """One room of the radiator house."""

    name: str
    area_m2: float
    target_c: float
    window_m2: float
    """Glass to the south times energy transmittance times frame and dirt."""
    oversize: float = 1.45
    """Radiator over the heat loss on the coldest day."""
    supply_c: float = SUPPLY_C
    """What the boiler really holds."""
    valve: ValveSpec = field(default_factory=ValveSpec)
    sensor: SensorSpec = field(default_factory=SensorSpec)


ROOMS = (
    RadiatorRoomSpec(name="living", area_m2=28.0, target_c=21.0, window_m2=1.2),
    RadiatorRoomSpec(name="kitchen", area_m2=14.0, target_c=20.5, window_m2=0.4, oversize=1.65),
    RadiatorRoomSpec(name="bedroom", area_m2=16.0, target_c=19.0, window_m2=0.6, oversize=1.3),
)


def other_houses() -> dict[str, tuple[RadiatorRoomSpec, ...]]:
    """Houses that the regulator was not made on; each differs in one thing."""
    return {
        "radiators a fifth smaller": tuple(replace(r, oversize=0.8 * r.oversize) for r in ROOMS),
        "radiators a fifth larger": tuple(replace(r, oversize=1.2 * r.oversize) for r in ROOMS),
        "water at 52 °C": tuple(replace(r, supply_c=52.0) for r in ROOMS),
        "valves of 3 min, radio every minute": tuple(
            replace(r, valve=ValveSpec(stroke_s=180.0, listen_s=60.0)) for r in ROOMS
        ),
        "sensor with 8 min of lag": tuple(replace(r, sensor=SensorSpec(lag_s=480.0)) for r in ROOMS),
        "sensor with steps of 0.2 K": tuple(replace(r, sensor=SensorSpec(resolution_k=0.2)) for r in ROOMS),
    }


def room_spec(spec: RadiatorRoomSpec) -> RoomSpec:
    """The physics of a room: TABULA's losses by area, a radiator sized for the coldest day by EN 442."""
    house = tabula_house(_BUILDING)
    windows_w_m2k = 0.4 * house.transmission_w_m2k
    walls_w_m2k = house.transmission_w_m2k - windows_w_m2k
    loss_w_k = spec.area_m2 * (house.transmission_w_m2k + house.ventilation_w_m2k)
    design_w = spec.oversize * loss_w_k * (spec.target_c - _DESIGN_OUTDOOR_C)
    mean_lift_k = (SUPPLY_C + _DESIGN_RETURN_C) / 2.0 - spec.target_c
    emitter_w_k = design_w / mean_lift_k**_EN442_EXPONENT
    nominal_w = emitter_w_k * _EN442_LIFT_K**_EN442_EXPONENT
    return RoomSpec(
        target_c=spec.target_c,
        air_kwh_k=_FAST_CAPACITY_WH_M2K * spec.area_m2 / 1000.0,
        structure_kwh_k=house.capacity_wh_m2k * spec.area_m2 / 1000.0,
        emitter_kwh_k=_RADIATOR_J_K_PER_W * nominal_w / 3.6e6,
        air_structure_w_k=_SURFACE_W_M2K * spec.area_m2,
        air_outdoor_w_k=(house.ventilation_w_m2k + windows_w_m2k) * spec.area_m2,
        structure_outdoor_w_k=walls_w_m2k * spec.area_m2 / (1.0 - walls_w_m2k / _SURFACE_W_M2K),
        # Supply minus mean radiator temperature is half the spread.
        water_emitter_w_k=design_w / ((SUPPLY_C - _DESIGN_RETURN_C) / 2.0),
        emitter_w_k=emitter_w_k,
        emitter_exponent=_EN442_EXPONENT,
        band_k=1.0,
        valve_s=spec.valve.stroke_s,
        window_m2=spec.window_m2,
        gain_share=1.0,
        airing_w_k=60.0,
    )


@dataclass(slots=True)
class RadiatorRoom:
    """State of a room: heat, valve, sensor and window."""

    spec: RadiatorRoomSpec
    heat: RoomTwin
    valve: ValveTwin
    sensor: SensorTwin
    window_open: bool = False

    @classmethod
    def settled(cls, spec: RadiatorRoomSpec, outdoor_c: float) -> RadiatorRoom:
        """A room that has been at its target for long, with the valve closed."""
        physics = room_spec(spec)
        inside, outside = physics.air_structure_w_k, physics.structure_outdoor_w_k
        structure_c = (inside * spec.target_c + outside * outdoor_c) / (inside + outside)
        heat = RoomTwin(
            spec=physics, air_c=spec.target_c, structure_c=structure_c, emitter_c=spec.target_c + 5.0
        )
        sensor = SensorTwin(spec=spec.sensor, housing_c=spec.target_c, reported_c=spec.target_c)
        return cls(
            spec=spec,
            heat=heat,
            valve=ValveTwin(spec=spec.valve, setpoint_c=spec.valve.min_c),
            sensor=sensor,
        )

    def snapshot(self) -> dict[str, Any]:
        """The room as JSON types; a command on its way to the valve is left out."""
        return {
            "air_c": self.heat.air_c,
            "structure_c": self.heat.structure_c,
            "emitter_c": self.heat.emitter_c,
            "opening": self.valve.opening,
            "setpoint_c": self.valve.setpoint_c,
            "mode": self.valve.mode,
            "housing_c": self.sensor.housing_c,
            "reported_c": self.sensor.reported_c,
            "window_open": self.window_open,
        }

    def restore(self, snapshot: dict[str, Any]) -> None:
        """Take up a :meth:`snapshot`.

        Raises:
            ValueError, KeyError, TypeError: it is none; the room is as before.
        """
        numbers = ("air_c", "structure_c", "emitter_c", "opening", "setpoint_c", "housing_c", "reported_c")
        found = {name: float(snapshot[name]) for name in numbers}
        mode, window_open = str(snapshot["mode"]), bool(snapshot["window_open"])
        heat, valve, sensor = self.heat, self.valve, self.sensor
        heat.air_c, heat.structure_c = found["air_c"], found["structure_c"]
        heat.emitter_c = found["emitter_c"]
        valve.opening, valve.setpoint_c, valve.mode = found["opening"], found["setpoint_c"], mode
        sensor.housing_c, sensor.reported_c = found["housing_c"], found["reported_c"]
        self.window_open = window_open

    def move(self, now_s: float, dt_s: float, *, outdoor_c: float, sun_w_m2: float, people_w: float) -> bool:
        """Move everything for ``dt_s`` up to ``now_s``; True when the sensor reported."""
        self.valve.move(now_s, dt_s, self.heat.air_c)
        self.heat.valve = self.valve.flow
        self.heat.integrate(
            dt_s,
            water_w=self.heat.water_w(self.spec.supply_c),
            outdoor_c=outdoor_c,
            solar_w_m2=sun_w_m2,
            internal_w=people_w,
            neighbour_w=0.0,
            window_open=self.window_open,
        )
        return self.sensor.move(now_s, dt_s, self.heat.air_c)
