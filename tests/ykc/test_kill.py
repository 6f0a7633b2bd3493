"""A pile that is killed with SIGKILL while it charges, starts, stops or delivers a bill."""

from __future__ import annotations

import asyncio
import random
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ohmstead.errors import DeviceError
from ohmstead.ykc.billing import flat_tariff
from ohmstead.ykc.pile.store import PileStore
from ohmstead.ykc.platform.records import BillStore
from ohmstead.ykc.platform.server import PlatformServer
from ohmstead.ykc.platform.session import PileEntry
from ohmstead.ykc.quirks import Quirks
from tests.ykc.killed_pile import PILE

KILLS = 12


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60.0):
        while not condition():  # noqa: ASYNC110 - what is waited for happens in another process
            await asyncio.sleep(0.002)


@pytest.mark.slow
async def test_every_accepted_order_is_billed_once(tmp_path: Path) -> None:
    rng = random.Random(3)
    bills = BillStore(tmp_path / "bills")
    server = PlatformServer({PILE: PileEntry(quirks=Quirks(), tariff=flat_tariff("0100", 1.0))}, bills)
    port = await server.listen("127.0.0.1", 0)
    accepted: set[str] = set()
    tried = lives = 0
    try:
        while (lives := lives + 1) <= KILLS or len(accepted) <= KILLS:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "tests.ykc.killed_pile", str(port), str(tmp_path / "pile")
            )
            try:
                await until(lambda: server.online == (PILE,))
                await until(lambda: "01" in server.session(PILE).realtime)
                deadline = asyncio.get_running_loop().time() + rng.uniform(0.0, 0.2)
                async with asyncio.timeout_at(deadline):
                    while True:
                        tried += 1
                        accepted.add(await server.start(PILE, "01", balance_yuan=1e6))
                        await asyncio.sleep(rng.uniform(0.0, 0.05))
                        await server.stop(PILE, "01")
                        await asyncio.sleep(0.005)
            except (DeviceError, TimeoutError):
                pass
            finally:
                process.send_signal(signal.SIGKILL)
                await process.wait()
            await until(lambda: server.online == ())
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.ykc.killed_pile", str(port), str(tmp_path / "pile")
        )
        await until(lambda: server.online == (PILE,))
        await until(lambda: accepted <= {bill.serial for bill in bills.bills()})
        process.send_signal(signal.SIGKILL)
        await process.wait()
        billed = [bill.serial for bill in bills.bills()]
    finally:
        await server.close()
        bills.close()
    assert len(billed) == len(set(billed))
    assert len(billed) <= tried
    store = PileStore(tmp_path / "pile")
    assert store.open_orders(PILE) == []
    store.close()
