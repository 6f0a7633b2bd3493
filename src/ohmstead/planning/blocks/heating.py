"""A heat pump and its rooms: the rooms' mass is the store, the comfort band its bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ohmstead.core.site import AssetId, HeatPump, Room
from ohmstead.core.state import HeatPumpState, RoomState
from ohmstead.models.heat_pump import cop
from ohmstead.models.room import ComfortBand, comfort_band
from ohmstead.models.thermal import step_response
from ohmstead.planning.blocks.base import AssetResult, PowerTerm, all_steps
from ohmstead.planning.blocks.switched import minimum_run, on_off, starts
from ohmstead.planning.grid_of_time import Series
from ohmstead.planning.inputs import Inputs
from ohmstead.planning.previous import previous_power_kw, price_change
from ohmstead.planning.program import Ints, Program
from ohmstead.planning.solve import Solution

END_SHARE = 0.7
"""Heat left in the rooms at the end is worth this share of a usual low price: part of it leaks."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _RoomColumns:
    room: Room
    band: ComfortBand
    start_c: float
    heat: Ints
    temperature: Ints
    dynamics: Ints
    gain_k_per_kw: Series


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatingBlock:
    """One heat pump with its rooms."""

    asset: HeatPump
    inputs: Inputs
    power: Ints
    cop: Series
    rooms: list[_RoomColumns]
    terms: list[PowerTerm]

    def read(self, solution: Solution) -> dict[AssetId, AssetResult]:
        """The heat pump with the rooms' heat as its store, and each room for itself.

        Energy is heat above the lower comfort bounds. The value of a kWh of electricity is that of
        the room which gains most from its heat.
        """
        n, hours = self.inputs.n, self.inputs.hours
        out: dict[AssetId, AssetResult] = {}
        best = np.full(n, -np.inf)
        total, full = np.zeros(n + 1), 0.0
        for columns in self.rooms:
            room = columns.room
            temperature = np.concatenate([[columns.start_c], solution.values(columns.temperature)])
            energy = (temperature - columns.band.low_c) * room.heat_capacity_kwh_per_k
            high = (columns.band.high_c - columns.band.low_c) * room.heat_capacity_kwh_per_k
            value = -solution.prices(columns.dynamics) * columns.gain_k_per_kw / hours * self.cop
            best = np.maximum(best, value)
            total += energy
            full += high
            out[room.id] = AssetResult(
                power_kw=np.zeros(n),
                value_eur_per_kwh=np.full(n, np.nan),
                energy_kwh=energy,
                high_kwh=np.full(n, high),
                low_kwh=np.zeros(n),
                takes_surplus=False,
            )
        out[self.asset.id] = AssetResult(
            power_kw=solution.values(self.power),
            value_eur_per_kwh=best,
            energy_kwh=total,
            high_kwh=np.full(n, full),
            low_kwh=np.zeros(n),
        )
        return out


def add_heating(program: Program, inputs: Inputs, asset: HeatPump) -> HeatingBlock | None:
    """Add one heat pump; ``None`` where it cannot be reached or no room's temperature is known."""
    state = inputs.request.state.assets.get(asset.id)
    if not isinstance(state, HeatPumpState) or not state.online or state.fault is not None:
        return None
    n, hours = inputs.n, inputs.hours
    known = [r for r in _rooms(inputs, asset) if r[1].temperature_c.value is not None]
    if not known:
        return None
    max_kw = np.full(n, asset.max_w / 1000.0)
    early = inputs.settings.early_eur_per_kwh_h * inputs.steps.hours_from_now()
    power = program.columns(n, upper=max_kw, cost=early * hours)
    curve = inputs.settings.heating_curve
    cops = np.array([cop(outdoor_c=float(t), supply_c=curve.supply_c(float(t))) for t in inputs.outdoor_c])
    total_loss = sum(room.heat_loss_w_per_k for room, _ in known)
    rooms = [
        _add_room(
            program,
            inputs,
            room,
            state=room_state,
            gain_share=room.heat_loss_w_per_k / total_loss if total_loss > 0 else 1.0 / len(known),
            end_eur_per_kwh_heat=_worth_at_end(inputs, cops),
        )
        for room, room_state in known
    ]
    heat = program.equal(n)
    program.entries(heat, power, -cops)
    for columns in rooms:
        program.entries(heat, columns.heat, 1.0)
    _compressor(program, inputs, asset, power, running=state.running)
    price_change(program, inputs, asset=asset.id, column=power[:1])
    term = PowerTerm(asset=asset.id, phases=asset.phases, steps=all_steps(n), columns=power, upper_kw=max_kw)
    return HeatingBlock(asset=asset, inputs=inputs, power=power, cop=cops, rooms=rooms, terms=[term])


