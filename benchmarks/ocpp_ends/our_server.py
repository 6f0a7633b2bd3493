"""Our central system as it is run, its database included."""

from __future__ import annotations

import asyncio
import resource
import sys
import tempfile
from contextlib import closing
from pathlib import Path

from ohmstead.daemon.event_loop import run_serving
from ohmstead.daemon.logs import setup_logs
from ohmstead.ocpp.central.settings import CentralSettings, UnknownChargers
from ohmstead.ocpp.central.store import Store
from ohmstead.ocpp.central.system import CentralSystem


async def main() -> None:
    """Listen on a free port of the loopback and say which."""
    nofile = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (nofile, nofile))
    settings = CentralSettings(port=0, unknown_chargers=UnknownChargers.ACCEPT)
    with tempfile.TemporaryDirectory() as folder, closing(Store.open(Path(folder) / "ocpp.db")) as store:
        async with CentralSystem(settings, store) as system:
            print(system.url, flush=True)
            await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    setup_logs("warning")
    run_serving(main())
