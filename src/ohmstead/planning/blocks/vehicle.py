"""Vehicles at a charge point: 0 or at least 6 A, enough by departure, more where it costs little."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from ohmstead.core.forecast import VehicleSession
from ohmstead.core.site import AssetId, ChargePoint
from ohmstead.core.state import ChargePointState
from ohmstead.models.vehicle import charging_range
from ohmstead.planning.blocks.base import AssetResult, PowerTerm
from ohmstead.planning.blocks.switched import on_off, starts
from ohmstead.planning.grid_of_time import Series
from ohmstead.planning.inputs import Inputs
from ohmstead.planning.previous import previous_power_kw, price_change
from ohmstead.planning.program import Ints, Program
from ohmstead.planning.solve import Solution

EXTRA_SHARE = 0.8
"""What a kWh above the target is worth, as a share of the cheapest price it could be bought for."""
AT_ONCE_EUR_PER_KWH_H = 5.0
"""What waiting costs where a person wants it at once: more than prices differ, less than a fuse."""
_SHORTEST_SHARE = 0.2
"""A step with the vehicle there for less than this share is left out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Stay:
    session: VehicleSession
    steps: Ints
    share: Series
    start_kwh: float
    running: bool
    at_once: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Columns:
    stay: _Stay
    power: Ints
    energy: Ints
    dynamics: Ints


@dataclass(frozen=True, kw_only=True, slots=True)
class VehicleBlock:
    """All stays at one charge point within the horizon."""

    asset: ChargePoint
    inputs: Inputs
    stays: list[_Columns] = field(default_factory=list)
    terms: list[PowerTerm] = field(default_factory=list)

    def read(self, solution: Solution) -> dict[AssetId, AssetResult]:
        """Power, energy in the vehicle's battery and value; NaN while no vehicle is there."""
        n = self.inputs.n
        power, value = np.zeros(n), np.full(n, np.nan)
        energy = np.full(n + 1, np.nan)
        high = np.full(n, np.nan)
        for columns in self.stays:
            stay = columns.stay
            power[stay.steps] = solution.values(columns.power)
            value[stay.steps] = -solution.prices(columns.dynamics) * self.asset.efficiency
            energy[stay.steps[0]] = stay.start_kwh
            energy[stay.steps + 1] = solution.values(columns.energy)
            high[stay.steps] = self.asset.vehicle_capacity_kwh
        result = AssetResult(power_kw=power, value_eur_per_kwh=value, energy_kwh=energy, high_kwh=high)
        return {self.asset.id: result}


def add_vehicle(program: Program, inputs: Inputs, asset: ChargePoint) -> VehicleBlock | None:
    """Add the running stay and the expected ones; ``None`` where the charge point is out of reach."""
    state = inputs.request.state.assets.get(asset.id)
    if not isinstance(state, ChargePointState) or not state.online or state.fault is not None:
        return None
    block = VehicleBlock(asset=asset, inputs=inputs)
    for stay in _stays(inputs, asset, state):
        columns = _add_stay(program, inputs, asset, stay)
        block.stays.append(columns)
        limits = charging_range(asset).max_w / 1000.0 * stay.share
        block.terms.append(
            PowerTerm(
                asset=asset.id, phases=asset.phases, steps=stay.steps, columns=columns.power, upper_kw=limits
            )
        )
        if not stay.at_once:
            _switching(program, inputs, asset, columns, charging=state.charging and stay.running)
    first = [c.power[:1] for c in block.stays if c.stay.steps[0] == 0]
    if first:
        price_change(program, inputs, asset=asset.id, column=first[0])
    return block


def _stays(inputs: Inputs, asset: ChargePoint, state: ChargePointState) -> list[_Stay]:
    now = inputs.request.now
    expected = sorted(
        (s for s in inputs.request.forecast.sessions if s.asset == asset.id), key=lambda s: s.arrive
    )
    sessions: list[tuple[VehicleSession, bool]] = []
    free_from = now
    if state.connected:
        session = _running(inputs, asset, state, expected)
        sessions.append((session, True))
        free_from = session.depart
    for session in expected:
        # One that should be here but is not: nothing to plan with until it comes.
        if session.arrive >= free_from and session.arrive > now:
            sessions.append((session, False))
            free_from = session.depart
    stays: list[_Stay] = []
    taken = -1
    for session, running in sessions:
        share = inputs.steps.share_within(session.arrive, session.depart)
        steps = np.flatnonzero(share >= _SHORTEST_SHARE)
        steps = steps[steps > taken]
        if len(steps) == 0:
            continue
        taken = int(steps[-1])
        stays.append(
            _Stay(
                session=session,
                steps=steps,
                share=share[steps],
                start_kwh=session.arrive_soc * asset.vehicle_capacity_kwh,
                running=running,
                at_once=running and asset.id in inputs.request.at_once,
            )
        )
    return stays


