"""One worker of a central system that has several: the store, the peers and the server, put together."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ohmstead.ocpp.central.accounting import MixAt, unknown_mix
from ohmstead.ocpp.central.settings import CentralSettings
from ohmstead.ocpp.central.system import CentralSystem
from ohmstead.ocpp.clock import Clock
from ohmstead.ocpp.cluster.nats_broker import NatsBroker
from ohmstead.ocpp.cluster.nats_peers import NatsPeers
from ohmstead.ocpp.cluster.postgres_store import PostgresStore
from ohmstead.ocpp.cluster.settings import ClusterSettings


def worker_name() -> str:
    """A name that no other worker has, and by which a person finds the process."""
    host = "".join(letter if letter.isalnum() else "-" for letter in socket.gethostname().partition(".")[0])
    return f"{host or 'worker'}-{os.getpid()}-{secrets.token_hex(3)}"


@asynccontextmanager
async def serving_worker(
    settings: CentralSettings,
    cluster: ClusterSettings,
    *,
    clock: Clock | None = None,
    mix: MixAt = unknown_mix,
    name: str | None = None,
) -> AsyncIterator[CentralSystem]:
    """Serve chargers together with the other workers.

    Raises:
        ConfigError: a setting cannot be; the address cannot be listened on.
        DataError: the database cannot be used.
        SourceError: the broker cannot be reached.
    """
    broker = NatsBroker(cluster.broker, name or worker_name(), cluster.lease_s, cluster.connect_s)
    store = await PostgresStore.open(cluster.database)
    try:
        peers = NatsPeers(broker, store.reload, lease_s=cluster.lease_s, clock=clock)
        central = CentralSystem(settings, store, clock=clock, mix=mix, peers=peers)
        await peers.join(central)
        try:
            async with central:
                yield central
        finally:
            await peers.leave()
    finally:
        await store.close()
