"""A home made of fixed sample data: every kind of asset, yesterday, today and a plan for two days.

The numbers come from a small rule-based walk through the quarter-hours, so that they fit together:
the grid is the sum of the assets, and stored energy follows from power.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Literal, NoReturn
from zoneinfo import ZoneInfo

from ohmstead.web import Event, Hub
from ohmstead.web.schema import (
    AssetInfo,
    ClockInfo,
    DayTotals,
    DecisionPayload,
    GridInfo,
    HealthPayload,
    HeatingPayload,
    HistoryPayload,
    LearningInfo,
    PlanAsset,
    PlanInfo,
    PlanPayload,
    PlanSlotInfo,
    PricePoint,
    RunTotals,
    SiteInfo,
    SolverInfo,
    StatePayload,
    TariffInfo,
    WarningInfo,
)
from tests.web.sample_heating import sample_heating

ZONE = ZoneInfo("Europe/Vienna")
NOW = datetime(2026, 4, 17, 10, 20, tzinfo=UTC)
SLOT = timedelta(minutes=15)
BATTERY_KWH = 10.0
VEHICLE_KWH = 58.0
CONTROLLED = ("battery", "ev", "tank", "heat_pump")


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One quarter-hour: mean powers (load convention) and what is stored at its end."""

    start: datetime
    price: float
    powers_w: dict[str, float]
    battery_soc: float
    ev_soc: float
    tank_c: float
    living_c: float
    bedroom_c: float
    outdoor_c: float

    @property
    def grid_w(self) -> float:
        return sum(self.powers_w.values())

    @property
    def end(self) -> datetime:
        return self.start + SLOT


def hour(at: datetime) -> float:
    """Local hour of the day, 0..24."""
    local = at.astimezone(ZONE)
    return local.hour + local.minute / 60 + local.second / 3600


def import_price(at: datetime) -> float:
    """EUR/kWh: a morning and an evening peak, a valley at noon."""
    h = hour(at)
    peaks = 0.11 * math.exp(-(((h - 7.5) / 1.6) ** 2)) + 0.17 * math.exp(-(((h - 19.5) / 2.0) ** 2))
    return round(0.21 + peaks - 0.11 * math.exp(-(((h - 13.2) / 2.6) ** 2)), 4)


def export_price(at: datetime) -> float:
    """EUR/kWh: what is received."""
    return round(max(-0.01, (import_price(at) - 0.12) * 0.7), 4)


def _pv_w(at: datetime) -> float:
    h = hour(at)
    if not 6.0 < h < 20.0:
        return 0.0
    day = at.astimezone(ZONE).day
    clouds = 1 - 0.22 * (0.5 + 0.5 * math.sin(h * 3.1 + day)) * (0.4 + 0.6 * (day % 3 == 0))
    return -9400.0 * math.pow(math.sin(math.pi * (h - 6) / 14), 1.7) * clouds


def _load_w(at: datetime) -> float:
    h = hour(at)
    return (
        290
        + 620 * math.exp(-(((h - 7.3) / 1.0) ** 2))
        + 480 * math.exp(-(((h - 12.4) / 0.8) ** 2))
        + 1250 * math.exp(-(((h - 19.2) / 1.7) ** 2))
        + 70 * math.sin(h * 5)
    )


def _walk(start: datetime, steps: int) -> list[Step]:
    """Quarter-hour by quarter-hour: surplus to car, tank and battery; battery through the peak."""
    out: list[Step] = []
    battery, ev, tank, living, bedroom = 0.42, 0.31, 49.0, 21.0, 19.4
    for i in range(steps):
        at = start + i * SLOT
        h, price = hour(at), import_price(at)
        powers = {"pv": _pv_w(at), "household": _load_w(at), "dishwasher": 1150.0 if 12.75 <= h < 14 else 0.0}
        outdoor = 9.5 - 5.5 * math.cos((h - 3.5) / 24 * 2 * math.pi)
        heating = (4.0 <= h < 6.5 or 11.5 <= h < 15.5) and living < 22.4
        powers["heat_pump"] = 1350.0 if heating else 60.0
        free = -sum(powers.values())
        at_home = not 7.5 <= h < 10.0
        if not at_home:
            ev = max(0.2, ev - 0.045)
        wants = at_home and ev < 0.8
        take = min(7400.0, max(4140.0, free * 0.7)) if wants and (free > 4800 or price < 0.125) else 0.0
        powers["ev"] = take
        free -= take
        powers["tank"] = 3000.0 if tank < 60 and (free > 2200 or tank < 46) else 0.0
        free -= powers["tank"]
        if free > 0:
            power = min(free, 5000.0, (1.0 - battery) * BATTERY_KWH * 4000 / 0.95)
        else:
            power = -min(-free, 5000.0, (battery - 0.1) * BATTERY_KWH * 4000 * 0.95) if price > 0.2 else 0.0
        powers["battery"] = power
        battery += power * (0.95 if power > 0 else 1 / 0.95) / 4000 / BATTERY_KWH
        ev += take * 0.9 / 4000 / VEHICLE_KWH
        drawn = 1.4 if 6.5 <= h < 8 or 19 <= h < 21 else 0.08
        tank += powers["tank"] / 4000 / 0.349 - drawn
        living += (0.2 if heating else 0.0) - 0.0042 * (living - outdoor)
        bedroom += (0.13 if heating else 0.0) - 0.0033 * (bedroom - outdoor)
        out.append(
            Step(
                start=at,
                price=price,
                powers_w=powers,
                battery_soc=battery,
                ev_soc=ev,
                tank_c=tank,
                living_c=living,
                bedroom_c=bedroom,
                outdoor_c=outdoor,
            )
        )
    return out


