"""Two rooms, their heating water and the building around them, as a network of heat capacities.

Each room has a node for air and furniture, one for the structure, and one for its emitter (a heated
floor or a radiator). One node of heating water feeds the emitters through valves.
"""

from __future__ import annotations

from dataclasses import dataclass

_J_PER_KWH = 3.6e6


@dataclass(frozen=True, kw_only=True, slots=True)
class RoomSpec:
    """One zone. Heat capacities in kWh/K, conductances in W/K."""

    target_c: float
    air_kwh_k: float
    structure_kwh_k: float
    emitter_kwh_k: float
    air_structure_w_k: float
    """ISO 13790: 3.45 W/(m²K) over 4.5 m² of surface per m² of floor."""
    air_outdoor_w_k: float
    structure_outdoor_w_k: float
    water_emitter_w_k: float
    emitter_w_k: float
    """Emitter to air at 1 K; with the exponent 1.3 of EN 442 for a radiator."""
    emitter_exponent: float
    band_k: float
    """Proportional band of the valve."""
    valve_s: float
    """Time constant of the actuator."""
    window_m2: float
    """Glass area times energy transmittance times frame and dirt."""
    gain_share: float
    """Of the internal gains."""
    airing_w_k: float
    """Through an open window."""


@dataclass(slots=True)
class RoomTwin:
    """State of one room; temperatures in °C, ``valve`` 0..1, energies since the start."""

    spec: RoomSpec
    air_c: float
    structure_c: float
    emitter_c: float
    valve: float = 0.0
    heat_kwh: float = 0.0
    """From the heating water."""
    gain_kwh: float = 0.0
    """From sun, people and appliances."""
    loss_kwh: float = 0.0
    """To the outdoors."""
    cold_kh: float = 0.0
    """Kelvin-hours colder than half a kelvin below the target."""

    @property
    def energy_kwh(self) -> float:
        """Heat above 0 °C, kWh."""
        s = self.spec
        return (
            s.air_kwh_k * self.air_c + s.structure_kwh_k * self.structure_c + s.emitter_kwh_k * self.emitter_c
        )

    def move_valve(self, dt_s: float, setpoint_c: float) -> None:
        """A proportional valve that closes at ``setpoint_c``."""
        wanted = (setpoint_c - self.air_c) / self.spec.band_k
        wanted = max(0.0, min(1.0, wanted))
        self.valve += (wanted - self.valve) * min(1.0, dt_s / self.spec.valve_s)

    def water_w(self, water_c: float) -> float:
        """Heat from the heating water into the emitter; a check valve keeps it from flowing back."""
        return max(0.0, self.valve * self.spec.water_emitter_w_k * (water_c - self.emitter_c))

    def integrate(
        self,
        dt_s: float,
        *,
        water_w: float,
        outdoor_c: float,
        solar_w_m2: float,
        internal_w: float,
        neighbour_w: float,
        window_open: bool,
    ) -> None:
        """Move the heat of one interval. ``neighbour_w`` flows in from the other room."""
        s = self.spec
        air, structure, emitter = self.air_c, self.structure_c, self.emitter_c
        lift = emitter - air
        emitted = s.emitter_w_k * (
            lift if s.emitter_exponent == 1.0 else _signed_power(lift, s.emitter_exponent)
        )
        to_structure = s.air_structure_w_k * (air - structure)
        # People close the blinds when it gets warm, and open the window if that helps.
        blinds = 1.0 if air < 23.5 else 0.25
        conductance = s.air_outdoor_w_k
        if window_open or (air > 24.0 and outdoor_c < air - 1.0):
            conductance += s.airing_w_k
        air_loss = conductance * (air - outdoor_c)
        structure_loss = s.structure_outdoor_w_k * (structure - outdoor_c)
        gain = s.window_m2 * blinds * solar_w_m2 + s.gain_share * internal_w
        k = dt_s / _J_PER_KWH
        self.air_c = air + (emitted - to_structure - air_loss + 0.5 * gain + neighbour_w) * k / s.air_kwh_k
        self.structure_c = structure + (to_structure - structure_loss + 0.5 * gain) * k / s.structure_kwh_k
        self.emitter_c = emitter + (water_w - emitted) * k / s.emitter_kwh_k
        self.heat_kwh += water_w * k
        self.gain_kwh += gain * k
        self.loss_kwh += (air_loss + structure_loss) * k
        cold = s.target_c - 0.5 - self.air_c
        if cold > 0.0:
            self.cold_kh += cold * dt_s / 3600.0


def _signed_power(x: float, exponent: float) -> float:
    return float(x**exponent) if x >= 0.0 else -float((-x) ** exponent)


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatingSpec:
    """What the rooms share."""

    water_kwh_k: float = 0.12
    """Buffer, pipes and the heat pump's own water: 100 l."""
    between_rooms_w_k: float = 60.0
    hysteresis_k: float = 0.3
    released_offset_k: float = 0.3
    """Valves close at the target plus this when the heat pump runs by itself."""


@dataclass(slots=True)
class HeatingTwin:
    """The heating water and its rooms. ``overheat_k`` per room is how far commanded heat may go."""

    spec: HeatingSpec
    rooms: tuple[RoomTwin, ...]
    overheat_k: tuple[float, ...]
    water_c: float
    demand: bool = False
    """The thermostat: a room is too cold."""

    @property
    def energy_kwh(self) -> float:
        """Heat above 0 °C in water and rooms, kWh."""
        return self.spec.water_kwh_k * self.water_c + sum(r.energy_kwh for r in self.rooms)

    def thermostat(self) -> bool:
        """Hysteresis on the colder room's error; the heat pump's own demand."""
        error = max(r.spec.target_c - r.air_c for r in self.rooms)
        if error > self.spec.hysteresis_k:
            self.demand = True
        elif error < -self.spec.hysteresis_k:
            self.demand = False
        return self.demand

    def integrate(
        self,
        dt_s: float,
        *,
        heat_w: float,
        commanded: bool,
        outdoor_c: float,
        solar_w_m2: tuple[float, ...],
        internal_w: float,
        windows_open: tuple[bool, ...],
    ) -> None:
        """Move the heat of one interval; ``heat_w`` comes from the heat pump."""
        into_rooms = 0.0
        living, bedroom = self.rooms
        across = self.spec.between_rooms_w_k * (living.air_c - bedroom.air_c)
        for i, room in enumerate(self.rooms):
            offset = self.overheat_k[i] if commanded else self.spec.released_offset_k
            room.move_valve(dt_s, room.spec.target_c + offset)
            water_w = room.water_w(self.water_c)
            into_rooms += water_w
            room.integrate(
                dt_s,
                water_w=water_w,
                outdoor_c=outdoor_c,
                solar_w_m2=solar_w_m2[i],
                internal_w=internal_w,
                neighbour_w=-across if i == 0 else across,
                window_open=windows_open[i],
            )
        self.water_c += (heat_w - into_rooms) * dt_s / (_J_PER_KWH * self.spec.water_kwh_k)
