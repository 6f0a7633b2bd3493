"""Charging profiles (OCPP 1.6 §3.13): which limit holds when, as one pure function for both ends.

Rules, by the standard and its errata:

- Of the valid profiles of one purpose the one with the highest stack level leads. Where its schedule
  has not begun or has ended, the next one does; a schedule without duration never ends.
- A TxProfile, where one leads, replaces the TxDefaultProfile. A TxDefaultProfile of the connector
  replaces that of connector 0.
- The ChargePointMaxProfile (connector 0) is one more limit, for all connectors together. The lowest wins.
- A limit in A is per phase, in W the total; between them stand the nominal voltage and the period's number
  of phases, 3 where it is not given, never more than the supply has. A limit is never raised because
  a car uses fewer phases.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from ohmstead.ocpp.charging_profiles import (
    DAY_S,
    WEEK_S,
    Installed,
    Kind,
    Period,
    Profile,
    ProfileError,
    Purpose,
    RateUnit,
    clear,
    end_transaction,
    install,
    read_profile,
    write_period,
    write_profile,
)

__all__ = [
    "DAY_S",
    "WEEK_S",
    "Installed",
    "Kind",
    "Limit",
    "Period",
    "Profile",
    "ProfileError",
    "Purpose",
    "RateUnit",
    "Supply",
    "Transaction",
    "charge_point_limit_at",
    "clear",
    "composite_schedule",
    "end_transaction",
    "install",
    "limit_at",
    "read_profile",
    "share_limit",
    "write_period",
    "write_profile",
]

DEFAULT_PHASES: Final = 3
NOMINAL_VOLTAGE_V: Final = 230.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Transaction:
    """A running transaction, as far as profiles care. ``transaction_id``: ``None`` while it is not known."""

    transaction_id: int | None
    started_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Supply:
    """What a connector can give without any profile."""

    max_a: float = 32.0
    phases: int = 3
    voltage_v: float = NOMINAL_VOLTAGE_V

    @property
    def max_w(self) -> float:
        """Total over the phases, W."""
        return self.max_a * self.phases * self.voltage_v


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """What may be taken, in both units; ``source``: the profile that binds, ``None`` for the supply."""

    current_a: float
    power_w: float
    phases: int
    source: int | None = None

    def within(self, other: Limit) -> Limit:
        """Both limits at once."""
        binding = other if other.power_w < self.power_w or other.current_a < self.current_a else self
        return Limit(
            current_a=min(self.current_a, other.current_a),
            power_w=min(self.power_w, other.power_w),
            phases=min(self.phases, other.phases),
            source=binding.source,
        )

    def in_unit(self, unit: RateUnit) -> float:
        """A per phase, or W in total."""
        return self.current_a if unit is RateUnit.A else self.power_w


def limit_at(
    installed: Iterable[Installed],
    *,
    connector_id: int,
    when: datetime,
    supply: Supply,
    transaction: Transaction | None = None,
    assumed_start: datetime | None = None,
) -> Limit:
    """What a connector may take at a moment. The ChargePointMaxProfile counts as if it were alone.

    Args:
        assumed_start: what a relative schedule counts from while no transaction runs; ``when`` by default.
    """
    own = Limit(current_a=supply.max_a, power_w=supply.max_w, phases=supply.phases)
    started_at = transaction.started_at if transaction else assumed_start or when
    held = tuple(installed)
    tx = (
        [one for one in _of(held, Purpose.TX, connector_id) if _belongs(one.profile, transaction)]
        if transaction
        else []
    )
    for candidates in (tx, _of(held, Purpose.TX_DEFAULT, connector_id), _of(held, Purpose.TX_DEFAULT, 0)):
        found = _leading(candidates, when, started_at, supply)
        if found is not None:
            own = own.within(found)
            break
    ceiling = charge_point_limit_at(held, when=when, supply=supply)
    return own if ceiling is None else own.within(ceiling)


def charge_point_limit_at(installed: Iterable[Installed], *, when: datetime, supply: Supply) -> Limit | None:
    """The ChargePointMaxProfile at a moment: all connectors together; ``None``: there is none."""
    return _leading(_of(installed, Purpose.CHARGE_POINT_MAX, 0), when, None, supply)


def share_limit(total_a: float, wanted_a: Mapping[int, float], min_a: float = 6.0) -> dict[int, float]:
    """Divide a current among connectors so that the sum keeps within it and nobody gets less than ``min_a``.

    Equal shares, what one does not want goes to the others; where not all can have the minimum, the
    lowest connector numbers do.
    """
    shares = dict.fromkeys(wanted_a, 0.0)
    served = sorted(connector for connector, wish in wanted_a.items() if wish >= min_a)
    served = served[: math.floor(total_a / min_a + 1e-9)]
    left, waiting = total_a, len(served)
    for connector in sorted(served, key=lambda c: wanted_a[c]):
        shares[connector] = min(wanted_a[connector], left / waiting)
        left -= shares[connector]
        waiting -= 1
    return shares


def composite_schedule(
    installed: Iterable[Installed],
    *,
    connector_id: int,
    start: datetime,
    duration_s: int,
    unit: RateUnit,
    supplies: Mapping[int, Supply],
    transactions: Mapping[int, Transaction] | None = None,
) -> tuple[Period, ...]:
    """The limits from ``start`` on, as GetCompositeSchedule reports them.

    Args:
        connector_id: 0 for the whole charge point: the sum over the connectors, within the
            ChargePointMaxProfile.
        supplies: of every connector, by its id.
        transactions: those that run, by connector.

    Returns:
        Periods in whole seconds since ``start``, neighbours different; empty for a duration of 0.

    Raises:
        KeyError: there is no such connector.
    """
    held, running = tuple(installed), transactions or {}

    def at(when: datetime) -> tuple[float, int]:
        limits = [
            limit_at(
                held,
                connector_id=connector,
                when=when,
                supply=supplies[connector],
                transaction=running.get(connector),
                assumed_start=start,
            )
            for connector in (supplies if connector_id == 0 else (connector_id,))
        ]
        phases = max(limit.phases for limit in limits)
        value = sum(limit.in_unit(unit) for limit in limits)
        if connector_id == 0 and (
            ceiling := charge_point_limit_at(held, when=when, supply=_widest(supplies))
        ):
            value, phases = min(value, ceiling.in_unit(unit)), min(phases, ceiling.phases)
        return round(value, 1), phases

    periods: list[Period] = []
    for offset_s in _breakpoints(held, start, duration_s, running):
        limit, phases = at(start + timedelta(seconds=offset_s))
        if not periods or (periods[-1].limit, periods[-1].phases) != (limit, phases):
            periods.append(Period(offset_s, limit, phases))
    return tuple(periods)


def _widest(supplies: Mapping[int, Supply]) -> Supply:
    return max(supplies.values(), key=lambda supply: (supply.phases, supply.max_w))


def _of(installed: Iterable[Installed], purpose: Purpose, connector_id: int) -> list[Installed]:
    """Profiles of one purpose and connector, the leading one first."""
    found = [o for o in installed if o.connector_id == connector_id and o.profile.purpose is purpose]
    return sorted(found, key=lambda one: one.profile.stack_level, reverse=True)


def _belongs(profile: Profile, transaction: Transaction) -> bool:
    return profile.transaction_id is None or profile.transaction_id == transaction.transaction_id


def _leading(
    candidates: list[Installed], when: datetime, started_at: datetime | None, supply: Supply
) -> Limit | None:
    for one in candidates:
        profile = one.profile
        if profile.valid_from is not None and when < profile.valid_from:
            continue
        if profile.valid_to is not None and when >= profile.valid_to:
            continue
        zero = _zero(one, started_at)
        period = _period_at(profile, (when - zero).total_seconds())
        if period is not None:
            return _limit_of(profile, period, supply)
    return None


def _zero(one: Installed, started_at: datetime | None) -> datetime:
    """What a schedule's time counts from."""
    return one.profile.start or started_at or one.installed_at


