"""Heated homes for tests: the daemon's host on a clock and a history of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from zoneinfo import ZoneInfo

from ohmstead.core.state import MISSING
from ohmstead.daemon.clock import Clock
from ohmstead.daemon.config.heating import HeatingSettings
from ohmstead.daemon.heating_host import HeatingHost
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.recorder import Recorder

WARSAW = ZoneInfo("Europe/Warsaw")


@asynccontextmanager
async def heated(
    settings: HeatingSettings,
    path: Path,
    clock: Clock,
    *,
    link: HomeAssistantLink | None = None,
    dry_run: bool = False,
) -> AsyncIterator[HeatingHost]:
    """Rooms and floors that are regulated for as long as the block lasts."""
    with Recorder.open(path) as recorder:
        host = HeatingHost(
            settings,
            clock=clock,
            zone=WARSAW,
            recorder=recorder,
            link=link,
            outdoor_c=lambda _: MISSING,
            dry_run=dry_run,
        )
        async with host.running():
            yield host
