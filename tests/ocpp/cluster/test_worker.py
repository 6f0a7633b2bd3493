"""Two workers at one PostgreSQL and one NATS; chargers that speak raw frames to either."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx2
import msgspec
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from ohmstead.daemon.ocpp_view import CentralView
from ohmstead.errors import ConfigError, DataError, DeviceOffline, SourceError
from ohmstead.ocpp.central.charger import Charger, Connector, ConnectorStatus, Tag
from ohmstead.ocpp.central.meter_values import parse_meter_values
from ohmstead.ocpp.central.settings import CentralSettings, UnknownChargers
from ohmstead.ocpp.central.store_port import StoreError
from ohmstead.ocpp.central.system import CentralSystem
from ohmstead.ocpp.cluster.settings import ClusterSettings
from ohmstead.ocpp.cluster.wire import State
from ohmstead.ocpp.cluster.worker import serving_worker
from ohmstead.ocpp.schemas import SchemaError
from ohmstead.ocpp.transport import CallFailed
from ohmstead.web.app import create_ocpp_app
from tests.ocpp.central.serving import BOOT, OPEN, PATIENCE_S, RawCharger, charger, until
from tests.ocpp.cluster.servers import Nats, Postgres, nats, postgres

LEASE_S = 1.5


@pytest.fixture
def broker() -> Iterator[Nats]:
    with nats() as server:
        yield server


@pytest.fixture
def cluster(postgres_server: Postgres, broker: Nats) -> ClusterSettings:
    return ClusterSettings(database=postgres_server.new_database(), broker=broker.url, lease_s=LEASE_S)


@asynccontextmanager
async def two_workers(
    cluster: ClusterSettings, settings: CentralSettings = OPEN
) -> AsyncIterator[tuple[CentralSystem, CentralSystem]]:
    async with AsyncExitStack() as stack:
        one, two = [
            await stack.enter_async_context(serving_worker(replace(settings, port=0), cluster, name=name))
            for name in ("one", "two")
        ]
        yield one, two


async def answer_calls(cp: RawCharger) -> None:
    """Say Accepted to whatever is asked, until the connection ends."""
    try:
        while True:
            _, message_id, action, _ = await cp.receive()
            cp.calls.append([action])
            if action == "ClearCache":
                await cp.send([4, message_id, "NotSupported", "no cache", {}])
            else:
                await cp.send([3, message_id, {"status": "Accepted"}])
    except ConnectionClosed:
        return


async def test_every_worker_lists_all_chargers_and_reaches_them(cluster: ClusterSettings) -> None:
    async with two_workers(cluster) as (one, two), await charger(one, boot=True) as cp:
        status = {"connectorId": 1, "errorCode": "NoError", "status": "Preparing"}
        await cp.told("StatusNotification", status)
        await until(lambda: two.connected("CP1") and two.chargers["CP1"].connector(1).plugged)
        assert two.chargers["CP1"].vendor == "Ohmstead"
        answering = asyncio.create_task(answer_calls(cp))
        assert await two.commands("CP1").reset(hard=False) == "Accepted"
        with pytest.raises(CallFailed, match="no cache") as refused:
            await two.commands("CP1").clear_cache()
        assert refused.value.code == "NotSupported"
        with pytest.raises(SchemaError, match="Reset"):
            await two.call("CP1", "Reset", {"type": "Medium"})
        with pytest.raises(DeviceOffline, match="'CP2' is not connected"):
            await two.commands("CP2").clear_cache()
        assert cp.calls == [["Reset"], ["ClearCache"]]
        answering.cancel()


async def test_the_newest_connection_wins_across_workers(cluster: ClusterSettings) -> None:
    async with two_workers(cluster) as (one, two), await charger(one, boot=True) as old:
        number = await old.start(wh=1000)
        async with await charger(two) as new:
            with pytest.raises(ConnectionClosed, match="newer connection"):
                await old.receive()
            await until(lambda: one.connected("CP1") and two.connected("CP1"))
            assert await new.start(wh=1000) == number
            assert await new.stop(number, wh=4000) == {}
            answering = asyncio.create_task(answer_calls(new))
            assert await one.commands("CP1").reset(hard=False) == "Accepted"
            answering.cancel()
        await until(lambda: not one.connected("CP1") and not two.connected("CP1"))
        (session,) = one.store.transactions()
        assert (session.id, session.energy_kwh) == (number, 3.0)


async def test_a_transaction_goes_on_at_the_next_worker(cluster: ClusterSettings) -> None:
    async with two_workers(cluster) as (one, two):
        async with await charger(one, boot=True) as cp:
            number = await cp.start(wh=1000)
        values = {
            "connectorId": 1,
            "transactionId": number,
            "meterValue": [{"timestamp": "2026-06-01T12:30:00Z", "sampledValue": [{"value": "4000"}]}],
        }
        async with await charger(two) as cp:
            assert two.chargers["CP1"].connector(1).transaction_id == number
            assert await cp.told("MeterValues", values) == {}
            assert two.store.transactions()[0].energy_kwh == 3.0
        async with await charger(one) as cp:
            assert await cp.told("MeterValues", values) == {}
            assert await cp.stop(number, wh=5000) == {}
            assert await cp.stop(number, wh=5000) == {}
        (session,) = two.store.transactions()
        assert (session.energy_kwh, session.open) == (4.0, False)
        assert len(two.store.samples(number)) == 1


async def test_a_tag_charges_at_one_connector_of_all_workers(cluster: ClusterSettings) -> None:
    async with two_workers(cluster) as (one, two):
        await one.store.put_tag(Tag(id_tag="CARD", several_at_once=False))
        async with await charger(one, "A", boot=True) as a, await charger(two, "B", boot=True) as b:
            await a.start()
            start = {"connectorId": 1, "idTag": "card", "meterStart": 0, "timestamp": "2026-06-01T12:00:00Z"}
            refused = await b.told("StartTransaction", start)
            assert refused["idTagInfo"]["status"] == "ConcurrentTx"
            assert (await b.told("Authorize", {"idTag": "other"}))["idTagInfo"] == {"status": "Invalid"}


async def test_a_held_charger_is_adopted_at_any_worker(cluster: ClusterSettings) -> None:
    hold = replace(OPEN, unknown_chargers=UnknownChargers.HOLD)
    async with two_workers(cluster, hold) as (one, two):
        async with await charger(one) as cp:
            assert (await cp.told("BootNotification", BOOT))["status"] == "Pending"
            await until(lambda: two.connected("CP1"))
            await two.adopt("CP1")
            assert (await cp.receive())[2:] == ["TriggerMessage", {"requestedMessage": "BootNotification"}]
            assert (await cp.told("BootNotification", BOOT))["status"] == "Accepted"
        async with await charger(two, "CP2", boot=True):
            pass
        await until(lambda: "CP2" in one.chargers)
        await one.adopt("CP2")
        async with await charger(two, "CP2") as cp:
            assert (await cp.told("BootNotification", BOOT))["status"] == "Accepted"


async def test_a_forgotten_charger_is_gone_at_every_worker(cluster: ClusterSettings) -> None:
    async with two_workers(cluster) as (one, two), await charger(one, boot=True) as cp:
        await until(lambda: two.connected("CP1"))
        assert await two.forget("CP1")
        with pytest.raises(ConnectionClosed, match="forgotten"):
            await cp.receive()
        await until(lambda: not one.chargers and not two.connected("CP1"))
        assert not await one.forget("CP1")


async def test_a_password_given_at_one_worker_holds_at_the_others(cluster: ClusterSettings) -> None:
    guarded = replace(OPEN, security_profile=1)
    async with two_workers(cluster, guarded) as (one, two):
        password = b"0123456789abcdef"
        async with await charger(one, password=password, boot=True):
            pass
        async with await charger(two, password=password, boot=True):
            pass
        fresh = await two.door.set_password("CP1")
        async with await charger(one, password=fresh, boot=True):
            pass


async def test_chargers_of_a_worker_that_leaves_are_not_connected_any_more(cluster: ClusterSettings) -> None:
    told: list[str] = []
    async with serving_worker(OPEN, cluster) as stays:
        async with serving_worker(OPEN, cluster) as leaves, await charger(leaves, boot=True):
            stays.watch("CP1", lambda _, action: told.append(action))
            await until(lambda: stays.connected("CP1"))
        await until(lambda: not stays.connected("CP1"))
        with pytest.raises(DeviceOffline, match="'CP1' is not connected"):
            await stays.commands("CP1").clear_cache()
    assert "disconnected" in told


async def test_a_worker_that_starts_later_knows_all_chargers(cluster: ClusterSettings) -> None:
    async with serving_worker(OPEN, cluster) as first, await charger(first, boot=True) as cp:
        answering = asyncio.create_task(answer_calls(cp))
        async with serving_worker(OPEN, cluster) as second:
            await until(lambda: second.connected("CP1"))
            assert await second.commands("CP1").reset(hard=False) == "Accepted"
        answering.cancel()


async def test_charging_goes_on_while_the_broker_is_away_and_lists_agree_again_after(
    cluster: ClusterSettings, broker: Nats
) -> None:
    async with two_workers(cluster) as (one, two), await charger(one, boot=True) as cp:
        await until(lambda: two.connected("CP1"))
        broker.stop()
        number = await cp.start(wh=1000)
        async with await charger(two, "CP2", boot=True):
            await until(lambda: not two.connected("CP1"))
            with pytest.raises(DeviceOffline):
                await two.commands("CP1").clear_cache()
            await asyncio.to_thread(broker.start)
            await until(lambda: two.connected("CP1") and one.connected("CP2"))
            answering = asyncio.create_task(answer_calls(cp))
            assert await two.commands("CP1").reset(hard=False) == "Accepted"
            answering.cancel()
        assert [t.id for t in two.store.running("CP1")] == [number]


@pytest.mark.slow
async def test_without_the_database_a_charger_is_not_answered_but_told_to_repeat(
    broker: Nats, tmp_path: Path
) -> None:
    with postgres() as server:
        cluster = ClusterSettings(database=server.new_database(), broker=broker.url)
        async with serving_worker(OPEN, cluster) as central, await charger(central, boot=True) as cp:
            server.stop()
            with pytest.raises(StoreError, match="database"):
                central.store.tags()
            transport = httpx2.ASGITransport(create_ocpp_app(CentralView(central)))
            async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
                answer = await client.get("/api/ocpp/sessions")
                assert (answer.status_code, answer.json()["title"]) == (503, "Not available now")
            with pytest.raises(InvalidStatus, match="503"):
                await charger(central, "CP2")
            start = {"connectorId": 1, "idTag": "CARD", "meterStart": 0, "timestamp": "2026-06-01T12:00:00Z"}
            assert (await cp.ask("StartTransaction", start))[:3:2] == [4, "InternalError"]
            assert (await cp.told("Heartbeat", {}))["currentTime"]
            await asyncio.to_thread(server.start)
            assert (await cp.told("StartTransaction", start))["transactionId"] > 0


async def test_servers_that_cannot_be_used_are_named_without_passwords(
    cluster: ClusterSettings, tmp_path: Path
) -> None:
    dead = replace(cluster, broker="nats://me:secret@127.0.0.1:1", connect_s=1.0)
    for broken, error, words in (
        (dead, SourceError, r"--cluster: no NATS server.*127\.0\.0\.1:1"),
        (replace(cluster, broker="http://me:secret@x"), ConfigError, "--cluster: .*allowed: nats://"),
        (replace(cluster, database=f"postgresql://me:secret@/x?host={tmp_path}"), DataError, "database 'x'"),
    ):
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(error, match=words) as told:
                async with serving_worker(OPEN, broken):
                    pass
        assert "secret" not in str(told.value)
        assert "secret" not in repr(broken)


def test_one_process_with_sqlite_imports_neither_nats_nor_psycopg() -> None:
    code = (
        "import sys, ohmstead.ocpp.central.system, ohmstead.ocpp.central.store; "
        "sys.exit(any(name in sys.modules for name in ('nats', 'psycopg')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=PATIENCE_S).returncode == 0


def test_what_is_told_of_a_charger_survives_the_wire() -> None:
    (sample,) = parse_meter_values(
        [
            {
                "timestamp": "2026-06-01T12:30:00Z",
                "sampledValue": [
                    {"value": "4000"},
                    {"value": "16", "measurand": "Current.Import", "phase": "L1"},
                    {"value": "50", "measurand": "SoC"},
                ],
            }
        ]
    )
    connector = Connector(id=1, status=ConnectorStatus.CHARGING, sample=sample, sampled_at=sample.at)
    known = Charger(identity="ä", connectors={1: connector})
    state = State(worker="one", action="MeterValues", charger=known)
    assert msgspec.json.decode(msgspec.json.encode(state), type=State) == state
