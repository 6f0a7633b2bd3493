"""How the owner wants it: the knobs of limits and strategies, with defaults that suit most homes."""

from __future__ import annotations

from dataclasses import dataclass, replace

HIGHEST_FUSE_A = 250.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Settings of the control cycle.

    Args:
        priority: who gets surplus first where no plan tells, by kind of asset.
        acquisition_tolerance: share of the smallest charging power that may come from the grid
            when charging starts on surplus, 0..1.
        battery_level_consideration: SoC from which on the house battery's charging power counts as surplus
            for vehicles, 0..1. 0: vehicles come first; 1: the battery is filled first.
        surplus_start_s: surplus must last this long before a charger or a heat pump starts on it.
        surplus_stop_s: it must be missing this long before they stop.
        phase_switch_s: surplus must allow three phases, or lack for them, this long before a charger that
            can change its phases does so while charging.
        meter_max_age_s: an older grid reading is stale.
        protect_every_s: between two control cycles the grid meter is read this often, and at every value that
            it sends by itself; what exceeds a limit is lowered at once. 0: limits hold in the cycle only.
        phase_limit_a: overload protection below the main fuse, current per phase; 0: the fuse alone.
        fuse_margin_a: kept free below every fuse, for what changes between two readings.
        plan_interval_s: a new plan at least this often.
        plan_max_age_s: an older plan is not followed any more.
        deadline_margin_s: slack kept before a deadline becomes binding.
        balance_deadband_w: a smaller surplus or deficit is left to the grid instead of the battery.
        storage_horizon_s: a storage is given no power that would fill it, or empty it to its reserve,
            before this time is over; 0: it stops when it gets there.
        cheap_tank_hours: how many of the cheapest hours of a day heat the tank without a plan.
    """

    priority: tuple[str, ...] = ("hot_water_tank", "heat_pump", "charge_point", "battery")
    acquisition_tolerance: float = 0.5
    battery_level_consideration: float = 0.0
    surplus_start_s: float = 60.0
    surplus_stop_s: float = 180.0
    phase_switch_s: float = 300.0
    meter_max_age_s: float = 30.0
    protect_every_s: float = 2.0
    phase_limit_a: float = 0.0
    fuse_margin_a: float = 0.5
    plan_interval_s: float = 900.0
    plan_max_age_s: float = 3 * 3600.0
    deadline_margin_s: float = 1200.0
    balance_deadband_w: float = 10.0
    storage_horizon_s: float = 0.0
    cheap_tank_hours: float = 3.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuning:
    """Settings that a person or an API changes while the daemon runs; ``None``: as configured.

    Raises:
        ValueError: a value is out of range.
    """

    acquisition_tolerance: float | None = None
    battery_level_consideration: float | None = None
    phase_limit_a: float | None = None

    def __post_init__(self) -> None:
        for name in ("acquisition_tolerance", "battery_level_consideration"):
            value = getattr(self, name)
            if value is not None and not 0.0 <= value <= 1.0:
                raise ValueError(f"{name}: found {value}, allowed: 0 to 1")
        if self.phase_limit_a is not None and not 0.0 <= self.phase_limit_a <= HIGHEST_FUSE_A:
            raise ValueError(
                f"phase_limit_a: found {self.phase_limit_a}, allowed: 0 (off) to {HIGHEST_FUSE_A:g} A"
            )

    def over(self, settings: Settings) -> Settings:
        """The settings with what was changed."""
        changed = {
            name: value
            for name in ("acquisition_tolerance", "battery_level_consideration", "phase_limit_a")
            if (value := getattr(self, name)) is not None
        }
        return replace(settings, **changed) if changed else settings
