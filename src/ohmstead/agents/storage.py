"""A storage with a command on a lease: the battery in the cellar, and the one in a vehicle.

Pure: time comes in as seconds of a monotonic clock. Every function gives a new state and leaves the
old one alone, so that a refused request changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from ohmstead.core.units import energy_kwh as energy_of
from ohmstead.errors import DataError, DeviceError

FULL_KWH = 1e-9
"""Closer to a limit than this counts as being there."""


class Mode(StrEnum):
    """What a storage is told to do."""

    CHARGE = "charge"
    DISCHARGE = "discharge"
    IDLE = "idle"


class LimitedBy(StrEnum):
    """Why less was applied than was requested."""

    MAX_CHARGE = "max_charge_kw"
    MAX_DISCHARGE = "max_discharge_kw"
    FULL = "full"
    RESERVE = "reserve"
    NOT_BIDIRECTIONAL = "not_bidirectional"
    FLEXIBLE_LOAD = "flexible_load_kw"


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageFacts:
    """What the storage is. ``efficiency`` is one way, terminals to cells and back, 0..1."""

    capacity_kwh: float
    max_charge_w: float
    max_discharge_w: float
    reserve_kwh: float = 0.0
    efficiency: float = 0.95
    bidirectional: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class StorageCommand:
    """A power in force until a moment; ``power_w`` ≥ 0 at the terminals."""

    id: str | None
    mode: Mode
    power_w: float
    until_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """The state at ``at_s``, seconds of a monotonic clock. ``energy_kwh`` is what the cells hold.

    Raises:
        DataError: the energy or the reserve is more than the capacity.
    """

    facts: StorageFacts
    energy_kwh: float
    at_s: float
    connected: bool = True
    command: StorageCommand | None = None
    measured_at_s: float | None = None

    def __post_init__(self) -> None:
        capacity_kwh = self.facts.capacity_kwh
        for name, value_kwh in (
            ("state_of_charge_kwh", self.energy_kwh),
            ("reserve_kwh", self.facts.reserve_kwh),
        ):
            if value_kwh > capacity_kwh + FULL_KWH:
                raise DataError(f"{name}: found {value_kwh:g}, allowed: 0 to {capacity_kwh:g} (capacity_kwh)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What became of a request, W ≥ 0; ``limited_by`` is ``None`` where all of it was applied."""

    requested_w: float
    applied_w: float
    limited_by: LimitedBy | None = None


def advance(storage: Storage, now_s: float) -> Storage:
    """Let time pass: the command moves energy until its lease ends, or full or reserve is reached."""
    if now_s <= storage.at_s:
        return storage
    command = storage.command
    if command is None:
        return replace(storage, at_s=now_s)
    facts, energy_kwh = storage.facts, storage.energy_kwh
    power_w = _kept(facts, command.mode, command.power_w)
    moved_kwh = energy_of(power_w, max(0.0, min(now_s, command.until_s) - storage.at_s))
    if command.mode is Mode.CHARGE:
        energy_kwh = min(facts.capacity_kwh, energy_kwh + moved_kwh * facts.efficiency)
    elif command.mode is Mode.DISCHARGE:
        floor_kwh = min(energy_kwh, facts.reserve_kwh)
        energy_kwh = max(floor_kwh, energy_kwh - moved_kwh / facts.efficiency)
    expired = now_s >= command.until_s
    return replace(storage, energy_kwh=energy_kwh, at_s=now_s, command=None if expired else command)


def flow(storage: Storage) -> Applied:
    """What flows at the terminals now, of what the command asks for."""
    command = storage.command
    if command is None or command.mode is Mode.IDLE:
        return Applied(requested_w=0.0, applied_w=0.0)
    return _limited(storage, command.mode, command.power_w)


def measure(
    storage: Storage,
    now_s: float,
    *,
    facts: StorageFacts,
    energy_kwh: float | None = None,
    connected: bool | None = None,
) -> Storage:
    """Take a measurement; an unplugged storage forgets its command.

    Raises:
        DataError: energy or reserve above the capacity.
    """
    now = advance(storage, now_s)
    plugged = now.connected if connected is None else connected
    return replace(
        now,
        facts=facts,
        energy_kwh=now.energy_kwh if energy_kwh is None else energy_kwh,
        connected=plugged,
        command=now.command if plugged else None,
        measured_at_s=now_s,
    )


def control(
    storage: Storage,
    now_s: float,
    *,
    mode: Mode,
    power_w: float,
    valid_for_s: float,
    command_id: str | None = None,
) -> tuple[Storage, Applied]:
    """Put a command in force, cut down to what the storage can do.

    Raises:
        DeviceError: nothing is plugged in.
    """
    now = advance(storage, now_s)
    if not now.connected:
        raise DeviceError("no vehicle is connected; it cannot be controlled")
    if mode is Mode.IDLE:
        applied = Applied(requested_w=power_w, applied_w=0.0)
    else:
        applied = _limited(now, mode, power_w)
    command = StorageCommand(
        id=command_id, mode=mode, power_w=_kept(now.facts, mode, power_w), until_s=now_s + valid_for_s
    )
    return replace(now, command=command), applied


def _kept(facts: StorageFacts, mode: Mode, power_w: float) -> float:
    """The power to hold during the lease: full and reserve may pass, the device's limits do not."""
    if mode is Mode.CHARGE:
        return min(power_w, facts.max_charge_w)
    if mode is Mode.DISCHARGE and facts.bidirectional:
        return min(power_w, facts.max_discharge_w)
    return 0.0


def _limited(storage: Storage, mode: Mode, power_w: float) -> Applied:
    facts = storage.facts
    applied_w, limited_by = power_w, None
    if mode is Mode.CHARGE:
        if power_w > facts.max_charge_w:
            applied_w, limited_by = facts.max_charge_w, LimitedBy.MAX_CHARGE
        if storage.energy_kwh >= facts.capacity_kwh - FULL_KWH:
            applied_w, limited_by = 0.0, LimitedBy.FULL
    elif not facts.bidirectional:
        applied_w, limited_by = 0.0, LimitedBy.NOT_BIDIRECTIONAL
    else:
        if power_w > facts.max_discharge_w:
            applied_w, limited_by = facts.max_discharge_w, LimitedBy.MAX_DISCHARGE
        if storage.energy_kwh <= facts.reserve_kwh + FULL_KWH:
            applied_w, limited_by = 0.0, LimitedBy.RESERVE
    return Applied(requested_w=power_w, applied_w=applied_w, limited_by=limited_by if power_w > 0 else None)
