"""What the API answers with, as pydantic models; they are also its OpenAPI description.

Signs follow the load convention: power into an asset is positive, grid import is positive, PV is
at most 0, a charging battery is positive. Times are UTC. A value that is not known is ``null``.
"""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

AssetKind = Literal["pv", "battery", "charge_point", "tank", "heat_pump", "room", "load", "flexible_load"]
Quality = Literal["good", "stale", "missing", "invalid"]


class Payload(BaseModel):
    """Base of all answers: frozen, and strict about unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SiteInfo(Payload):
    """The home, for display."""

    name: str
    timezone: str = Field(description="IANA name, such as Europe/Vienna; for showing local time")
    currency: str = Field(default="EUR", description="ISO 4217; all `eur` fields are in it")


class ClockInfo(Payload):
    """The clock that the house runs on."""

    speed: float = Field(default=1.0, description="simulated seconds per real second")
    simulated: bool = False


class GridInfo(Payload):
    """The meter at the grid connection; import is positive."""

    power_w: float | None
    phases_w: tuple[float, float, float] | None = None
    quality: Quality = "good"


class AssetInfo(Payload):
    """One asset now. Fields that do not apply to its kind are ``null``."""

    kind: AssetKind
    name: str
    power_w: float | None = None
    quality: Quality = "good"
    online: bool = True
    fault: str | None = None
    soc: float | None = Field(default=None, description="state of charge, 0..1")
    temperature_c: float | None = None
    target_c: float | None = None
    connected: bool | None = Field(default=None, description="a vehicle is on the cable")
    charging: bool | None = None
    departure: AwareDatetime | None = None
    setpoint_w: float | None = Field(default=None, description="what Ohmstead asks for now")
    reason: str | None = Field(default=None, description="why, as a sentence")
    reason_code: str | None = None


class PricePoint(Payload):
    """One price slot [start, end)."""

    start: AwareDatetime
    end: AwareDatetime
    import_eur_per_kwh: float
    export_eur_per_kwh: float
    known: bool = Field(default=True, description="false: a forecast, not published yet")


class TariffInfo(Payload):
    """The price now and the slots that follow."""

    name: str
    import_eur_per_kwh: float | None
    export_eur_per_kwh: float | None
    next: list[PricePoint] = []


class DayTotals(Payload):
    """Since local midnight. ``baseline_cost_eur`` is the same day without energy management."""

    import_kwh: float
    export_kwh: float
    pv_kwh: float = Field(description="generated, as a positive number")
    load_kwh: float
    cost_eur: float
    baseline_cost_eur: float | None = None
    saved_eur: float | None = None


class RunTotals(Payload):
    """Since the start of the records."""

    since: AwareDatetime
    cost_eur: float
    baseline_cost_eur: float | None = None
    saved_eur: float | None = None


class PlanInfo(Payload):
    """Which plan is in force."""

    made_at: AwareDatetime
    status: str = Field(description="optimal, time_limit or rounded")
    trigger: str | None = None


class WarningInfo(Payload):
    """Something that a person should know."""

    code: str
    message: str


class StatePayload(Payload):
    """The whole home at one moment."""

    at: AwareDatetime
    mode: Literal["demo", "run"]
    site: SiteInfo
    clock: ClockInfo = ClockInfo()
    grid: GridInfo
    assets: dict[str, AssetInfo]
    powers_w: dict[str, float | None] = Field(description="`grid` and every asset by id")
    outdoor_c: float | None = None
    tariff: TariffInfo | None = None
    today: DayTotals | None = None
    total: RunTotals | None = None
    plan: PlanInfo | None = None
    warnings: list[WarningInfo] = []


class PlanAsset(Payload):
    """What the plan wants of one asset in one slot."""

    power_w: float
    import_w: float = Field(default=0.0, description="how much of it may be bought")
    export_w: float = Field(default=0.0, description="how much a storage may sell")
    energy_kwh: float | None = Field(default=None, description="stored at the slot's end")
    energy_low_kwh: float | None = None
    energy_high_kwh: float | None = None
    value_eur_per_kwh: float = Field(default=0.0, description="what one more kWh here saves later")
    soc: float | None = Field(default=None, description="energy_kwh as a share of the capacity")


class PlanSlotInfo(Payload):
    """One step [start, end) of the plan and the forecasts it rests on."""

    start: AwareDatetime
    end: AwareDatetime
    import_eur_per_kwh: float
    export_eur_per_kwh: float
    price_known: bool
    pv_w: float
    load_w: float
    grid_w: float
    outdoor_c: float | None = None
    assets: dict[str, PlanAsset] = {}


class SolverInfo(Payload):
    """How the plan was found."""

    status: str
    gap: float
    duration_s: float
    columns: int
    rows: int


class PlanPayload(Payload):
    """The plan in force."""

    id: str
    made_at: AwareDatetime
    trigger: str | None = None
    expected_cost_eur: float
    solver: SolverInfo | None = None
    slots: list[PlanSlotInfo]


class DecisionPayload(Payload):
    """One change of a setpoint, with its reason."""

    at: AwareDatetime
    asset: str
    asset_name: str
    setpoint_w: float
    previous_w: float | None = None
    code: str
    limit: str | None = Field(default=None, description="the limit that bound it, if one did")
    sentence: str
    review_at: AwareDatetime | None = Field(default=None, description="when it is looked at again")


class HistoryPayload(Payload):
    """Mean values in columns: ``series[name][i]`` covers [times[i], times[i] + resolution_s)."""

    start: AwareDatetime
    end: AwareDatetime
    resolution_s: int
    times: list[AwareDatetime]
    series: dict[str, list[float | None]]


class ValveInfo(Payload):
    """One thermostatic radiator valve (TRV)."""

    id: str
    enabled: bool = Field(description="false: left alone")
    available: bool
    wanted: Literal["open", "shut"] | None = Field(description="what it was last told; null: nothing yet")
    setpoint_c: float | None = Field(default=None, description="what it shows")
    follows: bool = Field(description="it shows what it was told")


class HeatingCycleInfo(Payload):
    """The heating cycle under way: HEATING, and the COOLDOWN after it in which the overshoot shows."""

    started_at: AwareDatetime
    mode: Literal["LEARNING", "LEARNED", "LONG RISE", "POST-VENT"]
    start_c: float
    target_c: float
    elapsed_s: float = Field(description="of the heating")
    planned_s: float | None = Field(default=None, description="when to stop; null: at the target")
    stopped_at: AwareDatetime | None = None
    peak_c: float | None = Field(default=None, description="highest since the heating stopped")
    invalid: str | None = Field(default=None, description="why it will not be learned from")


class PastCycleInfo(Payload):
    """A heating cycle that has ended."""

    ended_at: AwareDatetime
    duration_s: float
    overshoot_k: float | None = Field(description="null: interrupted before it could be measured")
    valid: bool
    invalid: str | None = Field(default=None, description="why it was not learned from")


class LearningInfo(Payload):
    """What a radiator room has learned; the figures are null before the first valid cycle."""

    complete: bool = Field(description="true: it stops before the target by prediction")
    valid_cycles: int
    needed_cycles: int
    avg_duration_s: float | None = None
    time_offset_s: float | None = Field(default=None, description="how much earlier it stops")
    s_per_k: float | None = Field(default=None, description="heating time for one kelvin")
    overshoot_k: float | None = Field(default=None, description="mean of the cycles in view")


class HeatingProblemInfo(Payload):
    """Something that a person should look at while it lasts."""

    code: str
    subject: str = Field(default="", description="the valve or window, or empty")
    message: str


class RadiatorRoomInfo(Payload):
    """A room with radiators and its regulator."""

    id: str
    name: str
    state: Literal["IDLE", "HEATING", "COOLDOWN", "VENT", "ERROR"]
    reason: str = Field(description="why, as a sentence")
    since: AwareDatetime | None = Field(description="in this state")
    next_at: AwareDatetime | None = Field(default=None, description="when a timer ends")
    target_c: float | None
    measured_c: float | None
    window_open: bool = False
    post_vent: bool = Field(default=False, description="the next heating is the first after airing")
    valves: list[ValveInfo]
    cycle: HeatingCycleInfo | None = None
    last_cycles: list[PastCycleInfo] = Field(default=[], description="newest first, at most ten")
    learning: LearningInfo
    problems: list[HeatingProblemInfo] = []


class FloorRoomInfo(Payload):
    """A room on underfloor heating."""

    id: str
    name: str
    floor: Literal["GF", "FF"]
    available: bool
    off: bool = Field(default=False, description="its thermostat was switched off by a person: left alone")
    measured_c: float | None
    setpoint_c: float | None = Field(description="what the thermostat shows")
    target_c: float | None = Field(description="what people want; null: nobody said yet")
    priority: float
    open: bool = Field(description="told to heat")
    heating: bool = Field(description="open, colder than its setpoint, and the pump runs")
    heating_min: float = Field(default=0.0, description="continuous heating so far")
    cooldown_until: AwareDatetime | None = Field(default=None, description="heated for long enough; rests")
    unmanaged_until: AwareDatetime | None = Field(default=None, description="did not obey; left alone")


class FloorsInfo(Payload):
    """Two floors on one heat pump. Seconds left are 0 where nothing is waited for."""

    state: Literal["OFF_LOCKOUT", "OFF", "HEAT_GF", "HEAT_FF", "DHW_QUOTA"]
    reason: str = Field(description="why, as a sentence")
    reason_code: str
    since: AwareDatetime | None
    floor: Literal["GF", "FF"] | None = Field(description="the floor that is heated")
    pump_on: bool | None = Field(description="null: the relay's state is unknown, everything is held")
    outdoor_c: float | None
    quota_min: float = Field(description="pump minutes wanted for hot water today")
    quota_remaining_min: float
    pump_on_min_today: float
    pump_starts_today: int
    min_on_left_s: float = Field(description="until the pump may stop")
    min_off_left_s: float = Field(description="until the pump may start")
    floor_hold_left_s: float = Field(description="until the other floor may take over")
    off_window: tuple[str, str] | None = Field(description="local times between which it never starts")
    rooms: list[FloorRoomInfo]


class HeatingPayload(Payload):
    """Rooms that Ohmstead regulates itself; empty where there are none."""

    at: AwareDatetime
    floors: FloorsInfo | None = None
    radiators: list[RadiatorRoomInfo] = []


class HealthPayload(Payload):
    """``stalled``: the control loop has not finished a cycle for too long."""

    status: Literal["ok", "degraded", "starting", "stalled"]
    version: str
    cycle_age_s: float | None = None
    planner: str | None = None
    recorder: str | None = None
    details: dict[str, str] = {}


class Problem(Payload):
    """What went wrong, after RFC 9457."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str


class TokenPayload(Payload):
    """The access token, to be changed into a browser session."""

    token: str
