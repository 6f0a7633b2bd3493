"""What a central system offers to the web: one protocol, called on the event loop unless said otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ohmstead.web.ocpp_schema import (
    ChargerEvent,
    ChargerInfo,
    ChargingSession,
    CurvePoint,
    NewPassword,
    PasswordAnswer,
    TagInfo,
)


class OcppView(Protocol):
    """Chargers, sessions and tags."""

    def operations(self) -> Mapping[str, Mapping[str, Any]]:
        """The actions that may be asked of a charger, each with the JSON schema of its payload."""
        ...

    def chargers(self) -> list[ChargerInfo]:
        """All chargers, by identity."""
        ...

    def charger(self, identity: str) -> ChargerInfo | None:
        """One charger."""
        ...

    async def operate(self, identity: str, action: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Ask a charger; the payload of its answer.

        Raises:
            DataError: the payload does not follow the schema.
            DeviceOffline: the charger is not connected.
            DeviceError: it refused with an error, or did not answer in time.
        """
        ...

    async def adopt(self, identity: str) -> None:
        """Make a held charger one of ours; it is known."""
        ...

    async def forget(self, identity: str) -> bool:
        """Forget a charger; False where it is not known."""
        ...

    async def set_password(self, identity: str, wish: NewPassword) -> PasswordAnswer:
        """Give a charger a password; it is known.

        Raises:
            ConfigError: the password cannot be one.
            DeviceError: it was to be sent, and the charger did not take it.
        """
        ...

    def events(self, identity: str, limit: int) -> list[ChargerEvent]:
        """What happened at a charger, newest first. Called from worker threads."""
        ...

    def sessions(self, limit: int, before_id: int | None, identity: str | None) -> list[ChargingSession]:
        """Transactions, newest first. Called from worker threads."""
        ...

    def curve(self, session_id: int, points: int) -> list[CurvePoint]:
        """What was measured in a transaction, by time, in at most so many points (at least 2).

        Called from worker threads.
        """
        ...

    def tags(self) -> list[TagInfo]:
        """All tags. Called from worker threads."""
        ...

    async def put_tag(self, tag: TagInfo) -> None:
        """List a tag, or change it."""
        ...

    async def remove_tag(self, id_tag: str) -> bool:
        """Take a tag off the list; False where it is not on it."""
        ...