_FIRST = datetime(2026, 4, 15, 22, 0, tzinfo=UTC)
_TIMELINE = _walk(_FIRST, 96 * 8)


def step_at(at: datetime) -> Step:
    """The quarter-hour that covers a moment."""
    return _TIMELINE[int((at - _FIRST) / SLOT)]


def _kwh(steps: Sequence[Step], name: str) -> float:
    return sum((s.grid_w if name == "grid" else s.powers_w[name]) for s in steps) / 4000


def _power_getter(name: str) -> Callable[[Step], float]:
    return lambda step: step.powers_w[name]


class SampleHouse:
    """A :class:`~ohmstead.web.SiteView` of the sample data; ``now`` can be moved on."""

    def __init__(self, now: datetime = NOW, *, speed: float = 1.0, with_plan: bool = True) -> None:
        self.now = now
        self.hub = Hub()
        self.status: Literal["ok", "degraded", "starting", "stalled"] = "ok"
        self.wobble = 0.0
        self.warnings: list[WarningInfo] = []
        self._speed = speed
        self._with_plan = with_plan
        self._decisions = _decisions(now)

    def state(self) -> StatePayload:
        step = step_at(self.now)
        powers = {
            k: v * (1 + 0.04 * self.wobble) if k in ("pv", "household") else v
            for k, v in step.powers_w.items()
        }
        powers["living"] = powers["bedroom"] = 0.0
        grid = sum(powers.values())
        midnight = self.now.astimezone(ZONE).replace(hour=0, minute=0, second=0, microsecond=0)
        today = [s for s in _TIMELINE if midnight <= s.start < self.now]
        cost = sum(s.grid_w / 4000 * (s.price if s.grid_w > 0 else export_price(s.start)) for s in today)
        return StatePayload(
            at=self.now,
            mode="demo",
            site=SiteInfo(name="Haus am Hang", timezone="Europe/Vienna"),
            clock=ClockInfo(speed=self._speed, simulated=True),
            grid=GridInfo(power_w=grid, phases_w=(grid * 0.3, grid * 0.45, grid * 0.25)),
            assets=_assets(step, powers, self.now),
            powers_w={"grid": grid, **powers},
            outdoor_c=round(step.outdoor_c, 1),
            tariff=TariffInfo(
                name="Day-ahead spot, Austria",
                import_eur_per_kwh=step.price,
                export_eur_per_kwh=export_price(step.start),
                next=[_price_point(s, self.now) for s in self._future(48)],
            ),
            today=DayTotals(
                import_kwh=sum(max(0.0, s.grid_w) for s in today) / 4000,
                export_kwh=sum(max(0.0, -s.grid_w) for s in today) / 4000,
                pv_kwh=-_kwh(today, "pv"),
                load_kwh=_kwh(today, "household"),
                cost_eur=cost,
                baseline_cost_eur=cost + 1.86,
                saved_eur=1.86,
            ),
            total=RunTotals(
                since=self.now - timedelta(days=41), cost_eur=38.17, baseline_cost_eur=103.02, saved_eur=64.85
            ),
            plan=PlanInfo(made_at=self._made_at(), status="optimal", trigger="interval")
            if self._with_plan
            else None,
            warnings=self.warnings,
        )

    def plan(self) -> PlanPayload | None:
        if not self._with_plan:
            return None
        return PlanPayload(
            id=f"{self._made_at():%Y%m%dT%H%MZ}",
            made_at=self._made_at(),
            trigger="interval",
            expected_cost_eur=1.37,
            solver=SolverInfo(status="optimal", gap=0.0007, duration_s=0.41, columns=3841, rows=4402),
            slots=[_plan_slot(s, self.now) for s in self._future(192)],
        )

    def heating(self) -> HeatingPayload:
        return sample_heating(self.now)

    def reset_learning(self, room: str) -> LearningInfo:
        return next((r.learning for r in self.heating().radiators if r.id == room), None) or _nobody(room)

    def decisions(self, limit: int, asset: str | None) -> list[DecisionPayload]:
        return [d for d in self._decisions if asset in (None, d.asset)][:limit]

    def history(
        self, start: datetime, end: datetime, resolution_s: int, series: Sequence[str] | None
    ) -> HistoryPayload:
        step = timedelta(seconds=resolution_s)
        last = min(end, self.now)
        times = [start + i * step for i in range(max(0, math.ceil((last - start) / step)))]
        steps = [step_at(t) if t >= _FIRST else None for t in times]
        getters: dict[str, Callable[[Step], float]] = {
            "grid": lambda s: s.grid_w,
            "price.import": lambda s: s.price,
            "battery.soc": lambda s: s.battery_soc,
            "ev.soc": lambda s: s.ev_soc,
            "tank.temperature_c": lambda s: s.tank_c,
            "living.temperature_c": lambda s: s.living_c,
        } | {name: _power_getter(name) for name in ("pv", "household", "dishwasher", *CONTROLLED)}
        columns: dict[str, list[float | None]] = {
            name: [None if s is None else get(s) for s in steps] for name, get in getters.items()
        }
        wanted = columns if series is None else [n for n in series if n in columns]
        return HistoryPayload(
            start=start,
            end=end,
            resolution_s=resolution_s,
            times=times,
            series={name: columns[name] for name in wanted},
        )

    def health(self) -> HealthPayload:
        return HealthPayload(
            status=self.status, version="0.1.0", cycle_age_s=1.2, planner="optimal", recorder="ok"
        )

    def subscribe(self) -> AsyncIterator[Event]:
        return self.hub.subscribe()

    def move(self, by: timedelta) -> None:
        """Go on in time and tell the readers; the home comes round again after the sample's end."""
        before = step_at(self.now)
        self.now += by
        if self.now >= _FIRST + timedelta(days=5):
            self.now -= timedelta(days=3)
        self.wobble = math.sin(self.now.timestamp() / 400)
        after = step_at(self.now)
        self.hub.publish(Event(kind="state", payload=self.state()))
        if after is not before:
            for decision in _changes(before, after):
                self._decisions.insert(0, decision)
                self.hub.publish(Event(kind="decision", payload=decision))
            plan = self.plan()
            if plan is not None:
                self.hub.publish(Event(kind="plan", payload=plan))

    def _made_at(self) -> datetime:
        return step_at(self.now).start

    def _future(self, count: int) -> list[Step]:
        first = int((self.now - _FIRST) / SLOT)
        return _TIMELINE[first : first + count]


