"""A central system made with The Mobility House's ``ocpp``: an independent reader of what we send."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from ocpp.messages import Call, CallResult, unpack
from ocpp.messages import validate_payload as validate
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

TIME = "2026-01-01T00:00:00Z"
Answer = Callable[[dict[str, Any]], "dict[str, Any] | None"]


@dataclass
class Booked:
    """A transaction as the central system has it."""

    transaction_id: int
    start: dict[str, Any]
    meter: list[dict[str, Any]] = field(default_factory=list)
    stop: dict[str, Any] | None = None


class Peer:
    """Answers as a central system must: always, removing repeats. Keeps every message in ``seen``."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.answers: list[tuple[str, dict[str, Any]]] = []
        self.booked: dict[tuple[Any, ...], Booked] = {}
        self.boot: dict[str, Any] = {"status": "Accepted", "currentTime": TIME, "interval": 300}
        self.tags: dict[str, dict[str, Any]] = {}
        self.override: dict[str, Answer] = {}
        self.mute: set[str] = set()
        self.refuse: dict[str, int] = {}
        """How often to answer an action with a CALLERROR."""
        self.errors: list[tuple[str, str]] = []
        self.connections: list[ServerConnection] = []
        self.port = 0
        self.validates = True
        """Judge what is sent here, too."""
        self.scheme = "ws"
        self._waiting: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._count = 0
        self._news = asyncio.Event()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}/ocpp"

    def actions(self) -> list[str]:
        return [action for action, _ in self.seen]

    def statuses(self, connector_id: int) -> list[str]:
        mine = [p for p in self.sent("StatusNotification") if p["connectorId"] == connector_id]
        return [payload["status"] for payload in mine]

    def sent(self, action: str) -> list[dict[str, Any]]:
        return [payload for seen, payload in self.seen if seen == action]

    async def until(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._news.clear()
            await self._news.wait()

    async def has(self, action: str, count: int = 1) -> list[dict[str, Any]]:
        await self.until(lambda: len(self.sent(action)) >= count)
        return self.sent(action)

    async def ask(self, action: str, payload: dict[str, Any] | None = None) -> dict[str, Any]:
        """Send a call on the newest connection; the answer is judged."""
        self._count += 1
        call = Call(f"peer-{self._count}", action, payload or {})
        await validate(call, ocpp_version="1.6")
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[call.unique_id] = future
        await self.connections[-1].send(call.to_json())
        answer = await future
        if "error" not in answer:
            await validate(CallResult(call.unique_id, answer, action=action), ocpp_version="1.6")
        return answer

    async def serve(self, websocket: ServerConnection) -> None:
        self.connections.append(websocket)
        self._news.set()
        with suppress(ConnectionClosed):
            async for text in websocket:
                await self._take(websocket, text)
        if websocket in self.connections:
            self.connections.remove(websocket)
        self._news.set()

    async def _take(self, websocket: ServerConnection, text: str | bytes) -> None:
        message = unpack(text)
        if not isinstance(message, Call):
            answer = message.payload if isinstance(message, CallResult) else {"error": message.error_code}
            if not isinstance(message, CallResult):
                self.errors.append((message.unique_id, message.error_code))
                self._news.set()
            future = self._waiting.pop(message.unique_id, None)
            if future is not None and not future.done():
                future.set_result(answer)
            return
        await validate(message, ocpp_version="1.6")
        self.seen.append((message.action, message.payload))
        if self.refuse.get(message.action, 0) > 0:
            self.refuse[message.action] -= 1
            with suppress(ConnectionClosed):
                await websocket.send(f'[4,"{message.unique_id}","InternalError","not now",{{}}]')
            self._news.set()
            return
        answer = self._answer(message.action, message.payload)
        if answer is not None and message.action not in self.mute:
            result = CallResult(message.unique_id, answer, action=message.action)
            if self.validates:
                await validate(result, ocpp_version="1.6")
            with suppress(ConnectionClosed):  # what arrived before is still to be read
                await websocket.send(result.to_json())
        self._news.set()

    def _answer(self, action: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        if action in self.override:
            return self.override[action](payload)
        match action:
            case "BootNotification":
                return self.boot
            case "Heartbeat":
                return {"currentTime": TIME}
            case "Authorize":
                return {"idTagInfo": self._info(payload["idTag"])}
            case "StartTransaction":
                names = ("connectorId", "idTag", "meterStart", "timestamp")
                key = tuple(payload[name] for name in names)
                booked = self.booked.setdefault(key, Booked(100 + len(self.booked), payload))
                return {"transactionId": booked.transaction_id, "idTagInfo": self._info(payload["idTag"])}
            case "StopTransaction" | "MeterValues":
                for booked in self.booked.values():
                    if booked.transaction_id == payload.get("transactionId"):
                        if action == "StopTransaction":
                            booked.stop = payload
                        else:
                            booked.meter.append(payload)
                return {}
            case "DataTransfer":
                return {"status": "Accepted"}
            case "SignCertificate":
                return {"status": "Accepted"}
        return {}

    def _info(self, id_tag: str) -> dict[str, Any]:
        return self.tags.get(id_tag, {"status": "Accepted"})


@asynccontextmanager
async def peer(
    port: int = 0, timeout_s: float = 120.0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Peer]:
    central = Peer()
    central.scheme = "ws" if tls is None else "wss"
    async with (
        asyncio.timeout(timeout_s),
        serve(
            central.serve,
            "127.0.0.1",
            port,
            subprotocols=[Subprotocol("ocpp1.6")],
            compression=None,
            close_timeout=1,
            ssl=tls,
        ) as server,
    ):
        central.port = server.sockets[0].getsockname()[1]
        yield central
