"""The agents' measurements as an image of a home, and the core's decision on it as actions.

Nothing is decided here. Battery and vehicle are storages of one site, in that order; the flexible load
gives way before energy is bought. A vehicle on a charger that gives and takes any power between its
limits is to the core a storage like another, while it is connected.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ohmstead.agents.schema import LoadStatus, SolarStatus, StorageStatus, VehicleStatus
from ohmstead.agents.settings import Part
from ohmstead.agents.storage import Mode
from ohmstead.agents.units import kw
from ohmstead.core.decide import decide
from ohmstead.core.memory import Memory
from ohmstead.core.reason import Reason, Setpoint
from ohmstead.core.settings import Settings
from ohmstead.core.site import Battery, FlexibleLoad, GridConnection, Site
from ohmstead.core.state import BatteryState, GridState, LoadState, Reading, SiteState
from ohmstead.explain import sentence

HORIZON_S = 120.0
"""Near full or reserve a storage is told what it can keep up so long; the rest is for the next one."""
SETTINGS = Settings(balance_deadband_w=0.0, storage_horizon_s=HORIZON_S)
NO_FUSE = GridConnection(fuse_a=float("inf"))
"""Agents do not tell how the house is wired; their own limits and the balance are what there is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Home:
    """What is known of the home; ``None`` where an agent does not answer."""

    solar: SolarStatus | None = None
    battery: StorageStatus | None = None
    vehicle: VehicleStatus | None = None
    load: LoadStatus | None = None

    @property
    def surplus_w(self) -> float:
        """Production less all that is wanted; what is not known counts as 0."""
        production_kw = 0.0 if self.solar is None else self.solar.production_kw
        wanted_kw = 0.0 if self.load is None else self.load.critical_load_kw + self.load.flexible_load_kw
        return 1e3 * (production_kw - wanted_kw)

    @property
    def flexible_w(self) -> float:
        """What may be shed."""
        return 0.0 if self.load is None else 1e3 * self.load.flexible_load_kw


@dataclass(frozen=True, kw_only=True, slots=True)
class Action:
    """What a storage (load convention, W) or the load (W shed, ≥ 0) is to do, and why."""

    power_w: float = 0.0
    reason: str

    @property
    def power_kw(self) -> float:
        """The power without its sign, as the agents take it."""
        return kw(abs(self.power_w))

    @property
    def mode(self) -> Mode:
        """The direction of a storage; what rounds to 0 is idle."""
        if self.power_kw == 0.0:
            return Mode.IDLE
        return Mode.CHARGE if self.power_w > 0 else Mode.DISCHARGE


@dataclass(frozen=True, kw_only=True, slots=True)
class Actions:
    """The outcome, one action per device that obeys."""

    battery: Action
    vehicle: Action
    load: Action
    surplus_w: float

    @property
    def grid_w(self) -> float:
        """What flows at the grid connection when the actions are carried out; import is positive."""
        return self.battery.power_w + self.vehicle.power_w - self.load.power_w - self.surplus_w


def decide_actions(home: Home, now: datetime, errors: Mapping[Part, str] | None = None) -> Actions:
    """Let the core decide on what the agents tell.

    Args:
        errors: why an agent is missing, for the reasons.
    """
    site, state = picture(home, now)
    decision = decide(
        now=now, site=site, settings=SETTINGS, state=state, memory=Memory(), tariff=None, slot=None
    )
    setpoints = {s.asset: s for s in decision.setpoints}
    errors = errors or {}
    return Actions(
        battery=_storage(Part.BATTERY, setpoints, home.battery is not None, errors),
        vehicle=_vehicle(home, setpoints, errors),
        load=_load(home, setpoints),
        surplus_w=home.surplus_w,
    )


def picture(home: Home, now: datetime) -> tuple[Site, SiteState]:
    """The home to the core: as it would be if every storage stood idle and nothing were shed."""
    assets: list[Battery | FlexibleLoad] = []
    states: dict[str, BatteryState | LoadState] = {}
    for part, status in ((Part.BATTERY, home.battery), (Part.VEHICLE, home.vehicle)):
        if status is None or (isinstance(status, VehicleStatus) and not status.connected):
            continue
        one_way = isinstance(status, VehicleStatus) and not status.bidirectional
        assets.append(
            Battery(
                id=part,
                capacity_kwh=status.capacity_kwh,
                max_charge_w=1e3 * status.max_charge_kw,
                max_discharge_w=0.0 if one_way else 1e3 * status.max_discharge_kw,
                charge_efficiency=status.efficiency,
                discharge_efficiency=status.efficiency,
                reserve_soc=status.reserve_kwh / status.capacity_kwh,
                grid_charging=False,
            )
        )
        soc = Reading(value=status.state_of_charge_kwh / status.capacity_kwh)
        states[part] = BatteryState(id=part, power_w=Reading(value=0.0), soc=soc)
    if home.load is not None:
        assets.append(FlexibleLoad(id=Part.LOAD, max_w=home.flexible_w, modulating=True, avoid_import=True))
        states[Part.LOAD] = LoadState(id=Part.LOAD, power_w=Reading(value=home.flexible_w))
    grid = GridState(power_w=Reading(value=-home.surplus_w, at=now))
    return Site(assets=tuple(assets), grid=NO_FUSE), SiteState(at=now, grid=grid, assets=states)


def _storage(
    part: Part, setpoints: Mapping[str, Setpoint], answers: bool, errors: Mapping[Part, str]
) -> Action:
    setpoint = setpoints.get(part)
    if setpoint is None or not answers:
        return Action(reason=f"The {part} agent is left out: {errors.get(part, 'it does not answer')}.")
    return Action(power_w=setpoint.power_w, reason=_words(setpoint.reason, setpoint.power_w))


def _vehicle(home: Home, setpoints: Mapping[str, Setpoint], errors: Mapping[Part, str]) -> Action:
    if home.vehicle is None:
        return _storage(Part.VEHICLE, setpoints, False, errors)
    if not home.vehicle.connected:
        return Action(reason="No vehicle is connected.")
    action = _storage(Part.VEHICLE, setpoints, True, errors)
    if action.mode is Mode.IDLE and home.surplus_w < 0 and not home.vehicle.bidirectional:
        return Action(reason="The vehicle cannot feed the house.")
    return action


def _load(home: Home, setpoints: Mapping[str, Setpoint]) -> Action:
    setpoint = setpoints.get(Part.LOAD)
    if setpoint is None:
        return Action(reason="The load agent does not answer: what the house takes counts as 0.")
    shed_w = max(0.0, home.flexible_w - setpoint.power_w)
    return Action(power_w=shed_w, reason=_words(setpoint.reason, setpoint.power_w))


def _words(reason: Reason, power_w: float) -> str:
    return sentence(reason, power_w=power_w, zone=UTC)
