"""What rooms and floors remember, in the recorder's state; written soon after it changed."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Mapping
from typing import Any

import structlog

from ohmstead.errors import DataError
from ohmstead.recorder import Recorder

log = structlog.get_logger(__name__)

AGAIN_S = 5.0
"""A disk that refuses is asked again after this time."""


class HeatingStore:
    """Keeps the newest value of each key until it is on the disk; putting never waits."""

    def __init__(self, recorder: Recorder) -> None:
        """Nothing is read or written yet."""
        self._recorder = recorder
        self._waiting: dict[str, bytes] = {}
        self._put = asyncio.Event()
        self._closing = asyncio.Event()
        self.error: str | None = None
        """Why the newest values are not on the disk; ``None`` where they are."""

    def load(self, key: str) -> dict[str, Any] | None:
        """The value stored last; ``None`` where there is none to use."""
        blob = self._recorder.load_state(key)
        if blob is None:
            return None
        try:
            data = json.loads(blob)
        except ValueError as error:
            log.warning("state_not_resumed", kind=key, error=str(error))
            return None
        return data if isinstance(data, dict) else None

    def put(self, key: str, data: Mapping[str, Any]) -> None:
        """Have a value written soon."""
        self._waiting[key] = json.dumps(data).encode()
        self._put.set()

    async def run(self) -> None:
        """Write what is put, until it is closed; not to be cancelled, or two writes might overtake."""
        while not self._closing.is_set():
            await self._put.wait()
            self._put.clear()
            if not await self._write_out() and not self._closing.is_set():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(AGAIN_S):
                        await self._closing.wait()
                self._put.set()
        await self._write_out()

    def close(self) -> None:
        """Have :meth:`run` write what waits, and end."""
        self._closing.set()
        self._put.set()

    async def _write_out(self) -> bool:
        """Write all that waits; whether it is on the disk."""
        while self._waiting:
            key, blob = next(iter(self._waiting.items()))
            try:
                await asyncio.to_thread(self._recorder.save_state, key, blob)
            except DataError as error:
                if self.error is None:
                    log.warning("heating_not_stored", error=str(error))
                self.error = str(error)
                return False
            if self._waiting.get(key) is blob:
                del self._waiting[key]
        self.error = None
        return True