def _rooms(inputs: Inputs, asset: HeatPump) -> list[tuple[Room, RoomState]]:
    request = inputs.request
    out: list[tuple[Room, RoomState]] = []
    for room in request.site.assets:
        state = request.state.assets.get(room.id)
        # A heat pump that names no rooms heats them all.
        if isinstance(room, Room) and isinstance(state, RoomState) and (
            not asset.rooms or room.id in asset.rooms
        ):  # fmt: skip
            out.append((room, state))
    return out


def _add_room(
    program: Program,
    inputs: Inputs,
    room: Room,
    *,
    state: RoomState,
    gain_share: float,
    end_eur_per_kwh_heat: float,
) -> _RoomColumns:
    n, hours, penalties = inputs.n, inputs.hours, inputs.settings.penalties
    band = comfort_band(room, state.target_c)
    start = state.temperature_c.or_(band.low_c)
    responses = [
        step_response(
            capacity_kwh_per_k=room.heat_capacity_kwh_per_k,
            loss_w_per_k=room.heat_loss_w_per_k,
            duration_h=float(h),
        )
        for h in hours
    ]
    keep = np.array([r.keep for r in responses])
    gain = np.array([r.gain_k_per_kw for r in responses])
    heat = program.columns(n)
    temperature = program.columns(n, lower=-np.inf)
    fixed = (1.0 - keep) * inputs.outdoor_c + gain * inputs.room_gain_kw * gain_share
    dynamics = program.equal(n, fixed + np.where(all_steps(n) == 0, keep * start, 0.0))
    program.entries(dynamics, temperature, 1.0)
    program.entries(dynamics[1:], temperature[:-1], -keep[1:])
    program.entries(dynamics, heat, -gain)

    rows = program.rows(n, lower=band.low_c)
    program.entries(rows, temperature, 1.0)
    program.entries(rows, program.columns(n, cost=penalties.cold_eur_per_k_h * hours), 1.0)
    rows = program.rows(n, upper=band.high_c)
    program.entries(rows, temperature, 1.0)
    program.entries(rows, program.columns(n, cost=penalties.hot_eur_per_k_h * hours), -1.0)

    stored = program.columns(
        1,
        lower=-np.inf,
        upper=band.high_c - band.low_c,
        cost=-end_eur_per_kwh_heat * room.heat_capacity_kwh_per_k,
    )
    row = program.rows(1, upper=-band.low_c)
    program.entries(row, stored, 1.0)
    program.entries(row, temperature[-1:], -1.0)
    return _RoomColumns(
        room=room,
        band=band,
        start_c=start,
        heat=heat,
        temperature=temperature,
        dynamics=dynamics,
        gain_k_per_kw=gain,
    )


def _worth_at_end(inputs: Inputs, cops: Series) -> float:
    """Worth of a kWh of heat left in the rooms, €; 0 where no heating is needed then."""
    last_day = inputs.steps.edges_s[:-1] >= inputs.steps.edges_s[-1] - 86400.0
    if float(inputs.outdoor_c[last_day].mean()) > inputs.settings.heating_limit_c:
        return 0.0
    return END_SHARE * max(0.0, inputs.low_price()) / float(cops[last_day].mean())


def _compressor(program: Program, inputs: Inputs, asset: HeatPump, power: Ints, *, running: bool) -> None:
    near = min(inputs.n, inputs.settings.heat_pump_binary_steps)
    if near == 0:
        return
    at = all_steps(near)
    on = on_off(
        program,
        power[at],
        min_kw=np.full(near, asset.min_w / 1000.0),
        max_kw=np.full(near, asset.max_w / 1000.0),
    )
    started = starts(program, on, running=running, cost_eur=inputs.settings.switching_eur)
    typical_s = float(np.median(inputs.hours[:near])) * 3600.0
    minimum_run(program, on, started, steps=int(np.ceil(asset.min_on_s / typical_s)))
    planned, there = previous_power_kw(inputs, asset.id)
    program.hint(on[there[at]], (planned[at][there[at]] > 0.0).astype(float))