def _nobody(room: str) -> NoReturn:
    raise KeyError(room)


def _known(step: Step, now: datetime) -> bool:
    """Prices of tomorrow are published at about 13:00 local time."""
    local = now.astimezone(ZONE)
    days = 2 if local.hour >= 13 else 1
    return step.start < local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=days)


def _price_point(step: Step, now: datetime) -> PricePoint:
    return PricePoint(
        start=step.start,
        end=step.end,
        import_eur_per_kwh=step.price,
        export_eur_per_kwh=export_price(step.start),
        known=_known(step, now),
    )


def _plan_slot(step: Step, now: datetime) -> PlanSlotInfo:
    battery_kwh = step.battery_soc * BATTERY_KWH
    stored = {
        "battery": PlanAsset(
            power_w=step.powers_w["battery"],
            energy_kwh=battery_kwh,
            energy_low_kwh=max(1.0, battery_kwh - 0.8),
            energy_high_kwh=min(BATTERY_KWH, battery_kwh + 0.8),
            value_eur_per_kwh=0.241,
            soc=step.battery_soc,
        ),
        "ev": PlanAsset(
            power_w=step.powers_w["ev"],
            import_w=max(0.0, min(step.powers_w["ev"], step.grid_w)),
            energy_kwh=step.ev_soc * VEHICLE_KWH,
            value_eur_per_kwh=0.198,
            soc=step.ev_soc,
        ),
        "tank": PlanAsset(power_w=step.powers_w["tank"], value_eur_per_kwh=0.12),
        "heat_pump": PlanAsset(power_w=step.powers_w["heat_pump"], value_eur_per_kwh=0.15),
    }
    return PlanSlotInfo(
        start=step.start,
        end=step.end,
        import_eur_per_kwh=step.price,
        export_eur_per_kwh=export_price(step.start),
        price_known=_known(step, now),
        pv_w=step.powers_w["pv"],
        load_w=step.powers_w["household"] + step.powers_w["dishwasher"],
        grid_w=step.grid_w,
        outdoor_c=round(step.outdoor_c, 1),
        assets=stored,
    )


