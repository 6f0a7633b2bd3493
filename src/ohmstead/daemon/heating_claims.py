"""Which rooms of Home Assistant may be regulated here: those that nobody in there regulates already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import structlog

from ohmstead.daemon.config.heating import HeatingSettings, RoomAdapter
from ohmstead.devices.home_assistant_heating import regulated_elsewhere
from ohmstead.devices.home_assistant_link import HomeAssistantLink
from ohmstead.errors import DeviceError

log = structlog.get_logger(__name__)

FLOORS = "heating.floors"
LOOK_AGAIN_S = 600.0
ASK_AGAIN_S = 1.0
"""While Home Assistant does not answer; the line itself backs off."""


class Claims:
    """Looks before anything is commanded, and again every ten minutes.

    Args:
        driven: the thermostats that each room, or the floors together, give orders to.
    """

    def __init__(self, link: HomeAssistantLink, driven: Mapping[str, tuple[str, ...]]) -> None:
        """Nothing is known yet."""
        self._link = link
        self._driven = driven
        self._looked = asyncio.Event()
        self.refused: dict[str, str] = {}
        """Rooms that are not regulated here, and why."""

    async def granted(self, name: str) -> bool:
        """Whether a room may be regulated here; waits for Home Assistant where it is one of its rooms."""
        if name in self._driven:
            await self._looked.wait()
        return name not in self.refused

    async def run(self, revoke: Callable[[str], None]) -> None:
        """Look until cancelled; ``revoke`` is told of each room that is to be let go."""
        while True:
            try:
                for name in await self._look():
                    revoke(name)
                self._looked.set()
                await asyncio.sleep(LOOK_AGAIN_S)
            except DeviceError:
                await asyncio.sleep(ASK_AGAIN_S)

    async def _look(self) -> list[str]:
        """The rooms that are refused from now on."""
        found: dict[str, str] = {}
        if await self._link.temperature_unit() != "°C":
            words = "Home Assistant shows thermostats in °F; set its unit system to metric"
            found = dict.fromkeys(self._driven, words)
        taken = await regulated_elsewhere(self._link, [e for ids in self._driven.values() for e in ids])
        for name, entities in self._driven.items():
            both = [f"{entity} ({taken[entity]})" for entity in entities if entity in taken]
            if both:
                found[name] = f"{', '.join(both)} drives its thermostats too; remove one of the two"
        new = [name for name in found if name not in self.refused]
        for name in new:
            log.error("heating_refused", room=name, why=found[name])
        self.refused |= found
        return new


def driven_by(settings: HeatingSettings) -> dict[str, tuple[str, ...]]:
    """The thermostats of Home Assistant that each room, or the floors together, give orders to."""
    driven = {
        room.id: tuple(valve for valve in room.valves if valve not in room.left_alone)
        for room in settings.radiators
        if room.adapter is RoomAdapter.HOME_ASSISTANT
    }
    floors = settings.floors
    if floors is not None and floors.adapter is RoomAdapter.HOME_ASSISTANT:
        driven[FLOORS] = tuple(str(room.thermostat) for room in floors.rooms)
    return driven
