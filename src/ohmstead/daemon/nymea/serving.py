"""The server around a running home: who it is, where it listens, what it keeps."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime
from pathlib import Path

import structlog

from ohmstead.core.engine import Engine
from ohmstead.daemon.nymea.host import STATE, NymeaHost
from ohmstead.daemon.nymea.settings import NymeaSettings
from ohmstead.daemon.nymea.wishes import resume_wishes, store_wishes
from ohmstead.nymea.namespaces.jsonrpc import ServerIdentity
from ohmstead.nymea.schema import braced
from ohmstead.nymea.server import NymeaServer
from ohmstead.nymea.tls import server_context
from ohmstead.nymea.users import UserStore
from ohmstead.recorder import Recorder

log = structlog.get_logger(__name__)

SERVER_STATE = "nymea_server"
"""Key under which the server's own id is stored."""
USERS_FILE = "nymea-users.json"
LOOPBACK = "127.0.0.1"

Ports = dict[str, int]
"""The port of each listener, by its name in the settings."""


def nymea_host(
    settings: NymeaSettings, engine: Engine, recorder: Recorder, now: Callable[[], datetime]
) -> NymeaHost:
    """The home behind the port, resumed from the history; the engine takes up what was asked of it."""
    resume_wishes(engine, recorder)
    host = NymeaHost(
        engine,
        now=now,
        manual_hold_s=settings.manual_hold_s,
        stored=recorder.load_state(STATE),
        keep=lambda states: store_wishes(engine, recorder, states),
    )
    if settings.enabled:
        host.seed(recorder)
    return host


@contextlib.asynccontextmanager
async def nymea_served(
    settings: NymeaSettings, host: NymeaHost, recorder: Recorder, *, name: str, folder: Path
) -> AsyncIterator[Ports]:
    """Serve a home. A port that is taken is told in the log; the home runs on without it.

    Args:
        name: of the server, as clients show it.
        folder: where users and the certificate are kept.

    Raises:
        ConfigError: the certificate cannot be used.
        DataError: the file of users cannot be used.
    """
    if not settings.enabled:
        host.watched = lambda: False
        yield {}
        return
    users = UserStore(folder / USERS_FILE) if settings.exposed else UserStore()
    server = NymeaServer(host, ServerIdentity(name=name, uuid=_uuid(recorder)), users=users, now=host.now)
    host.watched = lambda: bool(server.hub.connections)
    ports: Ports = {}

    async def listen(key: str, listening: Awaitable[int]) -> None:
        try:
            ports[key] = await listening
        except OSError as error:
            log.warning("nymea_not_listening", listener=key, port=getattr(settings, key), error=str(error))

    try:
        await listen("tcp_port", server.listen_tcp(LOOPBACK, settings.tcp_port))
        await listen("websocket_port", server.listen_websocket(LOOPBACK, settings.websocket_port))
        if settings.exposed:
            if users.empty:
                log.warning("nymea_without_users", hint="the first client creates the first user")
            tls = server_context(folder, name)
            where = settings.host
            await listen("tls_port", server.listen_tcp(where, settings.tls_port, tls=tls, authenticate=True))
            await listen(
                "tls_websocket_port",
                server.listen_websocket(where, settings.tls_websocket_port, tls=tls, authenticate=True),
            )
        log.info("nymea_listening", **ports)
        yield ports
    finally:
        await server.close()


def _uuid(recorder: Recorder) -> str:
    """The server's own id: made once, as clients keep their connections under it."""
    stored = recorder.load_state(SERVER_STATE)
    if stored is None:
        stored = braced(uuid.uuid4()).encode()
        recorder.save_state(SERVER_STATE, stored)
    return stored.decode()