def _running(
    inputs: Inputs, asset: ChargePoint, state: ChargePointState, expected: list[VehicleSession]
) -> VehicleSession:
    """The stay of the vehicle that is there, with the best guess of what it does not tell."""
    now, settings = inputs.request.now, inputs.settings
    forecast = next((s for s in expected if s.arrive <= now < s.depart), None)
    depart = state.departure
    if depart is None and forecast is not None:
        depart = forecast.depart
    if depart is None:
        depart = _next_local(now, settings.default_departure, inputs.request.site.timezone)
    # A departure that has passed: the vehicle is late and still wants its energy.
    depart = max(depart, now + timedelta(minutes=30))
    if asset.id in inputs.request.at_once and state.departure is None and forecast is None:
        # Nobody said when it leaves: a usual morning must not cut the charging short in the plan.
        depart = max(depart, now + timedelta(hours=settings.horizon_h))
    soc = state.soc.value
    if soc is None:
        came_with = settings.unknown_soc if forecast is None else forecast.arrive_soc
        soc = came_with + state.session_kwh * asset.efficiency / asset.vehicle_capacity_kwh
    target = asset.target_soc if state.target_soc is None else state.target_soc
    return VehicleSession(
        asset=asset.id,
        arrive=now,
        depart=depart,
        arrive_soc=min(1.0, max(0.0, soc)),
        target_soc=min(1.0, max(0.0, target)),
    )


def _next_local(now: datetime, at: time, timezone: str) -> datetime:
    zone = ZoneInfo(timezone)
    local = now.astimezone(zone)
    candidate = datetime.combine(local.date(), at, zone)
    if candidate <= local:
        candidate = datetime.combine(local.date() + timedelta(days=1), at, zone)
    return candidate.astimezone(now.tzinfo)


def _add_stay(program: Program, inputs: Inputs, asset: ChargePoint, stay: _Stay) -> _Columns:
    steps, capacity = stay.steps, asset.vehicle_capacity_kwh
    hours = inputs.hours[steps]
    max_kw = charging_range(asset).max_w / 1000.0 * stay.share
    early = inputs.settings.early_eur_per_kwh_h * inputs.steps.hours_from_now()[steps]
    power = program.columns(len(steps), upper=max_kw, cost=early * hours)
    energy = program.columns(len(steps), upper=capacity)
    dynamics = program.equal(len(steps), np.where(np.arange(len(steps)) == 0, stay.start_kwh, 0.0))
    program.entries(dynamics, energy, 1.0)
    program.entries(dynamics[1:], energy[:-1], -1.0)
    program.entries(dynamics, power, -asset.efficiency * hours)
    columns = _Columns(stay=stay, power=power, energy=energy, dynamics=dynamics)
    _need(program, inputs, asset, columns)
    _urgency(program, inputs, asset, columns)
    return columns


def _need(program: Program, inputs: Inputs, asset: ChargePoint, columns: _Columns) -> None:
    """``energy at departure + short + later − extra = target``.

    ``short`` is dear, ``extra`` earns a little, and ``later`` is what may still be charged after
    the horizon's end at a usual low price, no faster than the charge point can.
    """
    session = columns.stay.session
    low_price = max(0.0, inputs.low_price())
    target = session.target_soc * asset.vehicle_capacity_kwh
    beyond_h = max(0.0, session.depart.timestamp() - inputs.steps.edges_s[-1]) / 3600.0
    max_kw = charging_range(asset).max_w / 1000.0
    short = program.columns(1, cost=inputs.settings.penalties.vehicle_short_eur_per_kwh)
    # More than the target is a gift: worth less than the cheapest purchase, so that it is never
    # bought for money, and more than a poor feed-in price, so that surplus goes there.
    cheapest = max(0.0, float(inputs.import_price[columns.stay.steps].min()))
    worth = EXTRA_SHARE * min(low_price, cheapest) / asset.efficiency
    extra = program.columns(1, cost=-worth)
    later = program.columns(1, upper=beyond_h * max_kw * asset.efficiency, cost=low_price / asset.efficiency)
    row = program.equal(1, target)
    program.entries(row, columns.energy[-1:], 1.0)
    program.entries(row, short, 1.0)
    program.entries(row, later, 1.0)
    program.entries(row, extra, -1.0)


def _urgency(program: Program, inputs: Inputs, asset: ChargePoint, columns: _Columns) -> None:
    """Below the minimum SoC, or the target of who wants it at once, each hour costs."""
    stay = columns.stay
    target = stay.session.target_soc
    floor = (target if stay.at_once else min(asset.min_soc, target)) * asset.vehicle_capacity_kwh
    if stay.start_kwh >= floor:
        return
    n = len(stay.steps)
    low = inputs.settings.penalties.vehicle_low_eur_per_kwh_h
    cost = (AT_ONCE_EUR_PER_KWH_H if stay.at_once else low) * inputs.hours[stay.steps]
    rows = program.rows(n, lower=floor)
    program.entries(rows, columns.energy, 1.0)
    program.entries(rows, program.columns(n, cost=cost), 1.0)


def _switching(
    program: Program, inputs: Inputs, asset: ChargePoint, columns: _Columns, *, charging: bool
) -> None:
    """Binaries of the near steps: 0 or at least the minimum; each start has a small price."""
    stay = columns.stay
    near = np.flatnonzero(stay.steps < inputs.settings.vehicle_binary_steps)
    if len(near) == 0:
        return
    limits = charging_range(asset)
    at = stay.steps[near]
    on = on_off(
        program,
        columns.power[near],
        min_kw=limits.min_w / 1000.0 * stay.share[near],
        max_kw=limits.max_w / 1000.0 * stay.share[near],
    )
    starts(program, on, running=charging, cost_eur=inputs.settings.switching_eur)
    power, there = previous_power_kw(inputs, asset.id)
    program.hint(on[there[at]], (power[at][there[at]] > 0.0).astype(float))
