"""Rounds of coordination: measure, read, decide, command; one at a time.

Two rounds at once could each command on the other's measurements. So they queue; callers that wait with
the same body share one round. A command that is in force already, with half of its lease left, is not
sent again, unless one to that agent failed since: such a one may still arrive.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from ohmstead.agents import answers
from ohmstead.agents.central_schema import Coordination, HomeStatus
from ohmstead.agents.decision import Action, Actions, Home, decide_actions
from ohmstead.agents.fleet import CONTROLLED, Controlled, Fleet, PartStatus, UnpluggedError, Visit
from ohmstead.agents.schema import (
    LEASE_S,
    Body,
    Control,
    Coordinate,
    LoadStatus,
    Sequence,
    Shed,
    ShedOrder,
    SolarStatus,
    StorageStatus,
    VehicleStatus,
)
from ohmstead.agents.settings import Part
from ohmstead.errors import DataError, DeviceError

log = logging.getLogger("ohmstead.agents")


@dataclass(frozen=True, kw_only=True, slots=True)
class Timing:
    """Where a round's time went, s."""

    read_s: float
    decide_s: float
    command_s: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Round:
    """One coordination and its timing."""

    coordination: Coordination
    timing: Timing


class Coordinator:
    """The central agent without its HTTP side."""

    def __init__(self, fleet: Fleet, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._fleet = fleet
        self._now = now
        self._turn = asyncio.Lock()
        self._waiting: dict[str, asyncio.Task[Round]] = {}
        self._issuer = uuid.uuid4().hex
        self._number = 0
        self._in_doubt: set[Part] = set()
        """Agents that may still carry out a command which was given up."""
        self.last: Coordination | None = None
        self.available: dict[Part, bool] = {}

    async def coordinate(self, body: Coordinate, correlation_id: str) -> Round:
        """One round, or a part in the next one that was asked for with the same body.

        A caller that goes away does not stop a round half-way.

        Raises:
            DataError: an agent refuses its measurement; nothing was commanded.
        """
        key = body.model_dump_json()
        task = self._waiting.get(key)
        if task is None:
            task = asyncio.create_task(self._in_turn(key, body, correlation_id))
            task.add_done_callback(_retrieved)
            self._waiting[key] = task
        return await asyncio.shield(task)

    async def status(self, correlation_id: str) -> HomeStatus:
        """All agents now; one that does not answer is told as unavailable."""
        seen, errors = await self._read_all(Coordinate(), self._visits(correlation_id))
        return answers.home_status(_home(seen), errors, self._now(), self.last)

    async def close(self) -> None:
        """Wait for the rounds that are under way; then close the connections."""
        await asyncio.gather(*self._waiting.values(), return_exceptions=True)
        async with self._turn:
            await self._fleet.close()

    def _visits(self, correlation_id: str) -> Mapping[Part, Visit]:
        return {part: self._fleet.visit(part, correlation_id) for part in Part}

    async def _in_turn(self, key: str, body: Coordinate, correlation_id: str) -> Round:
        async with self._turn:
            del self._waiting[key]  # who comes from now on measured later than this round reads
            return await self._round(body, correlation_id)

    async def _round(self, body: Coordinate, correlation_id: str) -> Round:
        began_s = time.perf_counter()
        visits = self._visits(correlation_id)
        seen, errors = await self._read_all(body, visits)
        read_s, decide_s = time.perf_counter() - began_s, 0.0
        applied: dict[Part, Controlled] = {}
        while True:
            decided_s = time.perf_counter()
            actions = decide_actions(_home(seen), self._now(), errors)
            decide_s += time.perf_counter() - decided_s
            failures = await self._command(actions, visits, seen, applied)
            if not failures:
                break
            for part, error in failures.items():
                _leave_out(part, error, seen, errors)
        coordination = answers.coordination(
            correlation_id, self._now(), actions, applied, _home(seen), errors
        )
        self.last = coordination
        total_s = time.perf_counter() - began_s
        timing = Timing(read_s=read_s, decide_s=decide_s, command_s=total_s - read_s - decide_s)
        return Round(coordination=coordination, timing=timing)

    async def _read_all(
        self, body: Coordinate, visits: Mapping[Part, Visit]
    ) -> tuple[dict[Part, PartStatus], dict[Part, str]]:
        measurements: Mapping[Part, Body | None] = {part: getattr(body, part) for part in Part}
        results = await asyncio.gather(
            *(visits[p].read() if m is None else visits[p].measure(m) for p, m in measurements.items()),
            return_exceptions=True,
        )
        seen: dict[Part, PartStatus] = {}
        errors: dict[Part, str] = {}
        refused: list[str] = []
        for part, result in zip(measurements, results, strict=True):
            if isinstance(result, DataError):
                refused.append(str(result))
            elif isinstance(result, DeviceError):
                errors[part] = str(result)
                log.warning("agent_unavailable", extra={"agent": part, "error": str(result)})
            elif isinstance(result, BaseException):
                raise result
            else:
                seen[part] = result
            self.available[part] = part not in errors
        if refused:
            raise DataError("; ".join(refused))
        return seen, errors

    async def _command(
        self,
        actions: Actions,
        visits: Mapping[Part, Visit],
        seen: dict[Part, PartStatus],
        applied: dict[Part, Controlled],
    ) -> dict[Part, DeviceError]:
        """Send what is not in force yet; what came of it goes into ``seen`` and ``applied``."""
        orders = {
            part: self._order(part, action)
            for part in CONTROLLED
            if part in seen and self._needed(part, seen[part], action := getattr(actions, part))
        }
        results = await asyncio.gather(
            *(visits[part].command(order) for part, order in orders.items()), return_exceptions=True
        )
        failures: dict[Part, DeviceError] = {}
        for part, result in zip(orders, results, strict=True):
            if isinstance(result, DeviceError):
                failures[part] = result
                if isinstance(result, UnpluggedError):
                    self._in_doubt.discard(part)  # it answered, and an older command is refused from now on
                else:
                    self._in_doubt.add(part)
                applied.pop(part, None)
                log.warning("command_failed", extra={"agent": part, "error": str(result)})
            elif isinstance(result, BaseException):
                raise result
            else:
                seen[part], applied[part] = result.status, result
                self._in_doubt.discard(part)
        return failures

    def _needed(self, part: Part, status: PartStatus, action: Action) -> bool:
        return part in self._in_doubt or not in_force(status, action)

    def _order(self, part: Part, action: Action) -> Control | Shed:
        """A command, numbered, so that an agent does not carry out an older one after it."""
        self._number += 1
        command_id = uuid.uuid4().hex
        sequence = Sequence(issuer=self._issuer, number=self._number)
        if part is Part.LOAD:
            return Shed(shed_kw=action.power_kw, command_id=command_id, sequence=sequence)
        return Control(mode=action.mode, power_kw=action.power_kw, command_id=command_id, sequence=sequence)


def in_force(status: PartStatus, action: Action) -> bool:
    """Whether an agent already does what it would be told, and goes on for a while."""
    if "command" not in status.model_fields_set or isinstance(status, SolarStatus):
        return False
    if isinstance(status, VehicleStatus) and not status.connected:
        return True
    order = status.command
    if order is None:
        return action.power_kw == 0.0
    if isinstance(order, ShedOrder):
        same = order.shed_kw == action.power_kw
    else:
        same = order.power_kw == action.power_kw and (action.power_kw == 0.0 or order.mode is action.mode)
    return same and (action.power_kw == 0.0 or order.lease_left_s > LEASE_S / 2)


def _leave_out(part: Part, error: DeviceError, seen: dict[Part, PartStatus], errors: dict[Part, str]) -> None:
    """Go on without an agent that did not take its command."""
    status = seen[part]
    if isinstance(error, UnpluggedError) and isinstance(status, VehicleStatus):
        seen[part] = status.model_copy(update={"connected": False, "command": None})
    else:
        del seen[part]
        errors[part] = str(error)


def _home(seen: Mapping[Part, PartStatus]) -> Home:
    solar, battery = seen.get(Part.SOLAR), seen.get(Part.BATTERY)
    vehicle, load = seen.get(Part.VEHICLE), seen.get(Part.LOAD)
    return Home(
        solar=solar if isinstance(solar, SolarStatus) else None,
        battery=battery if isinstance(battery, StorageStatus) else None,
        vehicle=vehicle if isinstance(vehicle, VehicleStatus) else None,
        load=load if isinstance(load, LoadStatus) else None,
    )


def _retrieved(task: asyncio.Task[Round]) -> None:
    if not task.cancelled():
        task.exception()
