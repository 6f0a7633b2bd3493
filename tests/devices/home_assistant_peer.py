"""A peer that speaks Home Assistant's WebSocket API as far as the adapter does, and can fail on purpose.

The real one is in tools/check_home_assistant.sh; this one loses connections when it is told to.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

TOKEN = "long-lived-token-of-a-test"  # noqa: S105
OURS = "user-of-the-token"

Service = Callable[["Peer", str, dict[str, Any]], object]
"""What a service does to an entity; its result is the service's response."""


class Peer:
    """Entities, services and connections of one Home Assistant."""

    def __init__(self) -> None:
        self.states: dict[str, dict[str, Any]] = {}
        self.calls: list[tuple[str, str, dict[str, Any]]] = []
        self.services: dict[str, Service] = {}
        self.refused: set[str] = set()
        """Services that are answered with an error."""
        self.silent = False
        """Commands are not answered."""
        self.garbage = False
        """The greeting is not Home Assistant's."""
        self.token = TOKEN
        self.temperature_unit = "°C"
        self.greeted = 0
        self.server: Server | None = None
        self._port = 0
        self._sending: set[asyncio.Future[None]] = set()
        self._links: set[ServerConnection] = set()
        self._subscribers: dict[ServerConnection, tuple[int, set[str]]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def start(self) -> None:
        self.server = await serve(
            self._talk, "127.0.0.1", self._port, process_request=self._rest, compression=None
        )
        self._port = next(iter(self.server.sockets)).getsockname()[1]

    async def stop(self) -> None:
        """As a restart of Home Assistant does: all connections end, and nobody answers."""
        assert self.server is not None
        self.server.close()
        await self.server.wait_closed()
        self._subscribers.clear()

    async def drop(self) -> None:
        """Cut the lines without a goodbye; the next connection is taken at once."""
        for link in list(self._links):
            link.transport.abort()

    def set(
        self,
        entity_id: str,
        state: object,
        *,
        user: str | None = None,
        context: str | None = None,
        **more: Any,
    ) -> None:
        """An entity shows something, and all who follow it are told; ``more`` are attributes."""
        now = time.time()
        old = self.states.get(entity_id)
        attributes = {**(old["a"] if old else {}), **more}
        new = {
            "s": str(state),
            "a": attributes,
            "c": {"id": context or f"c{now}", "parent_id": None, "user_id": user},
            "lc": now if old is None or old["s"] != str(state) else old["lc"],
            "lu": now,
        }
        self.states[entity_id] = new
        event = {"a": {entity_id: new}} if old is None else {"c": {entity_id: {"+": new}}}
        self._tell(entity_id, event)

    def remove(self, entity_id: str) -> None:
        """An entity is gone."""
        del self.states[entity_id]
        self._tell(entity_id, {"r": [entity_id]})

    def _tell(self, entity_id: str, event: dict[str, Any]) -> None:
        for link, (number, wanted) in self._subscribers.items():
            if entity_id in wanted:
                message = {"id": number, "type": "event", "event": event}
                task = asyncio.ensure_future(_send(link, message))
                self._sending.add(task)
                task.add_done_callback(self._sending.discard)

    async def _talk(self, link: ServerConnection) -> None:
        self._links.add(link)
        try:
            await self._greet(link)
            async for raw in link:
                await self._answer(link, json.loads(raw))
        except ConnectionClosed:
            pass
        finally:
            self._links.discard(link)
            self._subscribers.pop(link, None)

    async def _greet(self, link: ServerConnection) -> None:
        if self.garbage:
            await link.send('"good day"')
            return
        await _send(link, {"type": "auth_required", "ha_version": "2026.10.4"})
        given = json.loads(await link.recv())
        if given.get("access_token") != self.token:
            await _send(link, {"type": "auth_invalid", "message": "Invalid access token or password"})
            await link.close()
            return
        self.greeted += 1
        await _send(link, {"type": "auth_ok", "ha_version": "2026.10.4"})

    async def _answer(self, link: ServerConnection, message: dict[str, Any]) -> None:
        number = message["id"]
        if self.silent:
            return
        if message["type"] == "subscribe_entities":
            wanted = set(message["entity_ids"])
            self._subscribers[link] = (number, wanted)
            await _send(link, {"id": number, "type": "result", "success": True, "result": None})
            known = {e: s for e, s in self.states.items() if e in wanted}
            await _send(link, {"id": number, "type": "event", "event": {"a": known}})
            return
        if message["type"] == "get_config":
            config = {"unit_system": {"temperature": self.temperature_unit}}
            await _send(link, {"id": number, "type": "result", "success": True, "result": config})
            return
        if message["type"] == "get_states":
            every = [_whole(entity_id, state) for entity_id, state in self.states.items()]
            await _send(link, {"id": number, "type": "result", "success": True, "result": every})
            return
        name = f"{message['domain']}.{message['service']}"
        entity_id = message.get("target", {}).get("entity_id", "")
        data = message.get("service_data", {})
        self.calls.append((name, entity_id, data))
        if name in self.refused:
            error = {"code": "service_validation_error", "message": "not in that range"}
            await _send(link, {"id": number, "type": "result", "success": False, "error": error})
            return
        service = self.services.get(name)
        response = None if service is None else service(self, entity_id, data)
        result = {"context": {"id": f"own{number}", "parent_id": None, "user_id": OURS}, "response": response}
        await _send(link, {"id": number, "type": "result", "success": True, "result": result})

    def _rest(self, _link: ServerConnection, request: Request) -> Response | None:
        prefix = "/api/states/"
        if not request.path.startswith(prefix):
            return None
        entity_id = request.path.removeprefix(prefix)
        state = self.states.get(entity_id)
        if request.headers.get("authorization") != f"Bearer {self.token}":
            return _http(HTTPStatus.UNAUTHORIZED, {})
        if state is None:
            return _http(HTTPStatus.NOT_FOUND, {})
        return _http(HTTPStatus.OK, _whole(entity_id, state))


async def _send(link: ServerConnection, message: dict[str, Any]) -> None:
    with suppress(ConnectionClosed):
        await link.send(json.dumps(message))


def _whole(entity_id: str, state: dict[str, Any]) -> dict[str, Any]:
    """A state as it is written in full; reported just now."""
    return {
        "entity_id": entity_id,
        "state": state["s"],
        "attributes": state["a"],
        "last_changed": _iso(state["lc"]),
        "last_updated": _iso(state["lu"]),
        "last_reported": _iso(time.time()),
        "context": state["c"],
    }


def _http(status: HTTPStatus, data: dict[str, Any]) -> Response:
    body = json.dumps(data).encode()
    headers = Headers({"content-type": "application/json", "content-length": str(len(body))})
    return Response(status.value, status.phrase, headers, body)


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat()


def set_value(peer: Peer, entity_id: str, data: dict[str, Any]) -> None:
    """``number.set_value`` of a well-behaved entity."""
    peer.set(entity_id, data["value"])


def set_temperature(peer: Peer, entity_id: str, data: dict[str, Any]) -> None:
    """``climate.set_temperature`` of a well-behaved thermostat."""
    state = peer.states[entity_id]["s"]
    peer.set(entity_id, data.get("hvac_mode", state), user=OURS, temperature=data["temperature"])


def set_hvac_mode(peer: Peer, entity_id: str, data: dict[str, Any]) -> None:
    """``climate.set_hvac_mode`` of a well-behaved thermostat."""
    peer.set(entity_id, data["hvac_mode"], user=OURS)


def turned(state: str) -> Service:
    """``turn_on`` or ``turn_off``."""
    return lambda peer, entity_id, _: peer.set(entity_id, state, user=OURS)


@asynccontextmanager
async def running_peer() -> AsyncIterator[Peer]:
    """A peer on a free port."""
    peer = Peer()
    await peer.start()
    try:
        yield peer
    finally:
        await peer.stop()
