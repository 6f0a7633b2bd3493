"""A central system in a process of its own, to be killed: ``python -m … DATABASE``; prints its address."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from pathlib import Path

from ohmstead.daemon.event_loop import run_serving
from ohmstead.ocpp.central.store import Store
from ohmstead.ocpp.central.system import CentralSystem
from tests.ocpp.central.serving import OPEN


async def main(database: Path) -> None:
    """Serve until killed."""
    async with CentralSystem(replace(OPEN, port=0), Store.open(database)) as central:
        sys.stdout.write(f"{central.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    run_serving(main(Path(sys.argv[1])))
