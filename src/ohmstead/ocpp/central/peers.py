"""Other workers of the same central system, as one worker sees them.

A charger is connected to one worker at a time; the store decides to which (its newest
:class:`~ohmstead.ocpp.central.store_port.Claim`). What is here only finds that worker and keeps lists up
to date: a worker that hears nothing of the others goes on serving its own chargers.
"""

from __future__ import annotations

from typing import Protocol

from ohmstead.errors import DeviceOffline
from ohmstead.ocpp.central.charger import Charger
from ohmstead.ocpp.central.store_port import Claim
from ohmstead.ocpp.frames import Payload


class Peers(Protocol):
    """The other workers. Methods that are no coroutines only take note and never fail."""

    def joined(self, claim: Claim) -> None:
        """A charger connected here."""
        ...

    def left(self, claim: Claim) -> None:
        """A charger's connection here ended."""
        ...

    def told(self, charger: Charger, action: str) -> None:
        """What is known of a charger changed here."""
        ...

    def forgotten(self, identity: str) -> None:
        """A charger was forgotten here."""
        ...

    def elsewhere(self, identity: str) -> bool:
        """Another worker has the charger's connection."""
        ...

    async def call(
        self,
        identity: str,
        action: str,
        payload: Payload,
        timeout: float | None,  # noqa: ASYNC109 - carried out by the other worker
        *,
        urgent: bool,
    ) -> Payload:
        """Let the worker that has the connection ask the charger.

        Raises:
            DeviceOffline: no worker has a connection, or that worker cannot be reached.
            CallFailed: the charger refused, or did not answer in time.
            SchemaError: the payload does not follow the schema; nothing was sent.
        """
        ...

    async def adopt(self, identity: str) -> bool:
        """Let the worker that has the connection adopt a charger.

        Returns:
            False where no worker has a connection (any more): it is to be adopted here.

        Raises:
            DeviceOffline: that worker cannot be reached.
        """
        ...


class Alone:
    """One process, no others."""

    def joined(self, claim: Claim) -> None:
        """Nobody to tell."""

    def left(self, claim: Claim) -> None:
        """Nobody to tell."""

    def told(self, charger: Charger, action: str) -> None:
        """Nobody to tell."""

    def forgotten(self, identity: str) -> None:
        """Nobody to tell."""

    def elsewhere(self, identity: str) -> bool:
        """There is no elsewhere."""
        del identity
        return False

    async def call(
        self,
        identity: str,
        action: str,
        payload: Payload,
        timeout: float | None,  # noqa: ASYNC109 - nothing is waited for
        *,
        urgent: bool,
    ) -> Payload:
        """Nobody else has it."""
        del action, payload, timeout, urgent
        raise DeviceOffline(f"charger {identity!r} is not connected")

    async def adopt(self, identity: str) -> bool:
        """Nobody else has it."""
        del identity
        return False
