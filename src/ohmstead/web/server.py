"""Run the application on a socket, inside the daemon's own event loop."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from ohmstead.errors import ConfigError
from ohmstead.web.security import is_loopback

GRACE_S = 2


class _Server(uvicorn.Server):
    """Leaves signals to the daemon, and ends live streams so that a shutdown need not wait."""

    def __init__(self, config: uvicorn.Config, on_started: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_started = on_started

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        app = self.config.app
        if isinstance(app, FastAPI):
            app.state.closing.set()
        await super().shutdown(sockets)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one.

    Raises:
        ConfigError: the address cannot be used; the message names the option that changes it.
    """
    try:
        infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (socket.gaierror, OverflowError) as error:
        raise ConfigError(
            f"web host: {host!r} is not an address of this computer ({error}); change --host"
        ) from error
    family, kind, protocol, _, address = min(infos, key=lambda info: info[0] != socket.AF_INET)
    sock = socket.socket(family, kind, protocol)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        sock.listen(128)
        sock.setblocking(False)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                f"web port: {port} on {host} is in use by another program; choose another one with --port"
            ) from error
        if error.errno == errno.EACCES:
            raise ConfigError(
                f"web port: {port} is reserved for the system; choose one from 1024 on with --port"
            ) from error
        raise ConfigError(
            f"web host: cannot listen on {host}:{port} ({error.strerror}); change --host"
        ) from error
    return sock


async def serve(
    app: FastAPI, host: str = "127.0.0.1", port: int = 8080, *, ready: Callable[[str], None] | None = None
) -> None:
    """Serve until the task is cancelled; then end streams and close cleanly.

    Args:
        app: made by :func:`ohmstead.web.app.create_app`.
        host: address to listen on; beyond this computer only with a token.
        port: TCP port, 0 for a free one.
        ready: called with the URL once connections are accepted.

    Raises:
        ConfigError: the port is in use, the address is not ours, or a token is missing.
    """
    if not is_loopback(host) and not app.state.protected:
        raise ConfigError(
            f"web host: {host} can be reached from other computers, which needs an access token; "
            "set one with --token (or OHMSTEAD_WEB__TOKEN), or listen on 127.0.0.1 with --host"
        )
    sock = listen(host, port)
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )

    def announce() -> None:
        if ready is not None:
            shown = f"[{host}]" if ":" in host else host
            ready(f"http://{shown}:{sock.getsockname()[1]}/")

    server = _Server(config, announce)
    running = asyncio.create_task(server.serve(sockets=[sock]))
    try:
        await asyncio.shield(running)
    finally:
        server.should_exit = True
        await running
        sock.close()
