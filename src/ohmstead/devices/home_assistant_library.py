"""The library that speaks to Home Assistant (hass-client), and its answers and errors as ours."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from ohmstead.errors import ConfigError, DeviceError, DeviceOffline

CALL_S = 10.0


@dataclass(frozen=True, kw_only=True, slots=True)
class ServiceCall:
    """A service of one entity, or of none, as ``number.set_value`` with its data."""

    service: str
    entity_id: str | None
    data: Mapping[str, Any]

    def __str__(self) -> str:
        """As a person would write it."""
        given = ", ".join(f"{k}: {v}" for k, v in self.data.items())
        name = self.service if self.entity_id is None else f"{self.service} {self.entity_id}"
        return f"{name} ({given})" if given else name


def load_library() -> ModuleType:
    """The library that speaks to Home Assistant.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import hass_client  # noqa: PLC0415 - an extra; most homes do without
    except ImportError as error:
        raise ConfigError(
            "home_assistant: needs the library hass-client, which is not installed; "
            "run: pip install 'ohmstead[home-assistant]'"
        ) from error
    library: ModuleType = hass_client
    return library


async def answered(library: ModuleType, asking: Any, *, what: str, url: str) -> Any:
    """The answer to one command.

    The library cancels what waits for an answer when its connection ends, which must not look like a
    cancellation of whoever asked.

    Raises:
        DeviceOffline: no answer.
        DeviceError: Home Assistant refused.
    """
    task: asyncio.Future[Any] = asyncio.ensure_future(asking)
    try:
        done, _ = await asyncio.wait({task}, timeout=CALL_S)
    finally:
        if not task.done():
            task.cancel()
    if not done:
        raise DeviceOffline(f"{what}: no answer from {url} within {CALL_S:g} s")
    if task.cancelled():
        raise DeviceOffline(f"{what}: the connection to {url} ended")
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, library.exceptions.FailedCommand):
        raise DeviceError(f"{what}: Home Assistant refused: {error}") from error
    raise DeviceOffline(f"{what}: {url} does not answer: {error!r}") from error
