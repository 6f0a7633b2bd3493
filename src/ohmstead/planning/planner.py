"""From a request to a plan: pure, without clock for its decisions, the same in a backtest."""

from __future__ import annotations

from dataclasses import replace

from ohmstead.core.plan import Plan
from ohmstead.core.site import Asset, AssetId, Battery, ChargePoint, HeatPump, HotWaterTank, PvSystem
from ohmstead.planning.blocks.base import AssetResult, Block, PowerTerm
from ohmstead.planning.blocks.battery import add_battery
from ohmstead.planning.blocks.grid import add_grid
from ohmstead.planning.blocks.heating import add_heating
from ohmstead.planning.blocks.limits import add_limits
from ohmstead.planning.blocks.pv import add_pv
from ohmstead.planning.blocks.tank import add_tank
from ohmstead.planning.blocks.vehicle import add_vehicle
from ohmstead.planning.extract import make_plan_of
from ohmstead.planning.inputs import Inputs, make_inputs
from ohmstead.planning.program import Program
from ohmstead.planning.request import Penalties, PlannerSettings, PlanRequest
from ohmstead.planning.solve import Solution, solve

__all__ = ["Penalties", "PlanRequest", "PlannerSettings", "make_plan"]


def make_plan(request: PlanRequest) -> Plan:
    """The plan for a request.

    Every state has a plan: what cannot be met is paid for by its penalty. An asset whose state is
    unknown is left out of the plan; the rules steer it.

    Raises:
        PlanError: the solver failed; a defect, not a property of the state.
    """
    inputs, blocks, solution = solve_request(request)
    results: dict[AssetId, AssetResult] = {}
    for block in blocks:
        results.update(block.read(solution))
    generators = {a.id for a in request.site.assets if isinstance(a, PvSystem)}
    return make_plan_of(inputs, results, generators, solution)


def solve_request(request: PlanRequest) -> tuple[Inputs, list[Block], Solution]:
    """The solved program of a request, before it is read.

    Raises:
        PlanError: as :func:`make_plan`.
    """
    request = replace(request, site=request.site_as_used, phases={})
    inputs = make_inputs(request)
    program = Program()
    blocks = _blocks(program, inputs)
    terms: list[PowerTerm] = [term for block in blocks for term in block.terms]
    add_grid(program, inputs, terms)
    add_limits(program, inputs, terms)
    settings = request.settings
    solution = solve(
        program,
        time_limit_s=settings.time_limit_s,
        gap=settings.mip_gap,
        gap_eur=settings.mip_gap_eur,
    )
    return inputs, blocks, solution


def _blocks(program: Program, inputs: Inputs) -> list[Block]:
    blocks: list[Block] = [add_pv(program, inputs)]
    for asset in inputs.request.site.assets:
        block = _block(program, inputs, asset)
        if block is not None:
            blocks.append(block)
    return blocks


def _block(program: Program, inputs: Inputs, asset: Asset) -> Block | None:
    match asset:
        case Battery():
            return add_battery(program, inputs, asset)
        case ChargePoint():
            return add_vehicle(program, inputs, asset)
        case HotWaterTank():
            return add_tank(program, inputs, asset)
        case HeatPump():
            return add_heating(program, inputs, asset)
        case _:
            return None
