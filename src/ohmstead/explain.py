"""Reasons as sentences. The core gives data; this is where it becomes language."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from ohmstead.core.reason import Limit, Reason, Rule

_RULES: Mapping[Rule, str] = {
    Rule.IDLE: "Nothing asks for power now.",
    Rule.MANUAL: "Set by hand.",
    Rule.LEGIONELLA: "Weekly disinfection: heating from {temperature_c} to {target_c}.",
    Rule.TANK_COMFORT: "Water has cooled to {temperature_c}; heating to {target_c}.",
    Rule.ROOM_COMFORT: "Too cold ({room} at {temperature_c}, wanted {target_c}).",
    Rule.FROST: "Frost outside: the heat pump keeps running ({room} at {temperature_c}).",
    Rule.VEHICLE_MIN_SOC: "The car is at {soc}; below {target_soc} it charges at once.",
    Rule.BATTERY_MIN_SOC: "The battery has sunk to {soc}; refilling its reserve of {target_soc}.",
    Rule.CHARGE_NOW: "Charging at once, as chosen.",
    Rule.DEADLINE: "Leaving at {departure}: charging now to reach {target_soc} in time.",
    Rule.MIN_CURRENT: "Never less than {current_a}, as chosen.",
    Rule.PLAN_BUDGET: "The plan buys up to {import_w} here at {price_eur_per_kwh}.",
    Rule.CHEAP_HOURS: "One of the cheapest hours ({price_eur_per_kwh}).",
    Rule.SURPLUS: "Using {surplus_w} of surplus sun.",
    Rule.PEAK_SHAVING: "Discharging to keep {excess_w} off the grid connection.",
    Rule.SELF_CONSUMPTION: "Balancing the house.",
    Rule.HOLD: "Keeping its energy: worth {value_eur_per_kwh} later, {price_eur_per_kwh} now.",
    Rule.SHED: "Switched off to protect the connection.",
    Rule.ALLOWED: "Free to run.",
    Rule.CURTAIL: "Limited: {over_w} more than the grid takes or pays for.",
}

_LIMITS: Mapping[Limit, str] = {
    Limit.FUSE_L1: "the fuse on L1",
    Limit.FUSE_L2: "the fuse on L2",
    Limit.FUSE_L3: "the fuse on L3",
    Limit.CIRCUIT: "the fuse of its circuit",
    Limit.GRID_IMPORT: "the import limit of the connection",
    Limit.GRID_EXPORT: "the export limit of the connection",
    Limit.OPERATOR: "the grid operator's limit",
    Limit.RESERVE: "the reserve",
    Limit.FULL: "it is full",
    Limit.MIN_ON: "its minimum running time",
    Limit.MIN_OFF: "its minimum standing time",
    Limit.STARTS: "its starts per hour",
    Limit.STALE_METER: "the grid meter is silent",
}


def sentence(reason: Reason, *, power_w: float, zone: tzinfo) -> str:
    """Why an asset has its power, in one or two English sentences.

    Args:
        reason: the reason as data.
        power_w: the setpoint that it belongs to, load convention.
        zone: time zone that times are told in.
    """
    text = _rule(reason, power_w, zone)
    if reason.limit is not None and reason.limit is not Limit.DEVICE:
        text += _limit(reason, power_w)
    return text


def _rule(reason: Reason, power_w: float, zone: tzinfo) -> str:
    if reason.rule is Rule.SELF_CONSUMPTION:
        if power_w < 0:
            return f"Covering {watts(-power_w)} of the house."
        if power_w > 0:
            return f"Storing {watts(power_w)} of surplus."
        balance_w = reason.params.get("balance_w")
        if reason.limit is None or not isinstance(balance_w, float) or abs(balance_w) < 0.5:
            return "Nothing to balance."
        verb = "to store" if balance_w > 0 else "missing"
        return f"{watts(abs(balance_w))} {verb}."
    if reason.rule is Rule.SHED and "missing_w" in reason.params:
        told = {name: _told(name, reason.params.get(name, 0.0), zone) for name in ("missing_w", "shed_w")}
        return f"Sun and storage leave {told['missing_w']} uncovered; shedding {told['shed_w']}."
    balance_w = reason.params.get("balance_w", 0.0)
    if reason.rule is Rule.HOLD and isinstance(balance_w, float) and balance_w > 0:
        told = {k: _told(k, v, zone) for k, v in reason.params.items()}
        return "Selling pays {price_eur_per_kwh} now, storing only {value_eur_per_kwh}.".format(**told)
    surplus_w = reason.params.get("surplus_w")
    if reason.rule is Rule.SURPLUS and isinstance(surplus_w, float) and surplus_w <= 0 < power_w:
        lacking = f"Surplus is {watts(-surplus_w)} short" if surplus_w <= -0.5 else "There is no surplus"
        return f"{lacking} now; it goes on, in case the sun comes back."
    if reason.rule is Rule.PLAN_BUDGET and "import_w" not in reason.params:
        verb, amount = ("Buying", power_w) if power_w > 0 else ("Selling", -power_w)
        price = _told("price_eur_per_kwh", reason.params.get("price_eur_per_kwh", 0.0), zone)
        return f"{verb} {watts(amount)} by plan at {price}."
    if reason.rule is Rule.PLAN_BUDGET and reason.params["import_w"] == 0:
        return "The plan uses sun and stored energy here."
    told = {k: _told(k, v, zone) for k, v in reason.params.items()}
    template = _RULES[reason.rule]
    try:
        return template.format(**told)
    except KeyError:
        return template.split("{", 1)[0].rstrip(" (:") + "."


def _limit(reason: Reason, power_w: float) -> str:
    assert reason.limit is not None  # noqa: S101 - asked by the caller
    name = _LIMITS[reason.limit]
    without_w = reason.without_limit_w
    if reason.limit in {Limit.FULL, Limit.STALE_METER}:
        if power_w == 0:
            return f" Stopped: {name}."
        return f" Held at {watts(power_w)}: {'it is almost full' if reason.limit is Limit.FULL else name}."
    if reason.limit is Limit.RESERVE and power_w == 0:
        return " Stopped: it is at its reserve."
    if without_w is None or abs(without_w - power_w) < 1.0:
        return f" Bound by {name}."
    if abs(without_w) == float("inf"):
        return f" Capped by {name}."
    return f" Without {name} it would be {watts(without_w)}."


def watts(power_w: float) -> str:
    """A power as people read it: 850 W, 3.68 kW."""
    return f"{round(power_w)} W" if abs(power_w) < 1000 else f"{power_w / 1000:.2f} kW"


def _told(name: str, value: float | str, zone: tzinfo) -> str:
    """A parameter in the unit that its name ends with."""
    if isinstance(value, str):
        if name != "departure":
            return value
        return datetime.fromisoformat(value).astimezone(zone).strftime("%a %H:%M")
    if name.endswith("_eur_per_kwh"):
        return f"{100 * value:.1f} ct/kWh"
    if name.endswith("_w"):
        return watts(value)
    if name.endswith("_a"):
        return f"{value:g} A"
    if name.endswith("_c"):
        return f"{value:.1f} °C"
    if name.endswith("_kwh"):
        return f"{value:.1f} kWh"
    if name.endswith("soc"):
        return f"{100 * value:.0f} %"
    return f"{value:g}"
