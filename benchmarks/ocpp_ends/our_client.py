"""Charge points on our protocol core, every message judged on both sides."""

from __future__ import annotations

import asyncio

from benchmarks.ocpp_ends.load import AT, TAG, Meter, main
from ohmstead.ocpp.error_codes import ErrorCode
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.transport import Connection, Refusal, open_connection


def refuse(action: str, _: Payload) -> Payload:
    """Nothing is asked of these chargers."""
    raise Refusal(ErrorCode.NOT_SUPPORTED, action)


class OurCharger:
    """One of them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._reading = asyncio.create_task(connection.run())
        self._meter = Meter()
        self._transaction = 0

    async def boot(self) -> None:
        """BootNotification and StartTransaction, answered."""
        boot: Payload = {"chargePointModel": "Bench", "chargePointVendor": "Ohmstead"}
        answer = await self._connection.call("BootNotification", boot, timeout=120)
        assert answer["status"] == "Accepted", answer
        start: Payload = {"connectorId": 1, "idTag": TAG, "meterStart": 0, "timestamp": AT}
        self._transaction = (await self._connection.call("StartTransaction", start, timeout=120))[
            "transactionId"
        ]

    async def send(self, action: str) -> None:
        """A Heartbeat or MeterValues, answered."""
        payload: Payload = {}
        if action == "MeterValues":
            at, values = self._meter.read()
            payload = {
                "connectorId": 1,
                "transactionId": self._transaction,
                "meterValue": [{"timestamp": at, "sampledValue": values}],
            }
        await self._connection.call(action, payload, timeout=120)

    async def close(self) -> None:
        """End the connection."""
        self._reading.cancel()


async def open_charger(url: str, identity: str) -> OurCharger:
    """Connect."""
    return OurCharger(await open_connection(url, identity, refuse, open_timeout_s=120, ping_interval_s=None))


if __name__ == "__main__":
    main(open_charger)
