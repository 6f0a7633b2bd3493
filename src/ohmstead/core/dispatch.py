"""The desk where wishes meet limits: clip, commit, deduct.

Strategies come one after the other and see what is left. What one was given, a later one cannot
take back; it can only ask for more in the same direction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ohmstead.core.bounds import EPSILON_W, Bounds
from ohmstead.core.cycle import Cycle
from ohmstead.core.groups import Bound, GroupBound
from ohmstead.core.reason import Limit, Proposal, Reason, Rule
from ohmstead.core.site import AssetId, FlexibleLoad, PvSystem

ABOVE_HAND = frozenset({Rule.LEGIONELLA, Rule.FROST})
"""What may still raise a power that a person set: it protects health and pipes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conflict:
    """Two limits that cannot both hold: the earlier one in the order won."""

    asset: AssetId
    won: Limit
    lost: Limit


class Desk:
    """The arbitration of one cycle. Mutable, lives for one cycle only.

    Attributes:
        committed_w: what each controllable asset has been given so far.
        outside_w: what flexible loads and generators are allowed; it takes no part in the sums,
            because they run as they like and are only shed or curtailed.
        bought_w: what was committed on purpose to come from the grid.
    """

    __slots__ = (
        "_bounds",
        "_cycle",
        "_flex",
        "_groups",
        "_least_w",
        "_loads_w",
        "_unlocked",
        "bought_w",
        "committed_w",
        "conflicts",
        "outside_w",
        "reasons",
    )

    def __init__(self, cycle: Cycle, bounds_in_order: Iterable[Bound]) -> None:
        self._cycle = cycle
        self._flex = cycle.flexibilities
        self._bounds: dict[AssetId, Bounds] = {a: f.bounds for a, f in self._flex.items()}
        self._unlocked: dict[AssetId, Bounds] = dict(self._bounds)
        self._groups: list[GroupBound] = []
        self.conflicts: list[Conflict] = []
        self.reasons: dict[AssetId, Reason] = {}
        self.outside_w: dict[AssetId, float] = {}
        self.bought_w = 0.0
        for bound in bounds_in_order:
            self._take(bound)
        self.committed_w: dict[AssetId, float] = {a: b.rest_w for a, b in self._bounds.items()}
        self._loads_w = [g.base_w for g in self._groups]
        self._least_w = list(self._loads_w)
        for asset_id, power_w in self.committed_w.items():
            self._book(asset_id, power_w, sign=1.0)
        self._release_locks()

    def _take(self, bound: Bound) -> None:
        if isinstance(bound, GroupBound):
            self._groups.append(bound)
            return
        old = self._bounds.get(bound.asset)
        if old is None:
            return
        new = old.narrowed(low_w=bound.low_w, high_w=bound.high_w, by=bound.by)
        if new is None:
            won = (old.high_by if bound.low_w is not None else old.low_by) or Limit.DEVICE
            self.conflicts.append(Conflict(asset=bound.asset, won=won, lost=bound.by))
            return
        self._bounds[bound.asset] = new
        if bound.by is not Limit.MIN_ON:
            unlocked = self._unlocked[bound.asset]
            self._unlocked[bound.asset] = (
                unlocked.narrowed(low_w=bound.low_w, high_w=bound.high_w, by=bound.by) or unlocked
            )

    def _release_locks(self) -> None:
        """Let what must run stop where a group would otherwise be over its limit."""
        for group, load_w in zip(self._groups, self._loads_w, strict=True):
            if load_w <= group.high_w + EPSILON_W:
                continue
            for asset_id, power_w in sorted(self.committed_w.items(), key=lambda item: -item[1]):
                over = self._loads_w[self._groups.index(group)] > group.high_w + EPSILON_W
                if not over or power_w <= 0 or not group.counts(self._flex[asset_id], power_w):
                    continue
                self._bounds[asset_id] = self._unlocked[asset_id]
                self.conflicts.append(Conflict(asset=asset_id, won=group.by, lost=Limit.MIN_ON))
                fitted_w, _ = self.fit(asset_id, power_w)
                self._set(asset_id, fitted_w)

    @property
    def left_w(self) -> float:
        """What flows to the grid after all that is committed, W; negative: from it."""
        return -self._cycle.uncontrolled_w - sum(self._expected_w(a, w) for a, w in self.committed_w.items())

    def _expected_w(self, asset: AssetId, power_w: float) -> float:
        """What an asset will take if it is told a power: devices do not always obey."""
        most_w = min(power_w, self._cycle.at_most_w.get(asset, power_w))
        return max(most_w, self._cycle.at_least_w.get(asset, most_w))

    @property
    def surplus_w(self) -> float:
        """What is left, not counting what was bought on purpose; negative: a deficit."""
        return self.left_w + self.bought_w

    def to_buy_w(self, asset: AssetId, power_w: float) -> float:
        """What must come from the grid if an asset takes a power and the surplus goes to it first, W."""
        own_w = self._expected_w(asset, self.committed_w[asset]) if asset in self._bounds else 0.0
        return max(0.0, power_w - max(0.0, self.surplus_w + own_w))

    @property
    def groups(self) -> tuple[GroupBound, ...]:
        """The bounds over several assets, in the order of the limits."""
        return tuple(self._groups)

    def bounds(self, asset: AssetId) -> Bounds:
        """What an asset may still take, by its own limits."""
        return self._bounds[asset]

    def overload_of(self, group: GroupBound) -> float:
        """By how much a group is over its limit, W; 0 if it is not."""
        return max(0.0, self._loads_w[self._groups.index(group)] - group.high_w)

    def overload_w(self, asset: AssetId) -> float:
        """What an asset would have to give to bring every group that it can relieve below its limit, W."""
        reliefs = ((self.overload_of(g), g.relief(self._flex[asset])) for g in self._groups)
        return max((over_w / relief for over_w, relief in reliefs if relief > 0), default=0.0)

    def overloads(self) -> list[GroupBound]:
        """The groups that are over their limit with all that is committed."""
        return [g for g in self._groups if self.overload_of(g) > EPSILON_W]

    def export_over_w(self) -> float:
        """By how much the export is over what the grid takes, W; negative: how much more it takes."""
        return max(
            (
                (g.low_w - load_w) * (1.0 if g.phase is None else 3.0)
                for g, load_w in zip(self._groups, self._least_w, strict=True)
            ),
            default=-float("inf"),
        )

    def headroom_w(self, asset: AssetId, shares: Mapping[int | None, float]) -> float:
        """How much more a load with these phase shares (``None``: in total) could take, W."""
        room = float("inf")
        for group, load_w in zip(self._groups, self._loads_w, strict=True):
            if group.members is not None and asset not in group.members:
                continue
            weight = shares.get(group.phase, 0.0)
            if weight > 0:
                room = min(room, (group.high_w - load_w) / weight)
        return room

    def fit(self, asset: AssetId, power_w: float) -> tuple[float, Limit | None]:
        """The admissible power nearest to a wish on the side of rest, and what bound it."""
        bounds, rest_w = self._bounds[asset], self._bounds[asset].rest_w
        if power_w >= rest_w:
            return self._fit_up(asset, bounds, power_w)
        return self._fit_down(asset, bounds, power_w)

    def _fit_up(self, asset: AssetId, bounds: Bounds, wish_w: float) -> tuple[float, Limit | None]:
        limit = bounds.high_by or Limit.DEVICE if wish_w > bounds.high_w + EPSILON_W else None
        for low_w, high_w in reversed(bounds.spans):
            if low_w > wish_w + EPSILON_W:
                limit = Limit.DEVICE
                continue
            cap_w, by = self._below_groups(asset, min(wish_w, high_w))
            limit = by or limit
            if cap_w >= low_w - EPSILON_W:
                given_w = max(cap_w, low_w)
                return given_w, None if abs(given_w - wish_w) <= EPSILON_W else limit
        return bounds.rest_w, limit or bounds.low_by

    def _below_groups(self, asset: AssetId, power_w: float) -> tuple[float, Limit | None]:
        """The most that every group has room for, and which one bound it.

        Looked at again after each cut, because a charger that changes to one phase loads it more.
        """
        flex, given_w, limit = self._flex[asset], self.committed_w[asset], None
        most_w = max(given_w, self._cycle.at_least_w.get(asset, given_w))
        cut = True
        while cut:
            cut = False
            for group, load_w in zip(self._groups, self._loads_w, strict=True):
                if not group.counts(flex, power_w):
                    continue
                room_w = group.high_w - load_w + group.most_load_w(flex, most_w)
                allowed_w = group.most_power_w(flex, power_w, room_w)
                if allowed_w < power_w - EPSILON_W:
                    power_w, limit, cut = allowed_w, group.by, True
        return power_w, limit

    def _fit_down(self, asset: AssetId, bounds: Bounds, wish_w: float) -> tuple[float, Limit | None]:
        limit = bounds.low_by or Limit.DEVICE if wish_w < bounds.low_w - EPSILON_W else None
        for low_w, high_w in bounds.spans:
            if high_w < wish_w - EPSILON_W:
                continue
            cap_w, by = self._above_groups(asset, max(wish_w, low_w))
            limit = by or limit
            if cap_w <= high_w + EPSILON_W:
                return min(cap_w, high_w), limit
        return bounds.rest_w, limit

    def _above_groups(self, asset: AssetId, power_w: float) -> tuple[float, Limit | None]:
        """The least that every group has room for (export), and which one bound it."""
        flex, given_w, limit = self._flex[asset], self.committed_w[asset], None
        for group, load_w in zip(self._groups, self._least_w, strict=True):
            if not group.counts(flex, power_w):
                continue
            room_w = group.low_w - load_w + group.least_load_w(flex, given_w)
            allowed_w = group.least_power_w(flex, power_w, room_w)
            if allowed_w > power_w + EPSILON_W:
                power_w, limit = min(allowed_w, max(0.0, power_w)), group.by
        return power_w, limit

    def most_w(self, asset: AssetId) -> float:
        """The largest power that an asset could be given now."""
        return self.fit(asset, float("inf"))[0]

    def commit(self, proposal: Proposal) -> None:
        """Give an asset what it asks for, as far as limits and earlier commitments allow."""
        asset = proposal.asset
        if asset not in self._bounds:
            self._allow(proposal)
            return
        earlier = self.reasons.get(asset)
        if earlier is not None and earlier.rule is Rule.MANUAL and proposal.reason.rule not in ABOVE_HAND:
            return
        fitted_w, limit = self.fit(asset, proposal.power_w)
        given_w, first = self.committed_w[asset], asset not in self.reasons
        if not first and abs(fitted_w) <= abs(given_w) + EPSILON_W:
            return
        if not first and fitted_w * given_w < 0:
            return
        bound = limit or self._bounds[asset].low_by
        cut = abs(fitted_w - proposal.power_w) > EPSILON_W and bound is not None
        self.reasons[asset] = (
            Reason(
                rule=proposal.reason.rule,
                params=proposal.reason.params,
                limit=bound,
                without_limit_w=proposal.power_w,
                review_at=proposal.reason.review_at,
            )
            if cut
            else proposal.reason
        )
        cut_w = max(0.0, proposal.power_w - self._expected_w(asset, fitted_w))
        gained_w = max(0.0, fitted_w if first else fitted_w - given_w)
        self.bought_w += min(max(0.0, proposal.bought_w - cut_w), gained_w)
        self._set(asset, fitted_w)

    def _allow(self, proposal: Proposal) -> None:
        """Tell a flexible load or a generator what it may take at most; the strictest word holds."""
        asset_id, state = proposal.asset, self._cycle.state_of(proposal.asset)
        asset = self._cycle.site.asset(asset_id)
        if state is None or not state.online:
            return
        if isinstance(asset, FlexibleLoad):
            power_w = min(max(0.0, proposal.power_w), asset.max_w)
        elif isinstance(asset, PvSystem) and asset.curtailable:
            power_w = max(min(0.0, proposal.power_w), -asset.peak_w)
        else:
            return
        if asset_id in self.outside_w and abs(self.outside_w[asset_id]) <= abs(power_w):
            return
        self.outside_w[asset_id], self.reasons[asset_id] = power_w, proposal.reason

    def _set(self, asset: AssetId, power_w: float) -> None:
        old_w = self.committed_w[asset]
        if power_w == old_w:
            return
        self._book(asset, old_w, sign=-1.0)
        self.committed_w[asset] = power_w
        self._book(asset, power_w, sign=1.0)

    def _book(self, asset: AssetId, power_w: float, *, sign: float) -> None:
        flex = self._flex[asset]
        most_w = max(power_w, self._cycle.at_least_w.get(asset, power_w))
        for i, group in enumerate(self._groups):
            self._loads_w[i] += sign * group.most_load_w(flex, most_w)
            self._least_w[i] += sign * group.least_load_w(flex, power_w)

    def reason_of(self, asset: AssetId) -> Reason:
        """Why an asset has what it has; idle where nobody wanted anything."""
        found = self.reasons.get(asset)
        if found is not None:
            return found
        bounds = self._bounds[asset]
        forced = bounds.low_by if self.committed_w[asset] > EPSILON_W else None
        return Reason(rule=Rule.IDLE, limit=forced, without_limit_w=0.0 if forced else None)
