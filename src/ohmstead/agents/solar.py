"""The solar agent: what the sun gives, as measured last."""

from __future__ import annotations

import time

from fastapi import FastAPI, Response
from prometheus_client import CollectorRegistry

from ohmstead.agents.gauges import Gauges
from ohmstead.agents.schema import Production, SolarStatus
from ohmstead.agents.service import REFUSALS, create_service, json_answer
from ohmstead.agents.settings import AgentSettings
from ohmstead.agents.units import Clock

NAME = "solar"
DESCRIPTION = "A photovoltaic system. It is only measured; before the first measurement it gives nothing."


class _Sun:
    """The last measurement."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.production_kw = 0.0
        self.measured_at_s: float | None = None

    def measure(self, production_kw: float) -> None:
        self.production_kw = production_kw
        self.measured_at_s = self._clock()

    def status(self) -> SolarStatus:
        at_s = self.measured_at_s
        return SolarStatus(
            production_kw=self.production_kw,
            measured_age_s=None if at_s is None else round(self._clock() - at_s, 3),
        )


def create_app(settings: AgentSettings | None = None, clock: Clock = time.monotonic) -> FastAPI:
    """The solar agent.

    Args:
        clock: seconds that never run backwards.
    """
    registry = CollectorRegistry(auto_describe=False)
    app = create_service(NAME, DESCRIPTION, settings or AgentSettings(), registry)
    sun = _Sun(clock)
    registry.register(
        Gauges({"production_kw": "What the sun gives, kW"}, lambda: {"production_kw": sun.production_kw})
    )

    @app.get("/status", summary="The sun now", response_model=SolarStatus, tags=["solar"])
    async def get_status() -> Response:
        return json_answer(sun.status())

    @app.post(
        "/production",
        summary="Tell what was measured",
        response_model=SolarStatus,
        responses=REFUSALS,
        tags=["solar"],
    )
    async def production(body: Production) -> Response:
        sun.measure(body.production_kw)
        return json_answer(sun.status())

    return app
