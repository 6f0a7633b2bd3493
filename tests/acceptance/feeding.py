"""A lived-in house whose prices come as in ``ohmstead run``: by configuration, from a server, cached."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ohmstead.core.record import CycleRecord
from ohmstead.daemon.config.loading import parse_config
from ohmstead.daemon.feeds import HomeFeeds
from ohmstead.daemon.service import TARIFF_EVERY_S
from ohmstead.simulator.house import House
from ohmstead.sources import HttpClient
from tests.acceptance.living import Life, lived_in

LOOK = timedelta(seconds=TARIFF_EVERY_S)
"""As often the service looks whether there are new prices."""


@dataclass
class Fed:
    """A life and what feeds it."""

    life: Life
    feeds: HomeFeeds

    async def run(self, duration: timedelta, *, every_s: float = 60.0) -> list[CycleRecord]:
        """Let simulated time pass; the sources are asked on the way."""
        found: list[CycleRecord] = []
        end = self.life.clock.now() + duration
        while (now := self.life.clock.now()) < end:
            await self.feeds.tariff.refresh(now)
            self.life.engine.set_tariff(self.feeds.tariff_now(now))
            found += await self.life.run(min(LOOK, end - now), every_s=every_s)
        return found

    async def scores(self, at: datetime) -> list[dict[str, Any]]:
        """The price slots of the local day of a moment, as a nymea client is told."""
        asked = {"date": int(at.timestamp())}
        told = await self.life.client.call("EnergyPlugin.GetSpotMarketScoreEntries", asked)
        entries: list[dict[str, Any]] = told["spotMarketScoreEntries"]
        return entries

    def warnings(self) -> list[str]:
        """What the people are told about their prices."""
        return [w.message for w in self.feeds.warnings(self.life.clock.now())]


@contextlib.asynccontextmanager
async def fed(house: House, folder: Path, tariff: str) -> AsyncIterator[Fed]:
    """A house under the section ``tariff`` of a configuration; the cache of its prices is in ``folder``."""
    text = (
        "site: {latitude_deg: 48.2, longitude_deg: 16.4, timezone: Europe/Vienna}\n"
        "meter: {adapter: simulated}\n"
        "assets: [{kind: pv, id: pv, peak_w: 5000, device: {adapter: simulated}}]\n"
        "weather: {provider: none}\n"
        f"tariff: {tariff}\n"
    )
    config = parse_config(text, folder / "home.yaml")
    async with HttpClient(attempts=1, pause_s=0.01) as http, lived_in(house, folder) as life:
        it = Fed(life, HomeFeeds(config, http, folder))
        await it.run(timedelta(minutes=1))
        yield it
