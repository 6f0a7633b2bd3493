"""Keeps a plan in force: asks the engine when one is due, has it made elsewhere, hands it back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Protocol

import structlog

from ohmstead.core.engine import Engine
from ohmstead.core.plan import Plan, PlanningTask
from ohmstead.core.record import CycleRecord
from ohmstead.errors import OhmsteadError
from ohmstead.planning.request import PlanRequest

log = structlog.get_logger(__name__)


OFF = "off"


class Outlook(Protocol):
    """What is expected of the coming days: prices, weather, load, vehicles."""

    def request(self, task: PlanningTask) -> PlanRequest:
        """Everything the planner needs for a task. May read files and compute; runs in a thread.

        Raises:
            OhmsteadError: there is not enough to plan with.
        """
        ...


class Planner(Protocol):
    """Makes plans without holding up the loop."""

    async def plan(self, request: PlanRequest) -> Plan:
        """A plan for a request.

        Raises:
            PlanError: none was found in time.
        """
        ...


class PlanningHost:
    """Runs one planning task at a time beside the control loop.

    While plans are not ``wanted`` none is made and none is followed.
    """

    def __init__(
        self,
        engine: Engine,
        planner: Planner,
        outlook: Outlook,
        on_plan: Callable[[Plan, str], None] | None = None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        self._engine = engine
        self._planner = planner
        self._outlook = outlook
        self._on_plan = on_plan
        self._wanted = wanted
        self._running: asyncio.Task[None] | None = None
        self.status = "waiting for the first plan"
        self.trigger: str | None = None

    def cycle(self, record: CycleRecord) -> None:
        """Start planning if the engine asks for it and nothing is being planned."""
        if not self._wanted():
            self.status = OFF
            if self._engine.plan is not None:
                self._engine.drop_plan()
            return
        if self._running is not None and not self._running.done():
            return
        task = self._engine.planning_task(record.at)
        if task is not None:
            self._running = asyncio.create_task(self._plan(task))

    async def idle(self) -> None:
        """Return when nothing is being planned any more."""
        if self._running is not None:
            await self._running

    async def close(self) -> None:
        """Give up what is being planned."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.gather(self._running, return_exceptions=True)

    async def _plan(self, task: PlanningTask) -> None:
        try:
            request = await asyncio.to_thread(self._outlook.request, task)
            plan = await self._planner.plan(request)
        except OhmsteadError as error:
            self.status = f"no new plan: {error}"
            log.warning("no_plan", trigger=task.trigger, error=str(error))
            return
        if not self._wanted():
            return
        self._engine.adopt(plan)
        self.status, self.trigger = "ok", task.trigger
        if self._on_plan is not None:
            self._on_plan(plan, task.trigger)
