"""A central system of the ``ocpp`` library, as its documentation shows it, without permessage-deflate."""

from __future__ import annotations

import asyncio
import itertools
import resource
import sys
from typing import Any

import websockets
from ocpp.routing import on
from ocpp.v16 import ChargePoint, call_result
from ocpp.v16.enums import Action, AuthorizationStatus, RegistrationStatus
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.ocpp_ends.load import AT

TRANSACTIONS = itertools.count(1)


class PeerPoint(ChargePoint):
    """What it knows of one charge point."""

    @on(Action.boot_notification)
    def on_boot(self, **_: Any) -> call_result.BootNotification:
        """Accept it."""
        return call_result.BootNotification(current_time=AT, interval=300, status=RegistrationStatus.accepted)

    @on(Action.start_transaction)
    def on_start(self, **_: Any) -> call_result.StartTransaction:
        """Number it."""
        accepted = {"status": AuthorizationStatus.accepted}
        return call_result.StartTransaction(transaction_id=next(TRANSACTIONS), id_tag_info=accepted)

    @on(Action.heartbeat)
    def on_heartbeat(self) -> call_result.Heartbeat:
        """Tell the time."""
        return call_result.Heartbeat(current_time=AT)

    @on(Action.meter_values)
    def on_meter_values(self, **_: Any) -> call_result.MeterValues:
        """Take note."""
        return call_result.MeterValues()


async def connected(connection: ServerConnection) -> None:
    """One charge point until it goes."""
    assert connection.request is not None
    point = PeerPoint(connection.request.path.strip("/").rpartition("/")[2], connection)
    try:
        await point.start()
    except websockets.ConnectionClosed:
        return


async def main() -> None:
    """Listen on a free port of the loopback and say which."""
    nofile = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, nofile))
    async with serve(
        connected,
        "127.0.0.1",
        0,
        subprotocols=[websockets.Subprotocol("ocpp1.6")],
        compression=None,
        ping_interval=None,
        backlog=4096,
    ) as server:
        print(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp", flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())
