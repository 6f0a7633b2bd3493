"""Bounds over shares of several assets: a phase, a circuit, the grid connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ohmstead.core.flexibility import Flexibility
from ohmstead.core.reason import Limit
from ohmstead.core.site import AssetId


@dataclass(frozen=True, kw_only=True, slots=True)
class Narrowing:
    """A limit's word on one asset: it stays within these powers, W."""

    asset: AssetId
    by: Limit
    low_w: float | None = None
    high_w: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupBound:
    """A limit's word on several assets together.

    An asset on a phase that nobody knows loads every phase with what it takes and relieves none
    with what it gives. Where phases are metered, its present power is already in the readings and
    cannot be told from the household's; it then counts by how much it rises.

    Args:
        members: the assets that count; ``None`` for all.
        phase: 0, 1 or 2 where it bounds one phase; ``None`` where it bounds the sum of all.
        base_w: what flows there that nobody controls.
        low_w: smallest sum allowed (export is negative).
        high_w: largest sum allowed.
        in_base_w: power of assets on an unknown phase that ``base_w`` contains.
    """

    by: Limit
    base_w: float
    low_w: float
    high_w: float
    members: frozenset[AssetId] | None = None
    phase: int | None = None
    in_base_w: Mapping[AssetId, float] = field(default_factory=dict)

    def counts(self, flex: Flexibility, power_w: float) -> bool:
        """Whether an asset at this power has anything to do with this bound."""
        return self._share(flex, power_w) > 0.0

    def most_load_w(self, flex: Flexibility, power_w: float) -> float:
        """What an asset may add here at worst, W."""
        share = self._share(flex, power_w)
        if self._anywhere(flex) and share > 0.0:
            return max(0.0, power_w - self.in_base_w.get(flex.asset, 0.0))
        return share * power_w

    def least_load_w(self, flex: Flexibility, power_w: float) -> float:
        """What an asset adds here at least, W; for the lower side of the bound."""
        share = self._share(flex, power_w)
        if self._anywhere(flex) and share > 0.0:
            return min(0.0, power_w - self.in_base_w.get(flex.asset, 0.0))
        return share * power_w

    def most_power_w(self, flex: Flexibility, power_w: float, room_w: float) -> float:
        """The power that adds ``room_w`` here, W, spread over the phases as at ``power_w``.

        What sits on an unknown phase is throttled, but not made to give: it might relieve another.
        """
        if self._anywhere(flex):
            present_w = self.in_base_w.get(flex.asset, 0.0)
            return max(present_w + room_w, min(0.0, present_w))
        return room_w / self._share(flex, power_w)

    def least_power_w(self, flex: Flexibility, power_w: float, room_w: float) -> float:
        """The same for the lower side: the power that takes ``room_w`` ≤ 0 away here."""
        if self._anywhere(flex):
            return self.in_base_w.get(flex.asset, 0.0) + room_w
        return room_w / self._share(flex, power_w)

    def relief(self, flex: Flexibility) -> float:
        """Share of a discharge that surely relieves this bound, 0..1."""
        return 0.0 if self._anywhere(flex) else self._share(flex, 0.0)

    def _anywhere(self, flex: Flexibility) -> bool:
        return self.phase is not None and flex.phase_unknown

    def _share(self, flex: Flexibility, power_w: float) -> float:
        if self.members is not None and flex.asset not in self.members:
            return 0.0
        return 1.0 if self.phase is None else flex.shares_at(power_w)[self.phase]


Bound = Narrowing | GroupBound