def _period_at(profile: Profile, elapsed_s: float) -> Period | None:
    if elapsed_s < 0:
        return None
    if profile.every_s is not None:
        elapsed_s %= profile.every_s
    if profile.duration_s is not None and elapsed_s >= profile.duration_s:
        return None
    return next((p for p in reversed(profile.periods) if p.start_s <= elapsed_s), None)


def _limit_of(profile: Profile, period: Period, supply: Supply) -> Limit:
    phases = min(period.phases or DEFAULT_PHASES, supply.phases)
    per_amp_w = phases * supply.voltage_v
    if profile.unit is RateUnit.A:
        current_a, power_w = period.limit, period.limit * per_amp_w
    else:
        current_a, power_w = period.limit / per_amp_w, period.limit
    return Limit(current_a=current_a, power_w=power_w, phases=phases, source=profile.profile_id)


def _breakpoints(
    installed: tuple[Installed, ...],
    start: datetime,
    duration_s: int,
    running: Mapping[int, Transaction],
) -> list[int]:
    """Whole seconds since ``start`` at which a limit may change, 0 first."""
    if duration_s <= 0:
        return []
    found = {0}

    def add(seconds: float) -> None:
        whole = math.ceil(seconds)
        if 0 < whole < duration_s:
            found.add(whole)

    for one in installed:
        profile = one.profile
        for edge in (profile.valid_from, profile.valid_to):
            if edge is not None:
                add((edge - start).total_seconds())
        marks = [float(period.start_s) for period in profile.periods]
        if profile.duration_s is not None:
            marks.append(float(profile.duration_s))
        starts = {running[c].started_at for c in running if one.connector_id in (0, c)} | {start}
        zeros = starts if profile.start is None else {profile.start}
        if profile.purpose is Purpose.CHARGE_POINT_MAX:
            zeros = {_zero(one, None)}
        for zero in zeros:
            zero_s = (zero - start).total_seconds()
            if profile.every_s is None:
                for mark in marks:
                    add(zero_s + mark)
                continue
            first = max(0, math.floor(-zero_s / profile.every_s))
            last = math.floor((duration_s - zero_s) / profile.every_s)
            for turn in range(first, last + 1):
                for mark in (m for m in marks if m <= profile.every_s):
                    add(zero_s + turn * profile.every_s + mark)
    return sorted(found)
