"""The managed demo house behind a nymea server on a free port, and a client of it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ohmstead.core.tariff import PriceSlot, Tariff
from ohmstead.daemon.nymea.host import NymeaHost
from ohmstead.daemon.nymea.serving import nymea_host, nymea_served
from ohmstead.daemon.nymea.settings import NymeaSettings
from ohmstead.recorder import Recorder
from tests.daemon.homes import NOON, Home, home
from tests.nymea.serving import Client

ANY_PORT = NymeaSettings(tcp_port=0, websocket_port=0, tls_port=0, tls_websocket_port=0, manual_hold_s=3600.0)


@dataclass
class Served:
    """A house, what manages it, and a client of its server."""

    home: Home
    host: NymeaHost
    recorder: Recorder
    client: Client
    ports: Mapping[str, int]

    async def states(self, thing_id: str) -> dict[str, Any]:
        """A thing's states by name."""
        (thing,) = (await self.client.call("Integrations.GetThings", {"thingId": thing_id}))["things"]
        asked = {"thingClassIds": [thing["thingClassId"]]}
        (kind,) = (await self.client.call("Integrations.GetThingClasses", asked))["thingClasses"]
        names = {s["id"]: s["name"] for s in kind["stateTypes"]}
        return {names[s["stateTypeId"]]: s["value"] for s in thing["states"]}

    async def act(self, thing_id: str, action: str, value: Any = None) -> dict[str, Any]:
        """Execute an action by its name."""
        (thing,) = (await self.client.call("Integrations.GetThings", {"thingId": thing_id}))["things"]
        asked = {"thingClassId": thing["thingClassId"]}
        types = (await self.client.call("Integrations.GetActionTypes", asked))["actionTypes"]
        action_id = next(t["id"] for t in types if t["name"] == action)
        params = [] if value is None else [{"paramTypeId": action_id, "value": value}]
        return await self.client.call(
            "Integrations.ExecuteAction", {"thingId": thing_id, "actionTypeId": action_id, "params": params}
        )


@contextlib.asynccontextmanager
async def served(tmp_path: Path, settings: NymeaSettings = ANY_PORT) -> AsyncIterator[Served]:
    at_home = home()
    engine = at_home.loop.engine
    slots = [
        PriceSlot(
            start=NOON.replace(hour=0) + timedelta(hours=h),
            end=NOON.replace(hour=0) + timedelta(hours=h + 1),
            import_eur_per_kwh=0.2 + 0.01 * h,
            export_eur_per_kwh=0.1,
        )
        for h in range(-24, 48)
    ]
    engine.set_tariff(Tariff(name="hourly", slots=slots))
    with Recorder.open(tmp_path / "home.db") as recorder:
        host = nymea_host(settings, engine, recorder, at_home.clock.now)
        at_home.loop._listeners = (host,)
        async with (
            nymea_served(settings, host, recorder, name="Demo", folder=tmp_path) as ports,
            await Client.connect(ports["tcp_port"]) as client,
        ):
            await client.call("JSONRPC.Hello")
            yield Served(at_home, host, recorder, client, ports)
