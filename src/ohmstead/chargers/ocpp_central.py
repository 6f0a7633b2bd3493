"""An OCPP central system in the fleet's own process, for virtual time: it lets every card charge."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ohmstead.chargers.virtual_time import LoopClock
from ohmstead.ocpp.central.settings import CentralSettings, UnknownChargers
from ohmstead.ocpp.central.store import Store
from ohmstead.ocpp.central.system import CentralSystem

_MEMORY = Path("/dev/shm")  # noqa: S108 - nothing that is kept, and a disk would be waited for at each commit

_PING_S = 900.0
"""Both ends are one process: pings would be most of a day's messages and find nothing."""


def _memory() -> Path | None:
    return _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None


@asynccontextmanager
async def own_central(clock: LoopClock, max_chargers: int) -> AsyncIterator[CentralSystem]:
    """Listen on the loopback; chargers and sessions are forgotten at the end.

    Raises:
        ConfigError: nothing can be listened on.
    """
    with TemporaryDirectory(prefix="ohmstead-", dir=_memory()) as folder:
        settings = CentralSettings(
            port=0,
            unknown_chargers=UnknownChargers.ACCEPT,
            max_chargers=max_chargers,
            ping_s=_PING_S,
            database=Path(folder) / "ocpp.db",
        )
        store = Store.open(settings.database)
        try:
            async with CentralSystem(settings, store, clock=clock) as central:
                yield central
        finally:
            store.close()
