"""The sun that nobody needs: to the heat stores and the vehicle before the battery, in order.

Without a plan the order is the configured priority. With a plan it is the marginal value: whoever
saves most later comes first, and nobody takes what earns more when exported.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ohmstead.core.bounds import EPSILON_W
from ohmstead.core.cycle import Cycle
from ohmstead.core.dispatch import Desk
from ohmstead.core.flexibility import Controllable, one_phase_max_w, three_phase_min_w
from ohmstead.core.memory import RUNNING_W
from ohmstead.core.reason import Proposal, Reason, Rule
from ohmstead.core.site import AssetId, Battery, ChargePoint, HeatPump, HotWaterTank
from ohmstead.core.state import BatteryState, ChargePointState

KINDS: dict[str, type[Controllable]] = {
    "hot_water_tank": HotWaterTank,
    "heat_pump": HeatPump,
    "charge_point": ChargePoint,
    "battery": Battery,
}

HEATING_LIMIT_C = 15.0
"""Outdoor temperature above which rooms are not heated on surplus (DIN V 18599 heating limit)."""
VALUE_MARGIN_EUR_PER_KWH = 0.002
STAGE_HYSTERESIS_W = 100.0
"""So much more than a relay stage there must be to switch it on, and so much may be bought to keep it."""


def surplus(cycle: Cycle, desk: Desk) -> Iterator[Proposal]:
    """Offer what is left to each asset in turn, keeping back what batteries before it would take."""
    kept_w = 0.0
    asked: set[AssetId] = set()
    for asset, value in _in_order(cycle):
        offer_w = desk.surplus_w - kept_w
        if isinstance(asset, Battery):
            asked.add(asset.id)
            kept_w += _battery_takes_w(cycle, asset, max(0.0, offer_w))
            continue
        if isinstance(asset, ChargePoint):
            offer_w -= _batteries_first_w(cycle, max(0.0, offer_w), asked)
        power_w = _share(cycle, desk, asset, offer_w)
        if power_w is None:
            continue
        yield Proposal(
            asset=asset.id,
            power_w=power_w,
            bought_w=desk.to_buy_w(asset.id, power_w) if isinstance(asset, ChargePoint) else 0.0,
            reason=Reason(
                rule=Rule.SURPLUS,
                params={"surplus_w": offer_w} | ({} if value is None else {"value_eur_per_kwh": value}),
            ),
        )


def _in_order(cycle: Cycle) -> list[tuple[Controllable, float | None]]:
    """Who is asked, first to last, with what a kWh is worth to each (``None`` without a plan)."""
    points = cycle.points_by_deadline()
    if cycle.slot is None:
        order: list[tuple[Controllable, float | None]] = []
        for kind in cycle.settings.priority:
            order += [(a, None) for a in (points if kind == "charge_point" else cycle.all(KINDS[kind]))]
        return order
    floor = cycle.slot.export_eur_per_kwh + VALUE_MARGIN_EUR_PER_KWH
    values = {a: w.value_eur_per_kwh for a, w in cycle.slot.assets.items() if a in cycle.flexibilities}
    kept = {a: value for a, value in values.items() if value > floor}
    for point in points:
        # A person who chose a mode wants the sun in the vehicle, also where selling it pays better.
        if cycle.charging_mode(point.id) is not None:
            kept.setdefault(point.id, floor)
    valued = [(cycle.controllables[a], value) for a, value in kept.items()]
    valued.sort(key=lambda item: -item[1])
    return list(valued)


def _battery_takes_w(cycle: Cycle, battery: Battery, offer_w: float) -> float:
    """What a battery that comes first would take of the surplus."""
    state, wish = cycle.state_of(battery.id), cycle.planned(battery.id)
    if not isinstance(state, BatteryState) or state.soc.value is None:
        return 0.0
    top_kwh = battery.max_soc * battery.capacity_kwh
    if wish is not None and wish.energy_high_kwh is not None:
        top_kwh = min(top_kwh, wish.energy_high_kwh)
    full = state.soc.value * battery.capacity_kwh >= top_kwh
    return 0.0 if full else min(offer_w, battery.max_charge_w)


def _batteries_first_w(cycle: Cycle, offer_w: float, asked: Collection[AssetId]) -> float:
    """What batteries below the level of the settings would charge with: it is not the vehicle's."""
    level = cycle.settings.battery_level_consideration
    taken_w = 0.0
    for battery in cycle.all(Battery):
        state = cycle.state_of(battery.id)
        if battery.id in asked or not isinstance(state, BatteryState) or state.soc.value is None:
            continue
        if state.soc.value < level:
            taken_w += _battery_takes_w(cycle, battery, offer_w - taken_w)
    return taken_w


