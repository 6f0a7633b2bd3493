"""Charge points in virtual time against a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from ohmstead.ocpp.charge_point.charge_point import ChargePoint
from ohmstead.ocpp.charge_point.settings import ChargePointSettings
from ohmstead.ocpp.charge_point.store import Store
from ohmstead.ocpp.clock import RealClock, VirtualClock
from ohmstead.ocpp.smart_charging import Supply
from tests.ocpp.charge_point.peer import Peer

START = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
TWO = {1: Supply(max_a=32.0, phases=3), 2: Supply(max_a=16.0, phases=1)}


@asynccontextmanager
async def charge_point(
    central: Peer,
    configuration: Mapping[str, str] | None = None,
    *,
    store: Store | None = None,
    clock: VirtualClock | None = None,
    registered: bool = True,
    **settings: Any,
) -> AsyncIterator[ChargePoint]:
    """A running charge point with two connectors; stopped at the end."""
    fields: dict[str, Any] = {"url": central.url, "identity": "CP 1", "connectors": TWO}
    made = ChargePointSettings(**(fields | {"configuration": configuration or {}} | settings))
    clock = clock or VirtualClock(START)
    point = ChargePoint(made, store=store, clock=clock, network_clock=RealClock())
    await point.start()
    try:
        if registered:
            await central.has("StatusNotification", 1 + len(made.connectors))
        yield point
    finally:
        await point.stop()


def virtual(point: ChargePoint) -> VirtualClock:
    """Its clock."""
    assert isinstance(point.clock, VirtualClock)
    return point.clock
