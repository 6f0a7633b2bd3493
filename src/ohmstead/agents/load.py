"""The load agent: what the house takes, and what of it may be shed."""

from __future__ import annotations

import time

from fastapi import FastAPI, Response
from prometheus_client import CollectorRegistry

from ohmstead.agents import demand as model
from ohmstead.agents.commands import Commands
from ohmstead.agents.gauges import Gauges
from ohmstead.agents.schema import LoadShed, LoadStatus, LoadUpdate, Shed, ShedOrder
from ohmstead.agents.service import REFUSALS, SUPERSEDED, create_service, json_answer
from ohmstead.agents.settings import AgentSettings
from ohmstead.agents.storage import Applied
from ohmstead.agents.units import Clock, kw, watts

NAME = "load"
DESCRIPTION = """The consumption of the house: critical and flexible. What is flexible can be shed, in part
too, for the time of a lease; measurements are of what is wanted, as if nothing were shed."""
_GAUGES = {"power_kw": "What the house takes, kW", "shed_kw": "What it goes without, kW"}


class LoadHost:
    """Holds the present demand; every call first lets time pass."""

    def __init__(self, clock: Clock, registry: CollectorRegistry) -> None:
        self._demand = model.Demand()
        self._clock = clock
        self._commands: Commands[Applied] = Commands()
        registry.register(Gauges(_GAUGES, self._values))

    @property
    def now(self) -> model.Demand:
        """The demand at this moment."""
        self._demand = model.advance(self._demand, self._clock())
        return self._demand

    def update(self, body: LoadUpdate) -> None:
        """Take a measurement."""
        self._demand = model.measure(
            self.now,
            self._clock(),
            critical_w=watts(body.critical_load_kw),
            flexible_w=watts(body.flexible_load_kw),
        )

    def shed(self, body: Shed) -> LoadShed:
        """Put a command in force; one that was carried out before is only answered.

        Raises:
            SupersededError: its issuer sent a newer one, which came first.
        """
        applied = self._commands.once(body.command_id, lambda: self._shed(body), body.sequence)
        return LoadShed(
            requested_kw=kw(applied.requested_w),
            applied_kw=kw(applied.applied_w),
            limited_by=applied.limited_by,
            status=self.status(),
        )

    def _shed(self, body: Shed) -> Applied:
        self._demand, applied = model.shed(
            self.now,
            self._clock(),
            shed_w=watts(body.shed_kw),
            valid_for_s=body.valid_for_s,
            command_id=body.command_id,
        )
        return applied

    def status(self) -> LoadStatus:
        """The state as the load agent tells it."""
        now, now_s = self.now, self._clock()
        order = now.command
        return LoadStatus(
            critical_load_kw=kw(now.critical_w),
            flexible_load_kw=kw(now.flexible_w),
            shed_kw=kw(now.shed_w),
            power_kw=kw(now.power_w),
            command=None
            if order is None
            else ShedOrder(
                shed_kw=kw(order.shed_w),
                lease_left_s=round(order.until_s - now_s, 3),
                command_id=order.id,
            ),
            measured_age_s=None if now.measured_at_s is None else round(now_s - now.measured_at_s, 3),
        )

    def _values(self) -> dict[str, float | None]:
        now = self.now
        return {"power_kw": kw(now.power_w), "shed_kw": kw(now.shed_w)}


def create_app(settings: AgentSettings | None = None, clock: Clock = time.monotonic) -> FastAPI:
    """The load agent.

    Args:
        clock: seconds that never run backwards.
    """
    registry = CollectorRegistry(auto_describe=False)
    app = create_service(NAME, DESCRIPTION, settings or AgentSettings(), registry)
    host = LoadHost(clock, registry)

    @app.get("/status", summary="The load now", response_model=LoadStatus, tags=["load"])
    async def get_status() -> Response:
        return json_answer(host.status())

    @app.post(
        "/update",
        summary="Tell what was measured",
        response_model=LoadStatus,
        responses=REFUSALS,
        tags=["load"],
    )
    async def update(body: LoadUpdate) -> Response:
        host.update(body)
        return json_answer(host.status())

    @app.post(
        "/shed",
        summary="Go without some of the flexible load",
        response_model=LoadShed,
        responses=REFUSALS | SUPERSEDED,
        tags=["load"],
    )
    async def shed(body: Shed) -> Response:
        return json_answer(host.shed(body))

    return app
