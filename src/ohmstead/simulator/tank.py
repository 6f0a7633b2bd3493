"""A hot-water tank of two layers with an electric heater in the lower one."""

from __future__ import annotations

from dataclasses import dataclass

from ohmstead.core.units import WATER_KWH_PER_L_K
from ohmstead.simulator.actuator import CommandLatch

_J_PER_L_K = WATER_KWH_PER_L_K * 3.6e6


@dataclass(frozen=True, kw_only=True, slots=True)
class TankSpec:
    """Losses are of the whole tank and split by volume; the sensor sits in the upper third."""

    volume_l: float = 200.0
    upper_share: float = 0.55
    stages_w: tuple[float, ...] = (1000.0, 2000.0, 3000.0)
    loss_w_per_k: float = 1.6
    mixing_w_per_k: float = 4.0
    """Conduction through water and wall between the layers."""
    ambient_c: float = 18.0
    cold_c: float = 12.0
    use_c: float = 40.0
    """Water colder than this is a hot-water shortage."""
    target_c: float = 55.0
    hysteresis_k: float = 3.0
    limiter_c: float = 72.0
    """Its own safety cut-out at the heater."""
    sensor_upper_share: float = 0.8
    reaction_s: float = 1.0


class TankTwin:
    """State: two temperatures, the relay. Released, its own thermostat switches full power."""

    def __init__(self, spec: TankSpec, temperature_c: float) -> None:
        self.spec = spec
        self.latch = CommandLatch()
        self.upper_c = temperature_c
        self.lower_c = temperature_c - 1.0
        self.power_w = 0.0
        self.heating = False
        """What the thermostat wants."""
        self.limited = False
        """The limiter has cut out, until the heater has cooled by 5 K."""
        self.drawn_kwh = 0.0
        """Useful heat delivered."""
        self.short_kwh = 0.0
        """Useful heat asked for and not delivered."""
        self.loss_kwh = 0.0

    @property
    def sensor_c(self) -> float:
        """What the sensor in the upper third sees, °C."""
        share = self.spec.sensor_upper_share
        return share * self.upper_c + (1.0 - share) * self.lower_c

    @property
    def energy_kwh(self) -> float:
        """Heat above 0 °C, kWh."""
        s = self.spec
        upper = s.volume_l * s.upper_share
        return WATER_KWH_PER_L_K * (upper * self.upper_c + (s.volume_l - upper) * self.lower_c)

    def _stage_w(self, power_w: float) -> float:
        """The strongest stage that is not above a power."""
        return max((s for s in self.spec.stages_w if s <= power_w + 0.5), default=0.0)

    def decide(self, now_s: float) -> None:
        """Choose the relay's stage for the coming interval."""
        s = self.spec
        self.latch.update(now_s)
        sensor = self.sensor_c
        if sensor < s.target_c - s.hysteresis_k:
            self.heating = True
        elif sensor > s.target_c + s.hysteresis_k:
            self.heating = False
        if self.lower_c > s.limiter_c:
            self.limited = True
        elif self.lower_c < s.limiter_c - 5.0:
            self.limited = False
        target = self.latch.target
        power = max(s.stages_w) * self.heating if target is None else self._stage_w(target)
        self.power_w = 0.0 if self.limited else power

    def integrate(self, dt_s: float, draw_w: float) -> None:
        """Move the heat of [now, now + dt): heater, losses, mixing, and ``draw_w`` of useful heat."""
        s = self.spec
        upper_l = s.volume_l * s.upper_share
        lower_l = s.volume_l - upper_l
        upper_j, lower_j = upper_l * _J_PER_L_K, lower_l * _J_PER_L_K
        upper, lower = self.upper_c, self.lower_c
        mixing = s.mixing_w_per_k * (upper - lower)
        loss_upper = s.loss_w_per_k * s.upper_share * (upper - s.ambient_c)
        loss_lower = s.loss_w_per_k * (1.0 - s.upper_share) * (lower - s.ambient_c)
        if draw_w > 0.0:
            # Litres that carry the wanted heat above cold; water below use_c would be run in vain.
            wanted_j = draw_w * dt_s
            litres = min(
                wanted_j / (_J_PER_L_K * (max(upper, s.use_c) - s.cold_c)), 0.5 * upper_l, 0.5 * lower_l
            )
            given_j = litres * _J_PER_L_K * (upper - s.cold_c)
            self.drawn_kwh += given_j / 3.6e6
            if wanted_j - given_j > 1.0:
                self.short_kwh += (wanted_j - given_j) / 3.6e6
            upper += litres / upper_l * (self.lower_c - self.upper_c)
            lower += litres / lower_l * (s.cold_c - self.lower_c)
        upper -= (loss_upper + mixing) * dt_s / upper_j
        lower += (self.power_w - loss_lower + mixing) * dt_s / lower_j
        self.loss_kwh += (loss_upper + loss_lower) * dt_s / 3.6e6
        if lower > upper:
            # Warm water rises: the layers mix at once.
            upper = lower = (upper * upper_l + lower * lower_l) / s.volume_l
        self.upper_c, self.lower_c = upper, lower

    def cut(self) -> None:
        """No mains."""
        self.power_w = 0.0
