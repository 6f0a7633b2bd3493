"""What an asset may take: a set of admissible powers that limits can only narrow.

The set is a run of disjoint closed spans, so that "0 or at least 6 A × phases" and the stages of
a relay heater are the same thing: ``((0, 0), (1380, 3680), (4140, 11040))``,
``((0, 0), (1000, 1000), (2000, 2000))``, ``((-5000, 5000),)``.
"""

from __future__ import annotations

from dataclasses import dataclass

from ohmstead.core.reason import Limit

Span = tuple[float, float]

EPSILON_W = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Bounds:
    """The admissible powers of one asset, W, ascending, never empty.

    ``low_by``/``high_by`` name the limit that last cut that side.
    """

    spans: tuple[Span, ...]
    low_by: Limit | None = None
    high_by: Limit | None = None

    def __post_init__(self) -> None:
        if not self.spans:
            raise ValueError("bounds must admit at least one power")

    @property
    def low_w(self) -> float:
        """The smallest admissible power."""
        return self.spans[0][0]

    @property
    def high_w(self) -> float:
        """The largest admissible power."""
        return self.spans[-1][1]

    @property
    def rest_w(self) -> float:
        """The admissible power nearest to zero: what the asset does when nobody wants anything."""
        best = self.spans[0][0]
        for low, high in self.spans:
            near = low if low > 0 else min(high, 0.0)
            if abs(near) < abs(best):
                best = near
        return best

    def narrowed(
        self, *, low_w: float | None = None, high_w: float | None = None, by: Limit
    ) -> Bounds | None:
        """The part between two powers, or ``None`` where nothing would remain."""
        low = self.low_w if low_w is None else low_w
        high = self.high_w if high_w is None else high_w
        if low <= self.low_w and high >= self.high_w:
            return self
        cut = ((max(a, low), min(b, high)) for a, b in self.spans)
        spans = tuple((a, max(a, b)) for a, b in cut if a <= b + EPSILON_W)
        if not spans:
            return None
        return Bounds(
            spans=spans,
            low_by=by if spans[0][0] > self.low_w else self.low_by,
            high_by=by if spans[-1][1] < self.high_w else self.high_by,
        )

    def at_most(self, power_w: float) -> float | None:
        """The largest admissible power that is no more than the given one."""
        for low, high in reversed(self.spans):
            if low <= power_w + EPSILON_W:
                return min(high, power_w) if power_w >= low else low
        return None

    def at_least(self, power_w: float) -> float | None:
        """The smallest admissible power that is no less than the given one."""
        for low, high in self.spans:
            if high >= power_w - EPSILON_W:
                return max(low, power_w) if power_w <= high else high
        return None

    def admits(self, power_w: float) -> bool:
        """Whether a power is in the set."""
        return any(low - EPSILON_W <= power_w <= high + EPSILON_W for low, high in self.spans)


ZERO = Bounds(spans=((0.0, 0.0),))
