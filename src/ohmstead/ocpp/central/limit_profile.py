"""A setpoint in W as a charging profile, in the way that a charger takes it.

Always rounded down, so that a limit is never more than what was asked for.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ohmstead.ocpp.central.quirks import LADDER
from ohmstead.ocpp.smart_charging import Kind, Period, Profile, Purpose, RateUnit

PROFILE_ID = 7300
"""Where our ids begin."""
BEGUN_S = 60.0
"""Schedules begin that long ago, so that they hold at once although the charger's clock is late."""
_EPSILON = 1e-6


@dataclass(frozen=True, kw_only=True, slots=True)
class Wiring:
    """The connector as the home knows it; currents per phase.

    Args:
        phases: 1 or 3.
        phase_switching: it can charge on one phase although it has three.
    """

    connector: int = 1
    min_a: float = 6.0
    max_a: float = 16.0
    phases: int = 3
    phase_switching: bool = False
    voltage_v: float = 230.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Abilities:
    """What a charger says, and what is known of its model.

    Args:
        connectors: how many it has; a limit of the whole charger fits where it has one.
    """

    units: tuple[RateUnit, ...] = (RateUnit.A, RateUnit.W)
    stack_levels: tuple[int, ...] = (0,)
    purposes: tuple[Purpose, ...] = LADDER
    whole_amps: bool = False
    number_phases: bool = True
    connectors: int = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One way to tell a charger its limit."""

    purpose: Purpose
    unit: RateUnit
    stack_level: int


def ways(abilities: Abilities) -> tuple[Way, ...]:
    """All ways to try, the best first: another stack level before another unit before another kind."""
    return tuple(_ways(abilities))


def _ways(abilities: Abilities) -> Iterator[Way]:
    for purpose in abilities.purposes:
        if purpose is Purpose.CHARGE_POINT_MAX and abilities.connectors != 1:
            continue
        for unit in abilities.units:
            for level in abilities.stack_levels:
                yield Way(purpose=purpose, unit=unit, stack_level=level)


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A setpoint as a current: ``current_a`` on each of ``phases``."""

    current_a: float
    phases: int


def share_of(power_w: float, wiring: Wiring, *, whole_amps: bool = False) -> Share:
    """The current for a power: 0 where it is less than the smallest that can be signalled (IEC 61851-1)."""
    share = _at_most(power_w, wiring, wiring.phases, whole_amps=whole_amps)
    if share.current_a == 0 and wiring.phase_switching:
        return _at_most(power_w, wiring, 1, whole_amps=whole_amps)
    return share


def _at_most(power_w: float, wiring: Wiring, phases: int, *, whole_amps: bool) -> Share:
    step_a = 1.0 if whole_amps else 0.1
    current_a = min(power_w / (phases * wiring.voltage_v), wiring.max_a)
    current_a = round(math.floor(current_a / step_a + _EPSILON) * step_a, 1)
    return Share(current_a=current_a if current_a >= wiring.min_a - _EPSILON else 0.0, phases=phases)


def power_of(share: Share, wiring: Wiring) -> float:
    """What a current may take, W."""
    return share.current_a * share.phases * wiring.voltage_v


def profile_id_of(connector: int, purpose: Purpose) -> int:
    """Our own id of a limit; a profile of the same id replaces the one before."""
    return PROFILE_ID + connector + 100 * LADDER.index(purpose)


def limit_profile(
    share: Share,
    way: Way,
    wiring: Wiring,
    now: datetime,
    *,
    number_phases: bool = True,
    transaction_id: int | None = None,
) -> tuple[int, Profile]:
    """The connector to set it on, and the profile."""
    connector = 0 if way.purpose is Purpose.CHARGE_POINT_MAX else wiring.connector
    limit = share.current_a
    if way.unit is RateUnit.W:
        limit = float(math.floor(power_of(share, wiring) + _EPSILON))
    # In W the charger divides by the phases that it believes in; in A they matter where they change.
    in_watts = way.unit is RateUnit.W and share.phases != 3
    tell_phases = number_phases and share.current_a > 0 and (wiring.phase_switching or in_watts)
    profile = Profile(
        profile_id=profile_id_of(wiring.connector, way.purpose),
        purpose=way.purpose,
        kind=Kind.ABSOLUTE,
        stack_level=way.stack_level,
        unit=way.unit,
        periods=(Period(0, limit, share.phases if tell_phases else None),),
        start=(now - timedelta(seconds=BEGUN_S)).replace(microsecond=0),
        transaction_id=transaction_id if way.purpose is Purpose.TX else None,
    )
    return connector, profile
