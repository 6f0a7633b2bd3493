"""Lets chargers in: known by their password or certificate, or held until a person adopts them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from ohmstead.errors import ConfigError
from ohmstead.ocpp.central.charger import Charger
from ohmstead.ocpp.central.commands import Commands
from ohmstead.ocpp.central.decision import SaveCharger
from ohmstead.ocpp.central.gate import (
    Turned,
    admission_of,
    certificate_fits,
    identity_of,
    names_in_certificate,
    password_needed,
)
from ohmstead.ocpp.central.passwords import (
    LONGEST,
    SHORTEST,
    PasswordCheck,
    basic_credentials,
    hash_password,
    new_key,
)
from ohmstead.ocpp.central.settings import CentralSettings, SecurityProfile
from ohmstead.ocpp.central.store_port import TransactionStore
from ohmstead.ocpp.clock import Clock

LONGEST_FIRST_PASSWORD = 64
"""Of a charger that comes by itself; some have passwords that are longer than the standard's."""


class Door:
    """Checks who connects, and keeps the hashes of passwords."""

    def __init__(self, settings: CentralSettings, store: TransactionStore, clock: Clock) -> None:
        self._settings = settings
        self._store = store
        self._clock = clock
        self._check = PasswordCheck()
        self.expected: set[str] = set()
        """Chargers that a person named before they came."""
        self._hashing = asyncio.Semaphore(2)

    async def admit(
        self, path: str, authorization: str | None, certificate: Mapping[str, Any] | None
    ) -> Turned | None:
        """Let a charger in, or say why not. A charger that was not known before is from now on.

        Args:
            certificate: of the peer, as ``getpeercert`` gives it; ``None`` without mutual TLS.

        Raises:
            StoreError: a new charger could not be written down.
        """
        identity = identity_of(path)
        if identity is None:
            return Turned(status=HTTPStatus.NOT_FOUND, words="charge points connect to /ocpp/<identity>")
        await self._store.refresh(identity)
        admission = admission_of(identity, self._store.chargers, self._settings, self.expected)
        if isinstance(admission, Turned):
            return admission
        known = self._store.chargers.get(identity)
        turned = await self._authenticated(identity, known, authorization, certificate)
        if turned is None and known is None:
            charger = Charger(identity=identity, admission=admission, first_seen=self._clock.now())
            await self._store.commit((SaveCharger(charger=charger),))
        return turned

    async def set_password(self, identity: str, password: bytes | None = None) -> bytes:
        """Give a charger a password here; a random one where none is given. Returns it, to be shown once.

        Raises:
            ConfigError: it is not 16 to 20 bytes long.
            KeyError: the charger is not known.
        """
        password = new_key() if password is None else password
        if not SHORTEST <= len(password) <= LONGEST:
            raise ConfigError(
                f"password of {identity!r}: found {len(password)} bytes, allowed: {SHORTEST} to {LONGEST}"
            )
        if identity not in self._store.chargers:
            raise KeyError(identity)
        await self._store.put_password(identity, await self._hash(password))
        return password

    async def change_key(
        self, identity: str, commands: Commands, password: bytes | None = None
    ) -> tuple[str, bytes]:
        """Give a connected charger a new AuthorizationKey (whitepaper, A01).

        From *Accepted* on the old one is not taken any more (A01.FR.03). Until the answer is here either
        is: the charger may come back with the new one first.

        Returns:
            The charger's status and the key; nothing is changed unless it is ``Accepted``.

        Raises:
            ConfigError: the password is not 16 to 20 bytes long.
            DeviceError: the charger did not answer; whichever key it comes with is kept then.
        """
        password = new_key() if password is None else password
        if not SHORTEST <= len(password) <= LONGEST:
            raise ConfigError(
                f"password of {identity!r}: found {len(password)} bytes, allowed: {SHORTEST} to {LONGEST}"
            )
        hashed = await self._hash(password)
        await self._store.refresh(identity)
        old, _ = self._store.password(identity)
        await self._store.put_password(identity, old or "", hashed)
        status = await commands.change_configuration("AuthorizationKey", password.hex().upper())
        if status == "Accepted":
            await self._store.put_password(identity, hashed)
        else:
            await self._store.put_password(identity, old or "")
        return status, password

    async def _authenticated(
        self,
        identity: str,
        known: Charger | None,
        authorization: str | None,
        certificate: Mapping[str, Any] | None,
    ) -> Turned | None:
        refused = Turned(status=HTTPStatus.UNAUTHORIZED, words="wrong identity or password")
        if self._settings.security_profile == SecurityProfile.MUTUAL_TLS:
            fits = certificate_fits(known, identity, names_in_certificate(certificate))
            return None if fits else refused
        if not password_needed(self._settings):
            return None
        credentials = basic_credentials(authorization)
        if credentials is None or credentials[0] != identity:
            return refused
        return None if await self._fits(identity, known, credentials[1]) else refused

    async def _fits(self, identity: str, known: Charger | None, password: bytes) -> bool:
        stored, coming = self._store.password(identity)
        if known is None:
            if not SHORTEST <= len(password) <= LONGEST_FIRST_PASSWORD:
                return False
            await self._store.put_password(identity, await self._hash(password))
            return True
        if stored and await self._is(stored, password):
            return True
        if coming is not None and await self._is(coming, password):
            await self._store.put_password(identity, coming)
            return True
        return False

    async def _is(self, stored: str, password: bytes) -> bool:
        if self._check.remembered(stored, password):
            return True
        async with self._hashing:
            return await asyncio.to_thread(self._check.verify, stored, password)

    async def _hash(self, password: bytes) -> str:
        async with self._hashing:
            return await asyncio.to_thread(hash_password, password)
