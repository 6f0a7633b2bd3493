"""The four device agents as the central one sees them: measured, read and commanded over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from ohmstead.agents.http_client import AgentClient, Reply
from ohmstead.agents.schema import (
    SUPERSEDED_TITLE,
    BatteryControlled,
    Body,
    LoadShed,
    LoadStatus,
    SolarStatus,
    StorageStatus,
    VehicleControlled,
    VehicleStatus,
)
from ohmstead.agents.settings import AgentSettings, Part
from ohmstead.errors import DataError, DeviceError

DEADLINE_S = 2.0
"""Longest time that one round waits for one agent, all requests to it together."""

PartStatus = SolarStatus | StorageStatus | VehicleStatus | LoadStatus
Controlled = BatteryControlled | VehicleControlled | LoadShed

STATUS: Mapping[Part, type[PartStatus]] = {
    Part.SOLAR: SolarStatus,
    Part.BATTERY: StorageStatus,
    Part.VEHICLE: VehicleStatus,
    Part.LOAD: LoadStatus,
}
CONTROLLED: Mapping[Part, type[Controlled]] = {
    Part.BATTERY: BatteryControlled,
    Part.VEHICLE: VehicleControlled,
    Part.LOAD: LoadShed,
}
UPDATE_PATH: Mapping[Part, str] = dict.fromkeys(Part, "/update") | {Part.SOLAR: "/production"}
COMMAND_PATH: Mapping[Part, str] = dict.fromkeys(Part, "/control") | {Part.LOAD: "/shed"}

T = TypeVar("T", bound=BaseModel)


class UnpluggedError(DeviceError):
    """The vehicle was unplugged meanwhile."""


class Fleet:
    """Clients to all four agents."""

    def __init__(self, settings: AgentSettings) -> None:
        self.clients = {part: AgentClient(settings.urls[part], part, settings.token) for part in Part}

    def visit(self, part: Part, correlation_id: str) -> Visit:
        """A round's dealings with one agent."""
        return Visit(part, self.clients[part], correlation_id)

    async def close(self) -> None:
        """Close all connections."""
        await asyncio.gather(*(client.close() for client in self.clients.values()))


class Visit:
    """One round's dealings with one agent; they share one deadline, so that a round cannot hang."""

    def __init__(self, part: Part, client: AgentClient, correlation_id: str) -> None:
        self._part = part
        self._client = client
        self._correlation_id = correlation_id
        self._left_s = DEADLINE_S

    async def read(self) -> PartStatus:
        """The agent's state.

        Raises:
            DeviceError: no answer, or none that can be used.
        """
        return self._parsed(STATUS[self._part], await self._ask("GET", "/status"))

    async def measure(self, measurement: Body) -> PartStatus:
        """Forward a measurement and read the state that follows from it.

        Raises:
            DataError: the agent refuses the measurement.
            DeviceError: no answer, or none that can be used.
        """
        body = measurement.model_dump_json(exclude_none=True).encode()
        reply = await self._ask("POST", UPDATE_PATH[self._part], body)
        if reply.status == 422:
            raise DataError(f"{self._part}: {_problem(reply).detail}")
        self._check(reply)
        try:
            return STATUS[self._part].model_validate_json(reply.body)
        except ValidationError:  # an agent that does not answer with its state, but takes measurements
            return await self.read()

    async def command(self, order: Body) -> Controlled:
        """Send a command.

        Raises:
            UnpluggedError: there is no vehicle on the charger.
            DeviceError: no answer, or a refusal.
        """
        body = order.model_dump_json(exclude_none=True).encode()
        reply = await self._ask("POST", COMMAND_PATH[self._part], body)
        if reply.status == 409:
            refusal = _problem(reply)
            kind = DeviceError if refusal.title == SUPERSEDED_TITLE else UnpluggedError
            raise kind(refusal.detail)
        return self._parsed(CONTROLLED[self._part], reply)

    async def _ask(self, method: str, path: str, body: bytes | None = None) -> Reply:
        loop = asyncio.get_running_loop()
        began_s = loop.time()
        try:
            return await self._client.ask(
                method,
                path,
                body,
                deadline_s=max(0.0, self._left_s),
                correlation_id=self._correlation_id,
            )
        finally:
            self._left_s -= loop.time() - began_s

    def _check(self, reply: Reply) -> None:
        if reply.status != 200:
            raise DeviceError(f"answered {reply.status}: {_problem(reply).detail}")

    def _parsed(self, kind: type[T], reply: Reply) -> T:
        self._check(reply)
        try:
            return kind.model_validate_json(reply.body)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(p) for p in first["loc"]) or "body"
            raise DeviceError(f"answered nonsense: {place}: {first['msg']}") from error


class _Problem(BaseModel):
    title: str = ""
    detail: str


def _problem(reply: Reply) -> _Problem:
    """What an agent says of an error, in a line."""
    try:
        return _Problem.model_validate_json(reply.body)
    except ValidationError:
        return _Problem(detail=reply.body[:200].decode("utf-8", "replace"))
