"""What becomes of a message whose commit fails."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from ohmstead.ocpp.central.store_port import StaleClaim
from tests.ocpp.central.serving import NOON, charger, serving


async def test_a_message_of_an_older_connection_is_not_answered_and_holds_nobody_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stale(*_: object) -> asyncio.Future[Any]:
        kept: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        kept.set_exception(StaleClaim("there is a newer connection"))
        return kept

    async with asyncio.timeout(60.0), serving(tmp_path) as central:
        async with await charger(central, boot=True) as old:
            with monkeypatch.context() as broken:
                broken.setattr(type(central.store), "commit", stale)
                with pytest.raises(ConnectionClosed):
                    await old.start(at=NOON)
        async with await charger(central, boot=True) as new:
            assert await new.start(at=NOON) > 0
