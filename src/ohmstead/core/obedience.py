"""Whether devices do what they are told, and what follows from it where they do not.

A vehicle that tapers takes less than it is offered: what it leaves belongs to the battery. A device
that goes on although it was told to stop is a load that nobody controls: fuses must count it.
"""

from __future__ import annotations

from datetime import datetime

from ohmstead.core.estimate import METER_DELAY_S, SETTLED_W
from ohmstead.core.flexibility import Flexibility
from ohmstead.core.memory import RUNNING_W, AssetMemory
from ohmstead.core.state import Reading

NOISE = 0.03
"""Share of a power by which readings of it may differ while nothing changes."""
LONGEST_CYCLE_S = 15.0
"""A reading older than the meter's delay and this says nothing about now."""


def watch(memory: AssetMemory, flex: Flexibility, measured: Reading, now: datetime) -> None:
    """Write down what a device takes instead of its last command, once that had time to settle."""
    power_w, commanded_w = measured.value, memory.commanded_w
    if power_w is not None:
        memory.recent = (*_last_seconds(memory.recent, now), (now, power_w))
    if power_w is None or commanded_w is None or memory.commanded_at is None:
        return
    age_s = (now - memory.commanded_at).total_seconds()
    settled = age_s > flex.reaction_s + METER_DELAY_S
    noise_w = max(SETTLED_W, NOISE * abs(power_w))
    if memory.at_most_w is not None:
        more = power_w > memory.at_most_w + SETTLED_W
        memory.at_most_w = None if commanded_w <= SETTLED_W or more else memory.at_most_w
    if memory.at_least_w is not None and power_w < memory.at_least_w - noise_w:
        memory.at_least_w = None
    if not settled:
        return
    memory.at_most_w = max(0.0, power_w) if power_w < commanded_w - SETTLED_W and commanded_w > 0 else None
    memory.at_least_w = power_w if power_w > max(commanded_w, 0.0) + SETTLED_W else None


FLAGGED_AFTER = 2
"""So many ignored commands are a fault, not a delay."""
RETRY_S = (30.0, 60.0, 120.0, 300.0)
"""Waiting times beyond the reaction time before a command is repeated, by how often it was ignored."""


def retry_s(memory: AssetMemory) -> float:
    """How long to wait for an answer beyond the reaction time before a command is sent again, s."""
    return RETRY_S[min(memory.ignored, len(RETRY_S) - 1)]


def count(memory: AssetMemory, *, waited_s: float, reaction_s: float) -> None:
    """Count the last command as ignored if it had time and the device goes on; following ends the row.

    A device that takes less than it is told is not counted: a vehicle may be full, a thermostat open.
    """
    if memory.at_least_w is None:
        memory.ignored = 0
    elif waited_s > reaction_s + METER_DELAY_S:
        memory.ignored += 1


def disobeys(memory: AssetMemory) -> bool:
    """Whether a device has ignored so many commands that a person should look at it.

    What it takes counts as a load that nobody controls, and the commands go on, ever more slowly.
    """
    return memory.ignored >= FLAGGED_AFTER


def _last_seconds(
    recent: tuple[tuple[datetime, float], ...], now: datetime
) -> tuple[tuple[datetime, float], ...]:
    """What was measured within the meter's delay, and the one before: it held until the next."""
    ages_s = [(now - at).total_seconds() for at, _ in recent]
    inside = sum(1 for age_s in ages_s if age_s <= METER_DELAY_S)
    kept = zip(recent[-inside - 1 :], ages_s[-inside - 1 :], strict=True)
    return tuple(seen for seen, age_s in kept if age_s <= METER_DELAY_S + LONGEST_CYCLE_S)


def ignores(memory: AssetMemory, measured_w: float | None) -> bool:
    """Whether a device does not follow at all: it does not stop, or does not start."""
    if measured_w is None or memory.commanded_w is None:
        return False
    if memory.at_least_w is not None:
        return True
    return memory.commanded_w > RUNNING_W and abs(measured_w) < RUNNING_W
