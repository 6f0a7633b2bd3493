"""A central system on a free port, and a charger that speaks raw frames to it."""

from __future__ import annotations

import asyncio
import base64
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

from websockets.asyncio.client import ClientConnection, connect

from ohmstead.ocpp.central.accounting import MixAt, unknown_mix
from ohmstead.ocpp.central.settings import CentralSettings, UnknownChargers
from ohmstead.ocpp.central.store import Store
from ohmstead.ocpp.central.system import CentralSystem

PATIENCE_S = 30.0
"""Far above what anything here takes."""
OPEN = CentralSettings(port=0, unknown_chargers=UnknownChargers.ACCEPT)
BOOT = {"chargePointVendor": "Ohmstead", "chargePointModel": "Test"}
NOON = "2026-06-01T12:00:00Z"


@asynccontextmanager
async def serving(
    path: Path, settings: CentralSettings = OPEN, mix: MixAt = unknown_mix
) -> AsyncIterator[CentralSystem]:
    """A central system with its database at a path."""
    store = Store.open(path / "ocpp.db")
    try:
        async with CentralSystem(replace(settings, port=0), store, mix=mix) as central:
            yield central
    finally:
        store.close()


@dataclass
class RawCharger:
    """A charger without any library: it sends frames and shows what comes back."""

    websocket: ClientConnection
    calls: list[list[Any]] = field(default_factory=list)
    """What the central system asked meanwhile."""
    count: int = 0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.websocket.close()

    async def send(self, frame: object) -> None:
        """A frame as it is."""
        await self.websocket.send(frame if isinstance(frame, str) else json.dumps(frame))

    async def receive(self) -> list[Any]:
        """The next frame."""
        async with asyncio.timeout(PATIENCE_S):
            frame: list[Any] = json.loads(await self.websocket.recv())
        return frame

    async def ask(self, action: str, payload: dict[str, Any], message_id: str | None = None) -> list[Any]:
        """The frame that answers a call; calls that come before it are kept."""
        self.count += 1
        message_id = message_id or f"m{self.count}"
        await self.send([2, message_id, action, payload])
        while True:
            frame = await self.receive()
            if frame[0] == 2:
                self.calls.append(frame)
            elif frame[1] == message_id:
                return frame

    async def told(self, action: str, payload: dict[str, Any]) -> dict[str, Any]:
        """The payload of the answer, which must be one."""
        frame = await self.ask(action, payload)
        assert frame[0] == 3, frame
        answer: dict[str, Any] = frame[2]
        return answer

    async def start(self, connector: int = 1, *, tag: str = "CARD", wh: int = 1000, at: str = NOON) -> int:
        """Begin a transaction; its number."""
        payload = {"connectorId": connector, "idTag": tag, "meterStart": wh, "timestamp": at}
        number: int = (await self.told("StartTransaction", payload))["transactionId"]
        return number

    async def stop(self, number: int, *, wh: int, at: str = "2026-06-01T13:00:00Z") -> dict[str, Any]:
        """End a transaction."""
        return await self.told("StopTransaction", {"transactionId": number, "meterStop": wh, "timestamp": at})


async def charger(
    central: CentralSystem,
    identity: str = "CP1",
    *,
    password: bytes | None = None,
    tls: ssl.SSLContext | None = None,
    subprotocols: list[str] | None = None,
    boot: bool = False,
) -> RawCharger:
    """Connect a charger."""
    headers = {}
    if password is not None:
        credentials = base64.b64encode(identity.encode() + b":" + password).decode()
        headers["Authorization"] = f"Basic {credentials}"
    websocket = await connect(
        f"{central.url}/{identity}",
        subprotocols=["ocpp1.6"] if subprotocols is None else subprotocols or None,  # type: ignore[list-item, arg-type]
        additional_headers=headers,
        compression=None,
        ssl=tls,
        proxy=None,
    )
    found = RawCharger(websocket)
    if boot:
        await found.told("BootNotification", BOOT)
    return found


async def until(look: Any) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(PATIENCE_S):
        while not look():  # noqa: ASYNC110 - what is looked at has no event
            await asyncio.sleep(0.005)
