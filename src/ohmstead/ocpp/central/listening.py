"""The WebSocket server of a central system: handshake and limits, before a word of OCPP is spoken."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus

import structlog
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response
from websockets.typing import Subprotocol

from ohmstead.errors import ConfigError, DataError
from ohmstead.ocpp.central.door import Door
from ohmstead.ocpp.central.gate import from_a_page
from ohmstead.ocpp.central.settings import CentralSettings, SecurityProfile
from ohmstead.ocpp.transport import CLOSE_TIMEOUT_S, MAX_MESSAGE_BYTES, SUBPROTOCOL

log = structlog.get_logger(__name__)

_QUIET = logging.getLogger("ohmstead.ocpp.websockets")
_QUIET.setLevel(logging.WARNING)
"""What comes and goes is logged by the central system, once."""

OPEN_TIMEOUT_S = 30.0
"""Longer than usual: after a power cut all passwords are checked at the same time."""

Serve = Callable[[ServerConnection], Awaitable[None]]


async def listen(settings: CentralSettings, door: Door, serve_one: Serve) -> Server:
    """A server that lets in whom the door admits.

    Raises:
        ConfigError: the address cannot be used, or TLS files cannot.
    """
    connections = 0

    async def serve_counted(websocket: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        try:
            await serve_one(websocket)
        finally:
            connections -= 1

    async def process_request(websocket: ServerConnection, request: Request) -> Response | None:
        if connections >= settings.max_chargers:
            return websocket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "too many charge points\n")
        return await _admitted(settings, door, websocket, request)

    try:
        return await serve(
            serve_counted,
            settings.host,
            settings.port,
            ssl=settings.tls(),
            process_request=process_request,
            select_subprotocol=_select_subprotocol,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            max_queue=4,
            open_timeout=OPEN_TIMEOUT_S,
            close_timeout=CLOSE_TIMEOUT_S,
            ping_interval=settings.ping_s,
            ping_timeout=settings.ping_s,
            server_header=None,
            logger=_QUIET,
        )
    except OSError as error:
        raise ConfigError(
            f"ocpp: cannot listen on host {settings.host}, port {settings.port}: "
            f"{error.strerror or error}; set another host or port there"
        ) from error


async def _admitted(
    settings: CentralSettings, door: Door, websocket: ServerConnection, request: Request
) -> Response | None:
    """The refusal of a request; ``None``: the handshake goes on."""
    if (_one(request, "Upgrade") or "").lower() != "websocket":
        return None  # refused by the library; nobody is written down for it
    open_to_all = settings.security_profile == SecurityProfile.NONE
    if open_to_all and from_a_page(_one(request, "Origin")):
        # Chargers have no pages; a page in a browser on this computer must not play a charger.
        return websocket.respond(HTTPStatus.FORBIDDEN, "not from a web page\n")
    tls = websocket.transport.get_extra_info("ssl_object")
    certificate = None if tls is None else tls.getpeercert()
    try:
        turned = await door.admit(request.path, _one(request, "Authorization"), certificate)
    except DataError as error:
        log.error("ocpp_store_failed", error=str(error))  # noqa: TRY400 - expected
        return websocket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "cannot be recorded now\n")
    if turned is None:
        return None
    log.warning("ocpp_refused", path=request.path[:100], status=int(turned.status), reason=turned.words)
    response = websocket.respond(turned.status, turned.words + "\n")
    if turned.status is HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = 'Basic realm="ocpp"'
    return response


def _one(request: Request, name: str) -> str | None:
    """A header that is there once."""
    found = request.headers.get_all(name)
    return found[0] if len(found) == 1 else None


def _select_subprotocol(_websocket: ServerConnection, offered: Sequence[Subprotocol]) -> Subprotocol | None:
    """Ours in the charger's own spelling; without it the handshake ends, and then the connection."""
    return next((name for name in offered if name.casefold() == SUBPROTOCOL), None)
