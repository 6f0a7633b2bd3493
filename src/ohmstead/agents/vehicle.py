"""The vehicle agent: 60 kWh on a charger, 40 kWh of them full, until it is told otherwise."""

from __future__ import annotations

import time

from fastapi import FastAPI, Response
from prometheus_client import CollectorRegistry

from ohmstead.agents.schema import Control, VehicleControlled, VehicleStatus, VehicleUpdate
from ohmstead.agents.service import REFUSALS, UNPLUGGED, create_service, json_answer
from ohmstead.agents.settings import AgentSettings
from ohmstead.agents.storage import Storage, StorageFacts
from ohmstead.agents.storage_host import StorageHost
from ohmstead.agents.units import Clock

NAME = "vehicle"
DESCRIPTION = """A vehicle on a charger. It obeys only while it is connected, and feeds the house only where
it is bidirectional. A command holds for its lease."""
FACTS = StorageFacts(
    capacity_kwh=60.0,
    max_charge_w=11_000.0,
    max_discharge_w=11_000.0,
    reserve_kwh=12.0,
    efficiency=0.9,
    bidirectional=False,
)
START_KWH = 40.0


def create_app(settings: AgentSettings | None = None, clock: Clock = time.monotonic) -> FastAPI:
    """The vehicle agent.

    Args:
        clock: seconds that never run backwards.
    """
    registry = CollectorRegistry(auto_describe=False)
    app = create_service(NAME, DESCRIPTION, settings or AgentSettings(), registry)
    host = StorageHost(Storage(facts=FACTS, energy_kwh=START_KWH, at_s=clock()), clock, registry)

    @app.get("/status", summary="The vehicle now", response_model=VehicleStatus, tags=["vehicle"])
    async def get_status() -> Response:
        return json_answer(host.vehicle_status())

    @app.post(
        "/update",
        summary="Tell what was measured",
        response_model=VehicleStatus,
        responses=REFUSALS,
        tags=["vehicle"],
    )
    async def update(body: VehicleUpdate) -> Response:
        host.update(body)
        return json_answer(host.vehicle_status())

    @app.post(
        "/control",
        summary="Charge, discharge or stand idle, while connected",
        response_model=VehicleControlled,
        responses=REFUSALS | UNPLUGGED,
        tags=["vehicle"],
    )
    async def control(body: Control) -> Response:
        return json_answer(host.vehicle_controlled(host.control(body)))

    return app
