"""One control cycle's view of the world: what every limit and every strategy may look at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from ohmstead.core.charging_info import ChargingMode
from ohmstead.core.flexibility import Controllable, Flexibility
from ohmstead.core.memory import Memory
from ohmstead.core.plan import AssetSlot, PlanSlot
from ohmstead.core.settings import Settings
from ohmstead.core.site import Asset, AssetId, ChargePoint, HeatPump, Room, Site
from ohmstead.core.state import AssetState, ChargePointState, RoomState, SiteState
from ohmstead.core.tariff import PriceSlot, Tariff

A = TypeVar("A", bound=Asset)


@dataclass(frozen=True, kw_only=True, slots=True)
class Cycle:
    """The frozen inputs of one cycle; ``memory`` is this cycle's own copy and may be written.

    Args:
        present_w: best estimate of what each controllable asset takes at the moment of the grid
            reading, W (see :mod:`ohmstead.core.estimate`).
        uncontrolled_w: what everything else takes together, W; negative while the sun covers it.
        phases_uncontrolled_w: the same per phase, as the fuse limits take it.
        in_base_w: power of assets on an unknown phase that is still in ``phases_uncontrolled_w``.
        at_most_w: what an asset takes of what it is told, where that is less (a vehicle that tapers).
        at_least_w: what an asset takes although it is told less (a device that does not obey).
        meter_fresh: the grid reading can be trusted.
        slot: the plan's slot of now; ``None`` without a valid plan.
    """

    now: datetime
    site: Site
    settings: Settings
    state: SiteState
    tariff: Tariff | None
    price: PriceSlot | None
    slot: PlanSlot | None
    memory: Memory
    flexibilities: Mapping[AssetId, Flexibility]
    controllables: Mapping[AssetId, Controllable]
    present_w: Mapping[AssetId, float]
    uncontrolled_w: float
    phases_uncontrolled_w: tuple[float, float, float]
    in_base_w: Mapping[AssetId, float]
    at_most_w: Mapping[AssetId, float]
    at_least_w: Mapping[AssetId, float]
    meter_fresh: bool

    def all(self, kind: type[A]) -> Iterator[A]:
        """The assets of a kind that can be commanded now (or, for others, that exist)."""
        for asset in self.site.assets:
            if isinstance(asset, kind) and (
                asset.id in self.flexibilities or asset.id not in self.controllables
            ):
                yield asset

    def points_by_deadline(self) -> list[ChargePoint]:
        """The charge points that can be commanded now, the earliest departure first, then as configured."""

        def departure(point: ChargePoint) -> float:
            state = self.state.assets.get(point.id)
            known = state.departure if isinstance(state, ChargePointState) else None
            return float("inf") if known is None else known.timestamp()

        return sorted(self.all(ChargePoint), key=departure)

    def charging_mode(self, asset: AssetId) -> ChargingMode | None:
        """How a person wants a charge point to charge; ``None`` where nobody said."""
        info = self.memory.charging.get(asset)
        return None if info is None else info.mode

    def state_of(self, asset: AssetId) -> AssetState | None:
        """The measured state of an asset."""
        return self.state.assets.get(asset)

    def planned(self, asset: AssetId) -> AssetSlot | None:
        """What the plan wants of an asset now; ``None`` without a plan for it."""
        return None if self.slot is None else self.slot.assets.get(asset)

    def full_w(self, asset: AssetId) -> float:
        """The most that a controllable asset could take by itself, W; limits cut it and say so."""
        return self.flexibilities[asset].bounds.high_w

    def coldest_room(self, pump: HeatPump) -> tuple[float, float, Room] | None:
        """The room that is furthest below its target: (temperature °C, target °C, room)."""
        worst: tuple[float, float, Room] | None = None
        for room_id in pump.rooms:
            room, state = self.site.asset(room_id), self.state.assets.get(room_id)
            if not isinstance(room, Room) or not isinstance(state, RoomState):
                continue
            if state.temperature_c.value is None:
                continue
            target = room.target_c if state.target_c is None else state.target_c
            if worst is None or state.temperature_c.value - target < worst[0] - worst[1]:
                worst = (state.temperature_c.value, target, room)
        return worst

    def since_s(self, moment: datetime | None) -> float:
        """Seconds since a moment; infinite if it never was, 0 if it lies ahead."""
        if moment is None:
            return float("inf")
        return max(0.0, (self.now - moment).total_seconds())
