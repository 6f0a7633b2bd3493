"""Charging profiles (OCPP 1.6 §3.13, §7.8) as data: reading, writing, installing and clearing them."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from ohmstead.errors import DataError
from ohmstead.ocpp.times import read_time, write_time

DAY_S: Final = 86400
WEEK_S: Final = 7 * DAY_S


class Purpose(StrEnum):
    """What a profile limits."""

    CHARGE_POINT_MAX = "ChargePointMaxProfile"
    TX_DEFAULT = "TxDefaultProfile"
    TX = "TxProfile"


class Kind(StrEnum):
    """What a schedule's time counts from."""

    ABSOLUTE = "Absolute"
    RECURRING = "Recurring"
    RELATIVE = "Relative"


class RateUnit(StrEnum):
    """Of a limit."""

    A = "A"
    W = "W"


@dataclass(frozen=True, slots=True)
class Period:
    """From ``start_s`` into the schedule on. ``limit`` in the schedule's unit."""

    start_s: int
    limit: float
    phases: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """A charging profile, checked. Times are aware UTC."""

    profile_id: int
    purpose: Purpose
    kind: Kind
    stack_level: int = 0
    unit: RateUnit = RateUnit.A
    periods: tuple[Period, ...]
    duration_s: int | None = None
    start: datetime | None = None
    """``startSchedule``; without it the schedule starts with the transaction."""
    every_s: int | None = None
    """Recurring: a day or a week."""
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    transaction_id: int | None = None
    min_rate: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """A profile that a charge point holds, on connector 0 or one of its connectors."""

    connector_id: int
    profile: Profile
    installed_at: datetime


class ProfileError(DataError):
    """A profile that makes no sense; answered with PropertyConstraintViolation or Rejected."""


def read_profile(payload: Mapping[str, Any]) -> Profile:
    """Read ``csChargingProfiles`` or ``chargingProfile``, which the schema has judged.

    Raises:
        ProfileError: the values do not fit together.
    """
    schedule = payload["chargingSchedule"]
    kind = Kind(payload["chargingProfileKind"])
    recurrency = payload.get("recurrencyKind")
    start = _time_of(schedule, "startSchedule")
    if kind is Kind.RECURRING and (recurrency is None or start is None):
        raise ProfileError("a recurring profile needs recurrencyKind and startSchedule")
    if payload["stackLevel"] < 0:
        raise ProfileError(f"stackLevel is 0 or more, not {payload['stackLevel']}")
    duration_s = schedule.get("duration")
    if duration_s is not None and duration_s < 0:
        raise ProfileError(f"duration is 0 or more, not {duration_s}")
    return Profile(
        profile_id=payload["chargingProfileId"],
        purpose=Purpose(payload["chargingProfilePurpose"]),
        kind=kind,
        stack_level=payload["stackLevel"],
        unit=RateUnit(schedule["chargingRateUnit"]),
        periods=_read_periods(schedule["chargingSchedulePeriod"]),
        duration_s=duration_s,
        start=None if kind is Kind.RELATIVE else start,
        every_s=None if kind is not Kind.RECURRING else DAY_S if recurrency == "Daily" else WEEK_S,
        valid_from=_time_of(payload, "validFrom"),
        valid_to=_time_of(payload, "validTo"),
        transaction_id=payload.get("transactionId"),
        min_rate=schedule.get("minChargingRate"),
    )


def write_profile(profile: Profile) -> dict[str, Any]:
    """The payload of a profile; limits with one decimal, as the standard wants."""
    schedule: dict[str, Any] = {
        "chargingRateUnit": profile.unit.value,
        "chargingSchedulePeriod": [write_period(period) for period in profile.periods],
    }
    if profile.duration_s is not None:
        schedule["duration"] = profile.duration_s
    if profile.start is not None:
        schedule["startSchedule"] = write_time(profile.start)
    if profile.min_rate is not None:
        schedule["minChargingRate"] = round(profile.min_rate, 1)
    payload: dict[str, Any] = {
        "chargingProfileId": profile.profile_id,
        "stackLevel": profile.stack_level,
        "chargingProfilePurpose": profile.purpose.value,
        "chargingProfileKind": profile.kind.value,
        "chargingSchedule": schedule,
    }
    if profile.transaction_id is not None:
        payload["transactionId"] = profile.transaction_id
    if profile.every_s is not None:
        payload["recurrencyKind"] = "Daily" if profile.every_s == DAY_S else "Weekly"
    if profile.valid_from is not None:
        payload["validFrom"] = write_time(profile.valid_from)
    if profile.valid_to is not None:
        payload["validTo"] = write_time(profile.valid_to)
    return payload


def write_period(period: Period) -> dict[str, Any]:
    """One ``chargingSchedulePeriod``."""
    payload: dict[str, Any] = {"startPeriod": period.start_s, "limit": round(period.limit, 1)}
    return payload if period.phases is None else payload | {"numberPhases": period.phases}


def install(installed: Iterable[Installed], new: Installed) -> tuple[Installed, ...]:
    """Add a profile; it replaces one with the same id, or on the same connector, purpose and stack level."""

    def replaced(old: Installed) -> bool:
        a, b = old.profile, new.profile
        return a.profile_id == b.profile_id or (old.connector_id, a.purpose, a.stack_level) == (
            new.connector_id,
            b.purpose,
            b.stack_level,
        )

    return (*(old for old in installed if not replaced(old)), new)


def clear(
    installed: Iterable[Installed],
    *,
    profile_id: int | None = None,
    connector_id: int | None = None,
    purpose: Purpose | None = None,
    stack_level: int | None = None,
) -> tuple[Installed, ...]:
    """What is left after ClearChargingProfile: an id alone decides; otherwise all that is given must fit."""

    def cleared(one: Installed) -> bool:
        if profile_id is not None:
            return one.profile.profile_id == profile_id
        return (
            connector_id in (None, one.connector_id)
            and purpose in (None, one.profile.purpose)
            and stack_level in (None, one.profile.stack_level)
        )

    return tuple(one for one in installed if not cleared(one))


def end_transaction(installed: Iterable[Installed], connector_id: int) -> tuple[Installed, ...]:
    """What is left after a transaction: its TxProfiles go."""
    return tuple(
        one for one in installed if one.connector_id != connector_id or one.profile.purpose is not Purpose.TX
    )


def _read_periods(payload: Iterable[Mapping[str, Any]]) -> tuple[Period, ...]:
    periods = tuple(Period(p["startPeriod"], float(p["limit"]), p.get("numberPhases")) for p in payload)
    if not periods or periods[0].start_s != 0:
        raise ProfileError("the first chargingSchedulePeriod starts at 0")
    if any(b.start_s <= a.start_s for a, b in itertools.pairwise(periods)):
        raise ProfileError("startPeriod must grow from period to period")
    if any(period.limit < 0 or not math.isfinite(period.limit) for period in periods):
        raise ProfileError("a limit is 0 or more")
    if any(period.phases not in (None, 1, 2, 3) for period in periods):
        raise ProfileError("numberPhases is 1, 2 or 3")
    return periods


def _time_of(payload: Mapping[str, Any], key: str) -> datetime | None:
    text = payload.get(key)
    return None if text is None else read_time(text)
