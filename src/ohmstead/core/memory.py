"""What the core remembers from cycle to cycle: timers and last commands, as plain values.

It is the only state that decisions depend on besides the process image, the tariff and the plan;
it survives a restart by being stored, and makes every cycle replayable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields, replace
from datetime import datetime

from ohmstead.core.charging_info import ChargingInfo
from ohmstead.core.phases import PhaseEvidence
from ohmstead.core.reason import Rule
from ohmstead.core.settings import Tuning
from ohmstead.core.sg_ready import SgReadyMemory
from ohmstead.core.site import AssetId

RUNNING_W = 20.0
"""Above this an asset counts as running."""


@dataclass(kw_only=True, slots=True)
class AssetMemory:
    """Timers and the last command of one asset."""

    commanded_w: float | None = None
    commanded_at: datetime | None = None
    recent: tuple[tuple[datetime, float], ...] = ()
    """Measured powers, W, of the last seconds, oldest first: what a lagging meter may still show."""
    rule: Rule | None = None
    on_since: datetime | None = None
    """Commanded above zero since; ``None`` while off."""
    off_since: datetime | None = None
    """Commanded to zero since; ``None`` while on or never commanded."""
    starts: tuple[datetime, ...] = ()
    """When it was started within the last hour."""
    stepped_down_at: datetime | None = None
    """When a stage or two of three phases were switched off while the rest runs on."""
    surplus_since: datetime | None = None
    """Enough surplus to start since."""
    lack_since: datetime | None = None
    """Too little surplus to go on since."""
    phases_since: datetime | None = None
    """The surplus asks for another number of phases since."""
    latched: bool = False
    """A thermostat of this asset is in its heating half."""
    full: bool = False
    """A tank has reached its maximum and not yet fallen below the hysteresis."""
    at_most_w: float | None = None
    """What it takes although it was told more; ``None`` while it follows."""
    at_least_w: float | None = None
    """What it takes although it was told less; ``None`` while it follows."""
    ignored: int = 0
    """Commands in a row that it did not follow downwards."""
    sanitised_at: datetime | None = None
    """End of the last legionella cycle of a tank."""
    full_at: datetime | None = None
    """When a tank was last as warm as it is to be."""
    silent_since: datetime | None = None
    """Switched on and taking nothing since."""
    budget_slot: datetime | None = None
    """Start of the plan's slot that ``budget_kwh`` belongs to."""
    budget_kwh: float = 0.0
    """Taken since that slot began to be followed."""
    phases: PhaseEvidence | None = None
    """On which phases a vehicle charges, as far as that was seen."""
    spot_day: datetime | None = None
    """Start of the local day that ``spot_kwh`` belongs to."""
    spot_kwh: float = 0.0
    """Taken in cheap hours of that day."""
    sg_ready: SgReadyMemory | None = None
    """What the contacts of an SG-Ready heat pump ask for, its blocks and boosts."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ManualCommand:
    """A power asked for by a person or an API; limits bind it too.

    Raises:
        ValueError: the power is not finite.
    """

    asset: AssetId
    power_w: float
    until: datetime | None = None

    def __post_init__(self) -> None:
        if not math.isfinite(self.power_w):
            raise ValueError(f"command for {self.asset} is not finite: {self.power_w}")


@dataclass(kw_only=True, slots=True)
class Memory:
    """Everything that the engine carries from one cycle to the next."""

    at: datetime | None = None
    uncontrolled_w: float | None = None
    """Last estimate of what nobody controls (household and PV), W."""
    phases_uncontrolled_w: tuple[float, float, float] | None = None
    """The same per phase, as the fuses took it."""
    assets: dict[AssetId, AssetMemory] = field(default_factory=dict)
    manual: dict[AssetId, ManualCommand] = field(default_factory=dict)
    charging: dict[AssetId, ChargingInfo] = field(default_factory=dict)
    """What people want of charge points, by charge point."""
    day_start: datetime | None = None
    """Start of the local day of the last cycle."""
    day_end: datetime | None = None
    """Its end: 23, 24 or 25 hours later."""
    tuning: Tuning = field(default_factory=Tuning)
    """Settings changed while the daemon runs."""
    planned_at: datetime | None = None
    plan_trigger_key: str = ""
    """What the last planning request was made for; a change asks for a new plan."""

    def of(self, asset: AssetId) -> AssetMemory:
        """The memory of an asset, made on first use."""
        found = self.assets.get(asset)
        if found is None:
            found = self.assets[asset] = AssetMemory()
        return found

    def copy(self) -> Memory:
        """An independent copy."""
        return replace(
            self,
            assets={asset: _twin(memory) for asset, memory in self.assets.items()},
            manual=dict(self.manual),
            charging=dict(self.charging),
        )

    def rebased(self, now: datetime) -> Memory:
        """A copy in which no timer lies in the future, for a clock that was set back."""
        out = self.copy()
        for memory in out.assets.values():
            for name in _TIMERS:
                since = getattr(memory, name)
                if since is not None and since > now:
                    setattr(memory, name, now)
            memory.recent = tuple(seen for seen in memory.recent if seen[0] <= now)
            memory.starts = tuple(min(at, now) for at in memory.starts)
            if memory.sg_ready is not None:
                memory.sg_ready = memory.sg_ready.rebased(now)
        if out.planned_at is not None and out.planned_at > now:
            out.planned_at = None
        return out


_NAMES = tuple(f.name for f in fields(AssetMemory))


def _twin(memory: AssetMemory) -> AssetMemory:
    """A copy, quicker than :func:`dataclasses.replace`: one is made per asset and cycle."""
    out = AssetMemory.__new__(AssetMemory)
    for name in _NAMES:
        setattr(out, name, getattr(memory, name))
    return out


_TIMERS = (
    "commanded_at",
    "on_since",
    "off_since",
    "stepped_down_at",
    "surplus_since",
    "lack_since",
    "phases_since",
    "sanitised_at",
    "full_at",
    "silent_since",
)