def _share(cycle: Cycle, desk: Desk, asset: Controllable, offer_w: float) -> float | None:
    """The power that an asset takes of an offer; ``None`` for nothing."""
    given_w = desk.committed_w[asset.id]
    wish_w = given_w + offer_w
    smallest_w = desk.bounds(asset.id).at_least(1.0)
    if smallest_w is None or smallest_w <= 0:
        return None
    if isinstance(asset, HotWaterTank):
        wish_w = _on_steady_stage(cycle, asset, wish_w)
        return wish_w if wish_w >= smallest_w else None
    if isinstance(asset, HeatPump) and cycle.state.outdoor_c.or_(0.0) > HEATING_LIMIT_C:
        return None
    if isinstance(asset, ChargePoint) and _vehicle_full(cycle, asset):
        return None
    tolerated = cycle.settings.acquisition_tolerance if isinstance(asset, ChargePoint) else 0.0
    enough = max(0.0, wish_w) >= smallest_w * (1.0 - tolerated) and cycle.meter_fresh
    if not sustained(cycle, asset, enough=enough):
        return None
    if isinstance(asset, ChargePoint) and asset.phase_switching:
        wish_w = _on_steady_phases(cycle, asset, wish_w)
    return max(wish_w, smallest_w)


def _on_steady_stage(cycle: Cycle, tank: HotWaterTank, wish_w: float) -> float:
    """The wish, held to the present relay stage where it is not clearly above or below it."""
    if not tank.stages_w:
        return wish_w
    memory = cycle.memory.of(tank.id)
    told_w = (memory.commanded_w or 0.0) if memory.rule is Rule.SURPLUS else 0.0
    if wish_w - STAGE_HYSTERESIS_W >= told_w:
        return max(told_w, wish_w - STAGE_HYSTERESIS_W)
    return told_w if wish_w + STAGE_HYSTERESIS_W >= told_w else wish_w


def _on_steady_phases(cycle: Cycle, point: ChargePoint, wish_w: float) -> float:
    """The wish, held to the present number of phases until another was worth it for long enough.

    Up only after the surplus lasted. Down at once where more would be bought than is tolerated.
    """
    memory, three_w = cycle.memory.of(point.id), three_phase_min_w(point)
    told_w = memory.commanded_w or 0.0
    on_three, wants_three = told_w >= three_w - EPSILON_W, wish_w >= three_w
    if told_w <= RUNNING_W or on_three == wants_three:
        memory.phases_since = None
        return wish_w
    memory.phases_since = memory.phases_since or cycle.now
    if cycle.since_s(memory.phases_since) >= cycle.settings.phase_switch_s:
        memory.phases_since = None
        return wish_w
    if not on_three:
        return one_phase_max_w(point)
    return three_w if wish_w >= three_w * (1.0 - cycle.settings.acquisition_tolerance) else wish_w


def _vehicle_full(cycle: Cycle, point: ChargePoint) -> bool:
    state = cycle.state_of(point.id)
    if not isinstance(state, ChargePointState) or state.soc.value is None:
        return False
    return state.soc.value >= 1.0


def sustained(cycle: Cycle, asset: Controllable, *, enough: bool) -> bool:
    """Whether an asset runs on surplus: starts after it lasted, stops after it was missing for long."""
    memory = cycle.memory.of(asset.id)
    running = (memory.commanded_w or 0.0) > RUNNING_W and memory.rule is Rule.SURPLUS
    if enough:
        memory.lack_since = None
        memory.surplus_since = memory.surplus_since or cycle.now
        return running or cycle.since_s(memory.surplus_since) >= cycle.settings.surplus_start_s
    memory.surplus_since = None
    if not running:
        return False
    memory.lack_since = memory.lack_since or cycle.now
    return cycle.since_s(memory.lack_since) < cycle.settings.surplus_stop_s
