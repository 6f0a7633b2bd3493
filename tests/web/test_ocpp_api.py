"""The routes under /api/ocpp: a real socket, a real central system, a charger of another maker."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import jsonschema_rs
import pytest

from ohmstead.daemon.ocpp_view import CentralView
from ohmstead.ocpp.central.commands import OPERATIONS
from ohmstead.ocpp.central.decision import AddSamples
from ohmstead.ocpp.central.meter_values import MeterSample
from ohmstead.ocpp.central.settings import UnknownChargers
from ohmstead.ocpp.central.store import Store
from ohmstead.ocpp.central.system import CentralSystem
from ohmstead.ocpp.schemas import schema_of
from ohmstead.ocpp.times import read_time
from ohmstead.web.app import create_ocpp_app
from ohmstead.web.server import serve
from tests.ocpp.central.peer import peer_charger
from tests.ocpp.central.serving import NOON, OPEN, PATIENCE_S, serving

TOKEN = "correct-horse-battery-staple"  # noqa: S105 - of the test
HELD = replace(OPEN, unknown_chargers=UnknownChargers.HOLD)


@dataclass
class Api:
    """A running API."""

    central: CentralSystem
    client: httpx2.AsyncClient

    async def ask(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer = await self.client.request(method, f"/api/ocpp{path}", json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None


@asynccontextmanager
async def api(path: Path, settings: Any = OPEN, token: str | None = None) -> AsyncIterator[Api]:
    async with asyncio.timeout(PATIENCE_S), serving(path, settings) as central:
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        app = create_ocpp_app(CentralView(central), token=token)
        task = asyncio.create_task(serve(app, "127.0.0.1", 0, ready=url.set_result))
        headers = {"authorization": f"Bearer {token}"} if token else {}
        try:
            async with httpx2.AsyncClient(base_url=(await url).rstrip("/"), headers=headers) as client:
                yield Api(central, client)
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


async def test_chargers_and_sessions_are_listed(tmp_path: Path) -> None:
    async with api(tmp_path) as web, peer_charger(web.central) as peer:
        number = await peer.plug_and_start()
        peer.energy_wh += 1500
        await peer.measure()
        (found,) = await web.ask("GET", "/chargers")
        assert (found["identity"], found["connected"], found["adopted"]) == ("PEER", True, True)
        connector = next(c for c in found["connectors"] if c["id"] == 1)
        assert (connector["status"], connector["power_w"], connector["soc"]) == ("Charging", 11040.0, 0.55)
        assert await web.ask("GET", "/chargers/PEER") == found
        (session,) = await web.ask("GET", "/sessions")
        assert (session["id"], session["energy_kwh"], session["stopped_at"]) == (number, 1.5, None)
        assert session["cost_eur"] is None
        assert await web.ask("GET", "/sessions?charger=OTHER") == []
        assert await web.ask("GET", f"/sessions?before={number}") == []
        (point,) = await web.ask("GET", f"/sessions/{number}/curve")
        assert (point["energy_wh"], point["power_w"]) == (2500.0, 11040.0)


async def test_the_curve_of_a_long_session_comes_in_few_points(tmp_path: Path) -> None:
    async with api(tmp_path) as web, peer_charger(web.central) as peer:
        number = await peer.plug_and_start()
        taken = [read_time(NOON) + timedelta(seconds=10 * n) for n in range(5000)]
        samples = [MeterSample(at=at, energy_wh=30.0 * n, power_w=11_000.0) for n, at in enumerate(taken)]
        await web.central.store.commit((AddSamples(transaction_id=number, samples=tuple(samples)),))
        curve = await web.ask("GET", f"/sessions/{number}/curve")
        assert 400 < len(curve) <= 500
        assert [datetime.fromisoformat(curve[i]["at"]) for i in (0, -1)] == [taken[0], taken[-1]]
        assert len(await web.ask("GET", f"/sessions/{number}/curve?points=5000")) == 5000


async def test_a_database_that_cannot_be_read_is_told_as_not_available_now(tmp_path: Path) -> None:
    async with api(tmp_path) as web, peer_charger(web.central):
        store = web.central.store
        assert isinstance(store, Store)
        with closing(sqlite3.connect(store.path)) as stranger:
            for table in ("charge_session", "sample", "event"):
                stranger.execute(f"DROP TABLE {table}")
        for path in ("/sessions", "/sessions/1/curve", "/chargers/PEER/events"):
            problem = await web.ask("GET", path, status=503)
            assert problem["title"] == "Not available now"
            assert f"{store.path}: no such table" in problem["detail"]


async def test_operations_go_to_the_charger_and_failures_are_told_apart(tmp_path: Path) -> None:
    async with api(tmp_path) as web:
        async with peer_charger(web.central) as peer:
            answer = await web.ask("POST", "/chargers/PEER/GetConfiguration", {"key": ["NumberOfConnectors"]})
            assert answer["action"] == "GetConfiguration"
            assert answer["answer"]["configurationKey"][0]["value"] == "1"
            assert (await web.ask("POST", "/chargers/PEER/ClearCache"))["answer"] == {"status": "Accepted"}
            await web.ask("POST", "/chargers/PEER/Reset", ["Soft"], 422)
            broken = await web.client.post("/api/ocpp/chargers/PEER/Reset", content=b"{")
            assert broken.status_code == 422
            huge = await web.client.post("/api/ocpp/chargers/PEER/Reset", content=b" " * (2 << 20))
            assert huge.status_code == 413
            problem = await web.ask("POST", "/chargers/PEER/Reset", {"type": "Maybe"}, 422)
            assert "Maybe" in problem["detail"]
            assert "Reset" not in peer.actions()
            await web.ask("POST", "/chargers/NOBODY/ClearCache", {}, 404)
            await web.ask("POST", "/chargers/PEER/Nonsense", {}, 404)
        problem = await web.ask("POST", "/chargers/PEER/ClearCache", {}, 409)
        assert "not connected" in problem["detail"]


async def test_a_charger_that_answers_with_an_error_is_a_bad_gateway(tmp_path: Path) -> None:
    async with api(tmp_path) as web, peer_charger(web.central) as peer:
        peer.route_map.pop("UnlockConnector")
        problem = await web.ask("POST", "/chargers/PEER/UnlockConnector", {"connectorId": 1}, 502)
        assert "UnlockConnector: refused" in problem["detail"]


async def test_adopting_and_forgetting(tmp_path: Path) -> None:
    async with api(tmp_path, HELD) as web:
        async with peer_charger(web.central):
            assert not (await web.ask("GET", "/chargers/PEER"))["adopted"]
            assert (await web.ask("POST", "/chargers/PEER/adopt"))["adopted"]
        await web.ask("DELETE", "/chargers/PEER", status=204)
        assert await web.ask("GET", "/chargers") == []
        for method, path in (("DELETE", "/chargers/PEER"), ("POST", "/chargers/PEER/adopt")):
            await web.ask(method, path, status=404)


async def test_passwords_are_shown_once_and_sent_where_that_is_wished(tmp_path: Path) -> None:
    async with api(tmp_path) as web, peer_charger(web.central) as peer:
        kept = await web.ask("POST", "/chargers/PEER/password", {})
        assert (kept["status"], len(bytes.fromhex(kept["password_hex"]))) == ("Accepted", 20)
        assert "AuthorizationKey" not in peer.keys
        own = {"password": "sixteen-letters!", "send": True}
        sent = await web.ask("POST", "/chargers/PEER/password", own)
        assert bytes.fromhex(peer.keys["AuthorizationKey"]).decode() == "sixteen-letters!"
        assert sent["password_hex"] == peer.keys["AuthorizationKey"]
        problem = await web.ask("POST", "/chargers/PEER/password", {"password": "s3cret"}, 422)
        assert "s3cret" not in problem["detail"]


async def test_tags(tmp_path: Path) -> None:
    async with api(tmp_path) as web:
        await web.ask("PUT", "/tags", {"id_tag": "Card", "name": "Ada"})
        await web.ask("PUT", "/tags", {"id_tag": "CARD", "name": "Ada", "blocked": True})
        (tag,) = await web.ask("GET", "/tags")
        assert (tag["id_tag"], tag["blocked"]) == ("CARD", True)
        await web.ask("PUT", "/tags", {"id_tag": "x" * 21}, 422)
        await web.ask("DELETE", "/tags/card", status=204)
        await web.ask("DELETE", "/tags/card", status=404)


async def test_the_description_holds_the_alliances_own_schemas(tmp_path: Path) -> None:
    async with api(tmp_path) as web:
        paths = (await web.client.get("/openapi.json")).json()["paths"]
        for action in OPERATIONS:
            operation = paths[f"/api/ocpp/chargers/{{identity}}/{action}"]["post"]
            schema = operation["requestBody"]["content"]["application/json"]["schema"]
            jsonschema_rs.Draft4Validator(schema)
            assert "$ref" not in str(schema)
            own = schema_of(action)
            assert schema["properties"].keys() == own["properties"].keys()
            assert schema.get("required") == own.get("required")


async def test_the_schemas_are_served_for_forms_and_checks(tmp_path: Path) -> None:
    async with api(tmp_path) as web:
        assert await web.ask("GET", "") == {"available": True}
        served = await web.ask("GET", "/operations")
        assert tuple(served) == OPERATIONS
        for action, schema in served.items():
            own = jsonschema_rs.Draft4Validator(schema_of(action))
            inlined = jsonschema_rs.Draft4Validator(schema)
            for payload in ({}, {"type": "Soft"}, {"connectorId": 1}, {"unheard": 1}):
                assert inlined.is_valid(payload) == own.is_valid(payload), (action, payload)


async def test_without_the_token_nothing_is_told_and_no_foreign_page_changes_anything(tmp_path: Path) -> None:
    async with api(tmp_path, token=TOKEN) as web:
        assert await web.ask("GET", "/chargers") == []
        bare = {"authorization": ""}
        assert (await web.client.get("/api/ocpp/chargers", headers=bare)).status_code == 401
        for foreign in (
            {"sec-fetch-site": "cross-site"},
            {"origin": "https://evil.example"},
            {"origin": "null"},
        ):
            answer = await web.client.put("/api/ocpp/tags", json={"id_tag": "EVIL"}, headers=foreign)
            assert answer.status_code == 403, answer.text
        own = {"origin": str(web.client.base_url).rstrip("/"), "sec-fetch-site": "same-origin"}
        answer = await web.client.put("/api/ocpp/tags", json={"id_tag": "ME"}, headers=own)
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/sessions?limit=0",
        "/sessions/0/curve",
        "/sessions/99999999999999999999/curve",
        "/sessions/1/curve?points=1",
    ],
)
async def test_what_cannot_be_asked_is_422(tmp_path: Path, path: str) -> None:
    async with api(tmp_path) as web:
        await web.ask("GET", path, status=422)
