"""An air/water heat pump: its map, its compressor's rules, frost on its evaporator."""

from __future__ import annotations

from dataclasses import dataclass

from ohmstead.simulator.actuator import CommandLatch
from ohmstead.simulator.dataset import HplibCoefficients, air_water_regulated


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatPumpSpec:
    """Electrical powers include fan and circulation pump while the compressor runs."""

    min_w: float = 600.0
    max_w: float = 2500.0
    standby_w: float = 10.0
    min_on_s: float = 900.0
    """What the compressor's own electronics insist on; a site may ask for more."""
    min_off_s: float = 600.0
    max_supply_c: float = 52.0
    """High-pressure protection: above it the compressor stops, whatever its running time."""
    reaction_s: float = 5.0
    slew_w_per_s: float = 20.0
    defrost_s: float = 270.0
    frost_full_s: float = 2700.0
    """Running time until the evaporator is iced up at the worst outdoor temperature, +1 °C."""
    defrost_heat_share: float = 0.6
    """Heat taken back from the heating water during a defrost, over the heat given before it."""
    curve_base_c: float = 26.0
    curve_k_per_k: float = 0.55
    """Own heating curve when released: supply = base + slope · (20 − outdoor)."""
    curve_gain_w_per_k: float = 150.0


def cop(c: HplibCoefficients, outdoor_c: float, supply_c: float) -> float:
    """COP of the generic regulated air/water heat pump, at least 1 and at most 7.

    Source: hplib (T. Tjaden, H. Hoops), ``COP = p1·T_in + p2·T_out + p3 + p4·T_amb`` with the outdoor
    air as source; ice and auxiliaries are in its coefficients.
    """
    p1, p2, p3, p4 = c.cop
    return max(1.0, min(7.0, (p1 + p4) * outdoor_c + p2 * supply_c + p3))


def load_share(c: HplibCoefficients, outdoor_c: float, supply_c: float) -> float:
    """Electrical power along the design load of EN 14825, over that at −7 °C / 52 °C (hplib)."""
    p1, p2, p3, p4 = c.power
    return (p1 + p4) * outdoor_c + p2 * supply_c + p3


def frost_rate(outdoor_c: float) -> float:
    """How fast the evaporator ices up, 0..1: a triangle between −7 and +5 °C, worst at +1 °C."""
    return max(0.0, 1.0 - abs(outdoor_c - 1.0) / (8.0 if outdoor_c < 1.0 else 4.0))


class HeatPumpTwin:
    """State: compressor, time since it switched, ice. Released it follows its thermostat and curve."""

    def __init__(self, spec: HeatPumpSpec) -> None:
        self.spec = spec
        self.latch = CommandLatch()
        self.power_w = spec.standby_w
        self.thermal_w = 0.0
        self.running = False
        self.since_s = 1e6
        """Seconds since the compressor started or stopped."""
        self.frost = 0.0
        self.defrost_s = 0.0
        """Left of the defrost that is going on."""
        self.compressor_w = 0.0
        self.heat_kwh = 0.0
        self.starts = 0
        self._map = air_water_regulated()

    def curve_c(self, outdoor_c: float) -> float:
        """Supply temperature of the own heating curve, °C."""
        s = self.spec
        return max(26.0, min(46.0, s.curve_base_c + s.curve_k_per_k * (20.0 - outdoor_c)))

    def full_w(self, outdoor_c: float, supply_c: float) -> float:
        """The strongest electrical power: full speed takes less across a smaller lift, W."""
        lift = supply_c - outdoor_c
        return self.spec.max_w * max(0.75, min(1.0, 0.6 + 0.008 * lift))

    def cop(self, outdoor_c: float, supply_c: float, power_w: float) -> float:
        """COP at a power: hplib's, a little better at half load and worse at both ends.

        The shape over the load (+4 % at half, −4 % at full load) is the twin's own, drawn from the
        usual form of inverter compressors. Between defrosts it is better by what the defrosts cost,
        because hplib's figure is a mean over both.
        """
        share = power_w / self.spec.max_w
        shape = 1.04 - 0.32 * (share - 0.5) ** 2
        between_defrosts = 1.0 + 0.16 * frost_rate(outdoor_c)
        return cop(self._map, outdoor_c, supply_c) * shape * between_defrosts

    def _wanted_w(self, outdoor_c: float, supply_c: float, demand: bool) -> float:
        target = self.latch.target
        if target is not None:
            return target
        curve = self.curve_c(outdoor_c)
        if not demand or supply_c > curve + 5.0 or (not self.running and supply_c > curve - 2.0):
            return 0.0
        expected = self.spec.max_w * load_share(self._map, outdoor_c, curve)
        return max(self.spec.min_w, expected + self.spec.curve_gain_w_per_k * (curve - supply_c))

    def _switch(self, running: bool) -> None:
        if running != self.running:
            self.running = running
            self.since_s = 0.0
            self.starts += running
            self.compressor_w = self.spec.min_w if running else 0.0
            self.defrost_s = 0.0

    def settling(self, outdoor_c: float, supply_c: float, dt_s: float) -> bool:
        """The compressor's speed is still on its way and would not get there in ``dt_s``."""
        target = self.latch.target
        if not self.running or target is None:
            return False
        goal = max(self.spec.min_w, min(self.full_w(outdoor_c, supply_c), target))
        return abs(goal - self.compressor_w) > self.spec.slew_w_per_s * dt_s

    def advance(self, now_s: float, dt_s: float, outdoor_c: float, supply_c: float, demand: bool) -> None:
        """Choose the powers for [now, now + dt). ``demand``: a room asks for heat."""
        s = self.spec
        self.latch.update(now_s)
        wanted = self._wanted_w(outdoor_c, supply_c, demand)
        if self.running:
            may_stop = self.since_s >= s.min_on_s
            if supply_c > s.max_supply_c or (wanted < 0.98 * s.min_w and may_stop):
                self._switch(running=False)
        elif wanted >= 0.98 * s.min_w and self.since_s >= s.min_off_s and supply_c < s.max_supply_c - 5.0:
            self._switch(running=True)
        self.since_s += dt_s
        if not self.running:
            self.power_w = s.standby_w
            self.thermal_w = 0.0
            return
        goal = max(s.min_w, min(self.full_w(outdoor_c, supply_c), wanted))
        step = s.slew_w_per_s * dt_s
        self.compressor_w += max(-step, min(step, goal - self.compressor_w))
        heat = self.compressor_w * self.cop(outdoor_c, supply_c, self.compressor_w)
        if self.defrost_s > 0.0:
            self.defrost_s -= dt_s
            self.power_w = max(s.min_w, 0.6 * self.compressor_w)
            self.thermal_w = -s.defrost_heat_share * heat
        else:
            self.power_w = self.compressor_w
            self.thermal_w = heat
            self.frost += frost_rate(outdoor_c) * dt_s / s.frost_full_s
            if self.frost >= 1.0:
                self.frost = 0.0
                self.defrost_s = s.defrost_s
        self.heat_kwh += self.thermal_w * dt_s / 3.6e6

    def cut(self, dt_s: float) -> None:
        """No mains: the compressor stops at once and waits its time afterwards."""
        self._switch(running=False)
        self.since_s += dt_s
        self.power_w = 0.0
        self.thermal_w = 0.0
