"""A small home for tests of the core: builders, a bench for cycle tables, and a house that reacts.

The :class:`Bench` decides cycle by cycle on images written down by a test; every asset that the
test does not mention follows its last command at once. The :class:`Plant` closes the loop: each
asset follows after its own delay and the meter lags. Both are independent of the simulator.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from ohmstead.core.engine import Engine
from ohmstead.core.flexibility import SHARES
from ohmstead.core.plan import AssetSlot, Plan, PlanSlot
from ohmstead.core.reason import Limit, Rule, Setpoint
from ohmstead.core.record import CycleRecord
from ohmstead.core.settings import Settings
from ohmstead.core.site import (
    Asset,
    Battery,
    ChargePoint,
    FlexibleLoad,
    GridConnection,
    HeatPump,
    HotWaterTank,
    Load,
    Phases,
    PvSystem,
    Room,
    Site,
)
from ohmstead.core.state import (
    AssetState,
    BatteryState,
    ChargePointState,
    GridState,
    HeatPumpState,
    LoadState,
    PvState,
    Reading,
    RoomState,
    SiteState,
    TankState,
)
from ohmstead.core.tariff import PriceSlot, Tariff

NOON = datetime(2026, 5, 1, 12, 0, tzinfo=UTC)

BATTERY = Battery(id="battery", capacity_kwh=10.0, max_charge_w=5000.0, max_discharge_w=5000.0)
CAR = ChargePoint(id="car")
TANK = HotWaterTank(id="tank")
PUMP = HeatPump(id="pump", rooms=("living",))
LIVING = Room(id="living")
PV = PvSystem(id="pv", peak_w=10_000.0, curtailable=True)
POOL = FlexibleLoad(id="pool", max_w=2000.0)
HOUSEHOLD = Load(id="household")

EVERYTHING: tuple[Asset, ...] = (PV, BATTERY, CAR, TANK, PUMP, LIVING, HOUSEHOLD, POOL)

COMFORTABLE: Mapping[str, AssetState] = {
    "battery": BatteryState(id="battery", soc=Reading(value=0.5)),
    "car": ChargePointState(id="car", connected=True, soc=Reading(value=0.5)),
    "tank": TankState(id="tank", temperature_c=Reading(value=52.0)),
    "pump": HeatPumpState(id="pump"),
    "living": RoomState(id="living", power_w=Reading(value=0.0), temperature_c=Reading(value=21.2)),
    "pv": PvState(id="pv", power_w=Reading(value=0.0)),
    "pool": LoadState(id="pool", power_w=Reading(value=0.0)),
}
"""States in which no rule but surplus and balance wants anything."""


def a_site(*assets: Asset, grid: GridConnection | None = None) -> Site:
    """A home with these assets on a 35 A connection."""
    return Site(assets=assets, grid=grid or GridConnection())


def reading(value: float | None, at: datetime | None = None) -> Reading:
    """A good reading, or a missing one."""
    return Reading(value=value, at=at)


def prices(
    *import_eur_per_kwh: float, start: datetime = NOON, hours: float = 1.0, export: float = 0.08
) -> Tariff:
    """Consecutive slots with these import prices and one export price."""
    step = timedelta(hours=hours)
    return Tariff(
        name="test",
        slots=[
            PriceSlot(
                start=start + i * step,
                end=start + (i + 1) * step,
                import_eur_per_kwh=price,
                export_eur_per_kwh=export,
            )
            for i, price in enumerate(import_eur_per_kwh)
        ],
    )


def a_plan(
    *slots: Mapping[str, AssetSlot],
    start: datetime = NOON,
    minutes: float = 15.0,
    pv_w: float = 0.0,
    load_w: float = 500.0,
    price: float = 0.30,
    export: float = 0.08,
) -> Plan:
    """A plan of equal slots, made at its start."""
    step = timedelta(minutes=minutes)
    return Plan(
        id="plan-1",
        made_at=start,
        expected_cost_eur=0.0,
        slots=tuple(
            PlanSlot(
                start=start + i * step,
                end=start + (i + 1) * step,
                import_eur_per_kwh=price,
                export_eur_per_kwh=export,
                price_known=True,
                pv_w=pv_w,
                load_w=load_w,
                grid_w=0.0,
                assets=assets,
            )
            for i, assets in enumerate(slots)
        ),
    )


def image(
    at: datetime,
    grid_w: float | None,
    states: Mapping[str, AssetState],
    *,
    phases_w: tuple[float, float, float] | None = None,
    outdoor_c: float | None = 10.0,
    operator_limited: bool = False,
) -> SiteState:
    """A process image whose grid reading was taken at its own moment."""
    return SiteState(
        at=at,
        grid=GridState(power_w=reading(grid_w, at), phases_w=phases_w),
        assets=states,
        outdoor_c=reading(outdoor_c),
        operator_limited=operator_limited,
    )


@dataclass(frozen=True)
class Why:
    """What a test expects of one setpoint; ``limit`` and ``without_w`` are compared as well."""

    power_w: float
    rule: Rule
    limit: Limit | None = None
    without_w: float | None = None


def why(setpoint: Setpoint) -> Why:
    """A setpoint in the terms of a test table, rounded to watts."""
    reason = setpoint.reason
    without_w = None if reason.without_limit_w is None else round(reason.without_limit_w)
    return Why(round(setpoint.power_w), reason.rule, reason.limit, without_w)


@dataclass
class Bench:
    """Decides cycles on written images. Assets follow their last command unless a test says otherwise."""

    site: Site
    settings: Settings = field(default_factory=Settings)
    tariff: Tariff | None = None
    plan: Plan | None = None
    start: datetime = NOON
    states: dict[str, AssetState] = field(default_factory=dict)
    engine: Engine = field(init=False)
    record: CycleRecord | None = None

    def __post_init__(self) -> None:
        self.engine = Engine(self.site, self.settings, plan=self.plan)
        self.engine.set_tariff(self.tariff)
        self.states = {a.id: COMFORTABLE[a.id] for a in self.site.assets if a.id in COMFORTABLE} | self.states

    def at(self, at_s: float) -> datetime:
        """A moment counted from the start."""
        return self.start + timedelta(seconds=at_s)

    def cycle(
        self,
        at_s: float,
        base_w: float | None = 0.0,
        *,
        phases_base_w: tuple[float, float, float] | None = None,
        operator_limited: bool = False,
        outdoor_c: float | None = 10.0,
        **states: AssetState,
    ) -> dict[str, Setpoint]:
        """One cycle; ``base_w`` is what nobody controls (``None``: the meter is silent)."""
        now = self.at(at_s)
        self.states |= states
        seen: dict[str, AssetState] = {}
        for asset_id, state in self.states.items():
            known = self.engine.memory.assets.get(asset_id)
            follows = asset_id not in states and state.power_w.value is None and state.online
            commanded = (known.commanded_w or 0.0) if known is not None else 0.0
            seen[asset_id] = replace(state, power_w=reading(commanded)) if follows else state
        controlled = {a: s for a, s in seen.items() if not isinstance(self.site.asset(a), Room | Load)}
        sum_w = sum(s.power_w.or_(0.0) for s in controlled.values())
        phases = None
        if phases_base_w is not None:
            own = [self._on_phases(s) for s in controlled.values()]
            phases = (
                phases_base_w[0] + sum(o[0] for o in own),
                phases_base_w[1] + sum(o[1] for o in own),
                phases_base_w[2] + sum(o[2] for o in own),
            )
            base_w = sum(phases_base_w)
        grid_w = None if base_w is None else base_w + sum_w
        self.engine.observe(
            image(now, grid_w, seen, phases_w=phases, operator_limited=operator_limited, outdoor_c=outdoor_c)
        )
        self.record = self.engine.step(now)
        return {s.asset: s for s in self.record.setpoints}

    def _on_phases(self, state: AssetState) -> tuple[float, float, float]:
        asset = self.site.asset(state.id)
        shares = SHARES[getattr(asset, "phases", Phases.ALL)]
        power_w = state.power_w.or_(0.0)
        return (power_w * shares[0], power_w * shares[1], power_w * shares[2])


# --- closed loop -------------------------------------------------------------------------------

Household = Callable[[float], tuple[float, float, float]]
"""Uncontrolled power per phase, W, at a number of seconds after the start; sun included."""


@dataclass
class Wire:
    """How one asset of the plant behaves.

    ``takes`` turns a command into the power that the device really takes; ``shares`` is where it
    really sits, whatever the site says.
    """

    delay_s: float = 0.0
    shares: tuple[float, float, float] = (1 / 3, 1 / 3, 1 / 3)
    takes: Callable[[float], float] = field(default=lambda commanded_w: commanded_w)
    told: list[tuple[float, float]] = field(default_factory=lambda: [(-1e9, 0.0)])

    def power_w(self, t: float) -> float:
        """What it takes at a moment: the newest command that is older than the delay."""
        return self.takes(next(w for at, w in reversed(self.told) if at + self.delay_s <= t))


@dataclass
class Plant:
    """A house that follows commands late and is metered late; ticks once a second."""

    site: Site
    household: Household
    wires: dict[str, Wire]
    settings: Settings = field(default_factory=Settings)
    states: dict[str, AssetState] = field(default_factory=dict)
    meter_delay_s: float = 0.0
    meter_phases: bool = True
    cycle_s: int = 5
    silent: Sequence[tuple[float, float]] = ()
    """Times [from, to) in which the meter gives nothing new, seconds after the start."""
    tariff: Tariff | None = None
    plan: Plan | None = None
    engine: Engine = field(init=False)
    phases_w: list[tuple[float, float, float]] = field(default_factory=list)
    """True power per phase at the connection, one entry per second."""
    powers_w: list[dict[str, float]] = field(default_factory=list)
    """True power per asset, one entry per second."""
    commands: list[dict[str, float]] = field(default_factory=list)
    """Setpoints that were sent, one entry per cycle."""
    records: list[CycleRecord] = field(default_factory=list)
    _last_meter: GridState = field(default_factory=GridState)

    def __post_init__(self) -> None:
        self.engine = Engine(self.site, self.settings, plan=self.plan)
        self.engine.set_tariff(self.tariff)
        self.states = {a: COMFORTABLE[a] for a in self.wires} | self.states

    def run(self, seconds: int) -> Plant:
        """Let time pass."""
        first = len(self.phases_w)
        for t in range(first, first + seconds):
            own = {a: w.power_w(t) for a, w in self.wires.items()}
            base = self.household(t)
            self.powers_w.append(own)
            p0, p1, p2 = (
                base[i] + sum(w * self.wires[a].shares[i] for a, w in own.items()) for i in range(3)
            )
            self.phases_w.append((p0, p1, p2))
            if t % self.cycle_s == 0:
                self._cycle(t)
        return self

    def _cycle(self, t: int) -> None:
        now = NOON + timedelta(seconds=t)
        if not any(start <= t < end for start, end in self.silent):
            seen = self.phases_w[max(0, int(t - self.meter_delay_s))]
            self._last_meter = GridState(
                power_w=reading(sum(seen), now), phases_w=seen if self.meter_phases else None
            )
        assets = {
            a: replace(s, power_w=reading(self.powers_w[t][a]) if a in self.wires else s.power_w)
            for a, s in self.states.items()
        }
        self.engine.observe(SiteState(at=now, grid=self._last_meter, assets=assets, outdoor_c=reading(10.0)))
        record = self.engine.step(now)
        self.records.append(record)
        sent = {s.asset: s.told_w for s in record.setpoints if s.send}
        self.commands.append(sent)
        for asset_id, power_w in sent.items():
            self.wires[asset_id].told.append((float(t), power_w))

    def longest_over_s(self, limit_w: float) -> int:
        """The longest time a phase carried more than a power, s, without what the house does alone."""
        longest = 0
        for phase in range(3):
            run = 0
            for t, phases in enumerate(self.phases_w):
                over = abs(phases[phase]) > limit_w + 1.0 and abs(self.household(t)[phase]) <= limit_w
                run = run + 1 if over else 0
                longest = max(longest, run)
        return longest

    def spread_w(self, asset: str, last_s: int) -> float:
        """Largest minus smallest true power of an asset in the last seconds."""
        powers = [p[asset] for p in self.powers_w[-last_s:]]
        return max(powers) - min(powers)
