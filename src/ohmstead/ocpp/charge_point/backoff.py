"""How long to wait before the next attempt to connect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_DOUBLINGS: Final = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Backoff:
    """Exponential, with jitter: thousands of charge points must not come back in the same second.

    The wait is between half and all of ``first_s · 2^failures``, and never above ``max_s``.
    """

    first_s: float = 1.0
    max_s: float = 300.0

    def delay_s(self, failures: int, jitter: float) -> float:
        """Seconds to wait after ``failures`` attempts in a row; ``jitter`` is random in [0, 1)."""
        full = min(self.max_s, self.first_s * 2.0 ** min(max(0, failures - 1), MAX_DOUBLINGS))
        return full * (0.5 + 0.5 * jitter)
