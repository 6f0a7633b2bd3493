"""The battery agent: 10 kWh in the cellar, 6 kWh of them full, until it is told otherwise."""

from __future__ import annotations

import time

from fastapi import FastAPI, Response
from prometheus_client import CollectorRegistry

from ohmstead.agents.schema import BatteryControlled, BatteryUpdate, Control, StorageStatus
from ohmstead.agents.service import REFUSALS, SUPERSEDED, create_service, json_answer
from ohmstead.agents.settings import AgentSettings
from ohmstead.agents.storage import Storage, StorageFacts
from ohmstead.agents.storage_host import StorageHost
from ohmstead.agents.units import Clock

NAME = "battery"
DESCRIPTION = """A house battery. A command holds for its lease; then, and when full or at its reserve, the
battery stands idle by itself. Powers are at the terminals, the state of charge is what the cells hold."""
FACTS = StorageFacts(capacity_kwh=10.0, max_charge_w=5000.0, max_discharge_w=5000.0, reserve_kwh=1.0)
START_KWH = 6.0


def create_app(settings: AgentSettings | None = None, clock: Clock = time.monotonic) -> FastAPI:
    """The battery agent.

    Args:
        clock: seconds that never run backwards.
    """
    registry = CollectorRegistry(auto_describe=False)
    app = create_service(NAME, DESCRIPTION, settings or AgentSettings(), registry)
    host = StorageHost(Storage(facts=FACTS, energy_kwh=START_KWH, at_s=clock()), clock, registry)

    @app.get("/status", summary="The battery now", response_model=StorageStatus, tags=["battery"])
    async def get_status() -> Response:
        return json_answer(host.battery_status())

    @app.post(
        "/update",
        summary="Tell what was measured",
        response_model=StorageStatus,
        responses=REFUSALS,
        tags=["battery"],
    )
    async def update(body: BatteryUpdate) -> Response:
        host.update(body)
        return json_answer(host.battery_status())

    @app.post(
        "/control",
        summary="Charge, discharge or stand idle",
        response_model=BatteryControlled,
        responses=REFUSALS | SUPERSEDED,
        tags=["battery"],
    )
    async def control(body: Control) -> Response:
        return json_answer(host.battery_controlled(host.control(body)))

    return app
