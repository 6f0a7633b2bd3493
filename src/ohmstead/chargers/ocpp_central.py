"""An OCPP central system in the fleet's own process, for virtual time: it lets every card charge."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ohmstead.chargers.ocpp_charger import id_prefixes
from ohmstead.chargers.virtual_time import LoopClock
from ohmstead.errors import DataError
from ohmstead.ocpp.central.committer import Committer, StoreError, Write
from ohmstead.ocpp.central.settings import CentralSettings, UnknownChargers
from ohmstead.ocpp.central.store import Store
from ohmstead.ocpp.central.system import CentralSystem

_MEMORY = Path("/dev/shm")  # noqa: S108 - nothing that is kept, and a disk would be waited for at each commit

_PING_S = 900.0
"""Both ends are one process: pings would be most of a day's messages and find nothing."""


def _memory() -> Path | None:
    return _MEMORY if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) else None


class _WritesAtOnce(Committer):
    """Writes in the event loop's own thread: with another one, what comes first would be left to chance."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)

    def commit(self, write: Write, then: Callable[[], object] | None = None) -> asyncio.Future[Any]:
        """Write now; the future is done in the loop's next round."""
        kept: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            result = write(self._connection)
            self._connection.execute("COMMIT")
        except (sqlite3.Error, DataError) as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            words = error if isinstance(error, DataError) else StoreError(str(error))
            kept.set_exception(words)
        else:
            kept.get_loop().call_soon(_kept, kept, result, then)
        return kept

    def close(self) -> None:
        """Close."""
        self._connection.close()


def _kept(kept: asyncio.Future[Any], result: object, then: Callable[[], object] | None) -> None:
    if then is not None:
        then()
    if not kept.done():
        kept.set_result(result)


class _OwnStore(Store):
    """A store that is forgotten at the end."""

    def __init__(self, path: Path, *rest: Any) -> None:
        super().__init__(path, *rest)
        self._committer.close()
        self._committer = _WritesAtOnce(path)


@asynccontextmanager
async def own_central(clock: LoopClock, max_chargers: int, seed: int = 1) -> AsyncIterator[CentralSystem]:
    """Listen on the loopback; chargers and sessions are forgotten at the end.

    Args:
        seed: of the ids of its messages.

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
        store = _OwnStore.open(settings.database)
        try:
            async with CentralSystem(settings, store, clock=clock) as central:
                central.id_prefix = id_prefixes(random.Random(f"{seed}/central"))
                yield central
        finally:
            store.close()
