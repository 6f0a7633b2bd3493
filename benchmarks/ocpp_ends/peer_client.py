"""Charge points of the ``ocpp`` library, as its documentation shows them, without permessage-deflate."""

from __future__ import annotations

import asyncio
from typing import Any

import websockets
from ocpp.messages import ASYNC_VALIDATION
from ocpp.v16 import ChargePoint, call

from benchmarks.ocpp_ends.load import AT, TAG, Meter, main


class PeerCharger:
    """One of them."""

    def __init__(self, connection: Any, identity: str) -> None:
        self._connection = connection
        self._point = ChargePoint(identity, connection, response_timeout=120)
        self._reading = asyncio.create_task(self._read())
        self._meter = Meter()
        self._transaction = 0

    async def _read(self) -> None:
        try:
            await self._point.start()
        except websockets.ConnectionClosed:
            return

    async def boot(self) -> None:
        """BootNotification and StartTransaction, answered."""
        await self.register()
        await self.start()

    async def register(self) -> None:
        """BootNotification, answered."""
        answer = await self._point.call(
            call.BootNotification(charge_point_model="Bench", charge_point_vendor="Peer"), suppress=False
        )
        assert answer.status == "Accepted"

    async def begin(self) -> None:
        """What a charger says when somebody begins to charge, all answered."""
        await self._status("Preparing")
        await self._point.call(call.Authorize(id_tag=TAG), suppress=False)
        await self.start()
        await self._status("Charging")

    async def _status(self, status: str) -> None:
        message = call.StatusNotification(connector_id=1, error_code="NoError", status=status)
        await self._point.call(message, suppress=False)

    async def start(self) -> None:
        """StartTransaction, answered."""
        started = await self._point.call(
            call.StartTransaction(connector_id=1, id_tag=TAG, meter_start=0, timestamp=AT), suppress=False
        )
        self._transaction = started.transaction_id

    async def send(self, action: str) -> None:
        """A Heartbeat or MeterValues, answered."""
        message: Any = call.Heartbeat()
        if action == "MeterValues":
            at, values = self._meter.read()
            message = call.MeterValues(
                connector_id=1,
                transaction_id=self._transaction,
                meter_value=[{"timestamp": at, "sampled_value": values}],
            )
        await self._point.call(message, suppress=False)

    async def close(self) -> None:
        """End the connection."""
        self._reading.cancel()


async def open_charger(url: str, identity: str) -> PeerCharger:
    """Connect."""
    connection = await websockets.connect(
        url,
        subprotocols=[websockets.Subprotocol("ocpp1.6")],
        compression=None,
        open_timeout=120,
        ping_interval=None,
    )
    return PeerCharger(connection, identity)


if __name__ == "__main__":
    assert ASYNC_VALIDATION  # the default of the library
    main(open_charger)
