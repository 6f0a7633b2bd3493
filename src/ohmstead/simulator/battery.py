"""The house battery with its inverter."""

from __future__ import annotations

from dataclasses import dataclass

from ohmstead.simulator.actuator import CommandLatch


@dataclass(frozen=True, kw_only=True, slots=True)
class BatterySpec:
    """Powers on the AC side, W; energy that the cells hold between 0 and 1, kWh.

    Loss at power P: ``fixed + linear·P + quadratic·P²/P_max``: switching, diodes and resistance. With
    these values one way costs 10 % at 250 W, 5 % at 1.3 kW and 5.5 % at 5 kW.
    """

    capacity_kwh: float = 10.0
    max_w: float = 5000.0
    standby_w: float = 8.0
    fixed_loss_w: float = 20.0
    linear_loss: float = 0.02
    quadratic_loss: float = 0.03
    charge_taper_soc: float = 0.9
    """Above it the charging power falls linearly, to a tenth at 1."""
    discharge_taper_soc: float = 0.05
    reaction_s: float = 1.0
    ramp_w_per_s: float = 2500.0


class BatteryTwin:
    """State: SoC, power. Idle when released."""

    def __init__(self, spec: BatterySpec, soc: float) -> None:
        self.spec = spec
        self.latch = CommandLatch()
        self.soc = soc
        self.power_w = 0.0
        self.loss_kwh = 0.0

    def loss_w(self, power_w: float) -> float:
        """Conversion loss at an AC power, W."""
        s = self.spec
        p = abs(power_w)
        return s.fixed_loss_w + s.linear_loss * p + s.quadratic_loss * p * p / s.max_w

    def limits_w(self) -> tuple[float, float]:
        """The strongest discharge (≤ 0) and charge (≥ 0) that the cells allow now."""
        s = self.spec
        charge = s.max_w
        if self.soc > s.charge_taper_soc:
            charge *= 1.0 - 0.9 * min(1.0, (self.soc - s.charge_taper_soc) / (1.0 - s.charge_taper_soc))
        discharge = s.max_w
        if self.soc < s.discharge_taper_soc:
            discharge *= max(0.1, self.soc / s.discharge_taper_soc)
        return (-discharge if self.soc > 0.0 else 0.0), (charge if self.soc < 1.0 else 0.0)

    def wanted_w(self) -> float:
        """Where the power is going, W."""
        target = self.latch.target
        if target is None:
            return self.spec.standby_w
        low, high = self.limits_w()
        wanted = max(low, min(high, target))
        # Below its own loss the inverter sleeps.
        return wanted if abs(wanted) > 2.0 * self.spec.fixed_loss_w else self.spec.standby_w

    def advance(self, now_s: float, dt_s: float) -> None:
        """Choose the power for [now, now + dt) and move the energy."""
        s = self.spec
        self.latch.update(now_s)
        wanted = self.wanted_w()
        step = s.ramp_w_per_s * dt_s
        power = max(self.power_w - step, min(self.power_w + step, wanted))
        low, high = self.limits_w()
        power = max(low, min(max(high, s.standby_w), power))
        cell_w = 0.0 if power == s.standby_w else power - self.loss_w(power)
        soc = self.soc + cell_w * dt_s / (3.6e6 * s.capacity_kwh)
        if not 0.0 <= soc <= 1.0:
            # The interval ends at an empty or a full cell: the power is what just gets it there.
            soc = max(0.0, min(1.0, soc))
            cell_w = (soc - self.soc) * 3.6e6 * s.capacity_kwh / dt_s
            power = cell_w + self.loss_w(power)
        self.loss_kwh += (power - cell_w) * dt_s / 3.6e6
        self.soc = soc
        self.power_w = power

    def cut(self) -> None:
        """No mains: nothing flows."""
        self.power_w = 0.0
