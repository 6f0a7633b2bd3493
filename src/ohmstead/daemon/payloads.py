"""What the core knows, in the words of the API."""

from __future__ import annotations

from collections.abc import Sequence

from ohmstead.core.plan import Plan
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
from ohmstead.core.state import AssetState, BatteryState, ChargePointState, RoomState, TankState
from ohmstead.web.schema import AssetInfo, AssetKind, PlanAsset, PlanPayload, PlanSlotInfo, SolverInfo

KINDS: dict[type[Asset], AssetKind] = {
    PvSystem: "pv",
    Battery: "battery",
    ChargePoint: "charge_point",
    HotWaterTank: "tank",
    HeatPump: "heat_pump",
    Room: "room",
    Load: "load",
    FlexibleLoad: "flexible_load",
}


def measured(asset: Asset, known: AssetState) -> AssetInfo:
    """What an asset's state says, in the fields that apply to its kind."""
    info = AssetInfo(
        kind=KINDS[type(asset)],
        name=asset.name,
        power_w=0.0 if isinstance(known, RoomState) else known.power_w.value,
        quality="good" if isinstance(known, RoomState) else known.power_w.quality.value,
        online=known.online,
        fault=known.fault,
    )
    more: dict[str, object] = {}
    match known:
        case BatteryState():
            more = {"soc": known.soc.value}
        case ChargePointState():
            more = {
                "soc": known.soc.value,
                "connected": known.connected,
                "charging": known.charging,
                "departure": known.departure,
            }
        case TankState() if isinstance(asset, HotWaterTank):
            more = {"temperature_c": known.temperature_c.value, "target_c": asset.target_c}
        case RoomState() if isinstance(asset, Room):
            target_c = asset.target_c if known.target_c is None else known.target_c
            more = {"temperature_c": known.temperature_c.value, "target_c": target_c}
    return info.model_copy(update=more) if more else info


def plan_payload(plan: Plan, assets: Sequence[Asset], trigger: str | None) -> PlanPayload:
    """A plan as the API tells it."""
    capacities = {a.id: a.capacity_kwh for a in assets if isinstance(a, Battery)}
    capacities |= {a.id: a.vehicle_capacity_kwh for a in assets if isinstance(a, ChargePoint)}
    solver = plan.solver
    return PlanPayload(
        id=plan.id,
        made_at=plan.made_at,
        trigger=trigger,
        expected_cost_eur=plan.expected_cost_eur,
        solver=None
        if solver is None
        else SolverInfo(
            status=solver.status,
            gap=solver.gap,
            duration_s=solver.duration_s,
            columns=solver.columns,
            rows=solver.rows,
        ),
        slots=[
            PlanSlotInfo(
                start=s.start,
                end=s.end,
                import_eur_per_kwh=s.import_eur_per_kwh,
                export_eur_per_kwh=s.export_eur_per_kwh,
                price_known=s.price_known,
                pv_w=s.pv_w,
                load_w=s.load_w,
                grid_w=s.grid_w,
                outdoor_c=s.outdoor_c,
                assets={
                    k: PlanAsset(
                        power_w=a.power_w,
                        import_w=a.import_w,
                        export_w=a.export_w,
                        energy_kwh=a.energy_kwh,
                        energy_low_kwh=a.energy_low_kwh,
                        energy_high_kwh=a.energy_high_kwh,
                        value_eur_per_kwh=a.value_eur_per_kwh,
                        soc=a.energy_kwh / capacities[k]
                        if k in capacities and a.energy_kwh is not None
                        else None,
                    )
                    for k, a in s.assets.items()
                },
            )
            for s in plan.slots
        ],
    )