def _sentence(asset: str, watts: float, price: float) -> tuple[str, str]:
    cents = f"{price * 100:.1f} ct/kWh"
    texts = {
        ("battery", 1): ("surplus", "The sun gives more than the house takes; the battery stores the rest."),
        ("battery", -1): (
            "balance",
            f"The battery serves the house, because a kWh from the grid costs {cents}.",
        ),
        ("battery", 0): (
            "plan_band",
            f"The battery keeps its energy for the evening; now a kWh costs only {cents}.",
        ),
        ("ev", 1): (
            "surplus",
            "The car charges from surplus; the plan wants 80 % by 07:30 at the lowest cost.",
        ),
        ("ev", 0): ("wait_cheaper", "The car waits: enough surplus is expected before it leaves at 07:30."),
        ("tank", 1): ("surplus", "Surplus heats the water above its 55 °C target, up to 65 °C at most."),
        ("tank", 0): ("target_reached", "The water is warm enough for tonight; the heater stays off."),
        ("heat_pump", 1): ("plan_import", f"The rooms are warmed ahead while a kWh costs {cents}."),
        ("heat_pump", 0): ("wait_cheaper", "The rooms stay above their target without heat; the pump rests."),
    }
    sign = 0 if abs(watts) < 100 else (1 if watts > 0 else -1)
    return texts[asset, sign]


def _decision(step: Step, asset: str, previous: float | None) -> DecisionPayload:
    watts = step.powers_w[asset]
    code, sentence = _sentence(asset, watts, step.price)
    names = {"battery": "Battery", "ev": "Family car", "tank": "Hot water", "heat_pump": "Heat pump"}
    return DecisionPayload(
        at=step.start,
        asset=asset,
        asset_name=names[asset],
        setpoint_w=round(watts),
        previous_w=None if previous is None else round(previous),
        code=code,
        sentence=sentence,
        review_at=step.end,
    )


def _changes(before: Step, after: Step) -> list[DecisionPayload]:
    return [
        _decision(after, name, before.powers_w[name])
        for name in CONTROLLED
        if abs(after.powers_w[name] - before.powers_w[name]) > 400
    ]


def _decisions(now: datetime) -> list[DecisionPayload]:
    past = [s for s in _TIMELINE if s.start <= now]
    out: list[DecisionPayload] = []
    for before, after in pairwise(past):
        out.extend(_changes(before, after))
    return out[::-1]


def _next_departure(now: datetime) -> datetime:
    local = now.astimezone(ZONE)
    leave = local.replace(hour=7, minute=30, second=0, microsecond=0)
    return (leave if leave > local else leave + timedelta(days=1)).astimezone(UTC)


def _assets(step: Step, powers: dict[str, float], now: datetime) -> dict[str, AssetInfo]:
    def told(name: str) -> dict[str, float | str]:
        code, sentence = _sentence(name, step.powers_w[name], step.price)
        return {"setpoint_w": round(step.powers_w[name]), "reason": sentence, "reason_code": code}

    home = not 7.5 <= hour(now) < 10.0
    return {
        "pv": AssetInfo(kind="pv", name="Roof south", power_w=powers["pv"]),
        "household": AssetInfo(kind="load", name="Household", power_w=powers["household"]),
        "battery": AssetInfo.model_validate(
            {"kind": "battery", "name": "Battery", "power_w": powers["battery"], "soc": step.battery_soc}
            | told("battery")
        ),
        "ev": AssetInfo.model_validate(
            {
                "kind": "charge_point",
                "name": "Family car",
                "power_w": powers["ev"],
                "soc": step.ev_soc if home else None,
                "connected": home,
                "charging": powers["ev"] > 0,
                "departure": _next_departure(now) if home else None,
            }
            | told("ev")
        ),
        "tank": AssetInfo.model_validate(
            {
                "kind": "tank",
                "name": "Hot water",
                "power_w": powers["tank"],
                "temperature_c": step.tank_c,
                "target_c": 55.0,
            }
            | told("tank")
        ),
        "heat_pump": AssetInfo.model_validate(
            {
                "kind": "heat_pump",
                "name": "Heat pump",
                "power_w": powers["heat_pump"],
                "temperature_c": 34.0 if powers["heat_pump"] > 100 else 27.0,
            }
            | told("heat_pump")
        ),
        "living": AssetInfo(
            kind="room", name="Living room", power_w=0.0, temperature_c=step.living_c, target_c=21.0
        ),
        "bedroom": AssetInfo(
            kind="room", name="Bedroom", power_w=0.0, temperature_c=step.bedroom_c, target_c=19.0
        ),
        "dishwasher": AssetInfo(kind="flexible_load", name="Dishwasher", power_w=powers["dishwasher"]),
    }
