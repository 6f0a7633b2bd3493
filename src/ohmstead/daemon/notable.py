"""Which of the many setpoints are decisions that a person wants to read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ohmstead.core.reason import Limit, Rule, Setpoint
from ohmstead.core.site import AssetId

BIG_CHANGE_W = 1000.0
OFTEN_S = 60.0
"""Of one asset, decisions of the same rule are told at most this often."""

TOLD_WHILE_OFF = frozenset({Rule.HOLD, Rule.SHED, Rule.MANUAL})
"""Why something that is off stays off is news only where it was meant."""


@dataclass(kw_only=True, slots=True)
class _Told:
    at: datetime
    power_w: float
    rule: Rule
    limit: Limit | None


@dataclass(kw_only=True, slots=True)
class Notable:
    """Remembers what was told last, per asset."""

    _told: dict[AssetId, _Told] = field(default_factory=dict)

    def is_new(self, now: datetime, setpoint: Setpoint) -> tuple[bool, float | None]:
        """Whether a setpoint is news, and what was told before it.

        News is another rule or limit while it runs, on instead of off, charging instead of discharging,
        or a big change of power.
        """
        last = self._told.get(setpoint.asset)
        if last is not None:
            turned = _direction(setpoint.power_w) != _direction(last.power_w)
            running = _direction(setpoint.power_w) != 0
            other = setpoint.reason.rule is not last.rule or setpoint.reason.limit is not last.limit
            other = other and (running or setpoint.reason.rule in TOLD_WHILE_OFF)
            big = abs(setpoint.power_w - last.power_w) >= BIG_CHANGE_W
            waited = abs((now - last.at).total_seconds()) >= OFTEN_S
            if not ((turned or other or big) and (waited or turned)):
                return False, None
        self._told[setpoint.asset] = _Told(
            at=now, power_w=setpoint.power_w, rule=setpoint.reason.rule, limit=setpoint.reason.limit
        )
        return True, None if last is None else last.power_w


def _direction(power_w: float) -> int:
    return 0 if abs(power_w) < 20.0 else (1 if power_w > 0 else -1)
