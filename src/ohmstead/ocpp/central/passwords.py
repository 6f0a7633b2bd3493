"""Chargers' passwords: kept as salted hashes only (security whitepaper, A00.FR.204 and 1.6J security 4).

A charger's password is 16 to 20 random bytes (AuthorizationKey), so that guessing is hopeless and the
hash may be a light one: a home's computer must be able to let all chargers in at once after a power cut.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from base64 import b64decode
from binascii import Error as Base64Error

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

SHORTEST, LONGEST = 16, 20
"""Bytes of an AuthorizationKey (OCPP-J 1.6, 6.2.2)."""

_HASHER = PasswordHasher(time_cost=3, memory_cost=7168, parallelism=1)


def hash_password(password: bytes) -> str:
    """A salted hash (argon2id). Takes some milliseconds of CPU."""
    return _HASHER.hash(password)


def new_key() -> bytes:
    """A random AuthorizationKey."""
    return secrets.token_bytes(LONGEST)


def basic_credentials(header: str | None) -> tuple[str, bytes] | None:
    """User and password of an ``Authorization: Basic`` header; ``None`` where it is none.

    The password may be any bytes (OCPP-J 1.6, 6.2.2); the user is UTF-8.
    """
    scheme, _, encoded = (header or "").partition(" ")
    if scheme.lower() != "basic" or len(encoded) > 1024:
        return None
    try:
        user, colon, password = b64decode(encoded.strip(), validate=True).partition(b":")
        return (user.decode("utf-8"), password) if colon else None
    except (Base64Error, ValueError):
        return None


def forms_of(password: bytes) -> tuple[bytes, ...]:
    """The bytes that a password sent by a charger can mean: some send the key's hex text instead."""
    try:
        return (password, bytes.fromhex(password.decode("ascii")))
    except ValueError:
        return (password,)


class PasswordCheck:
    """Checks passwords; what was right once is known again without the slow hash.

    Remembered is a keyed hash that dies with the process.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._known: dict[str, bytes] = {}

    def remembered(self, stored: str, password: bytes) -> bool:
        """This password fitted this stored hash before. Fast."""
        return hmac.compare_digest(self._known.get(stored, b""), self._mark(password))

    def verify(self, stored: str, password: bytes) -> bool:
        """Whether a password is the one that was hashed, also in its hex form. Slow: not on the loop."""
        for form in forms_of(password):
            try:
                _HASHER.verify(stored, form)
            except (VerificationError, InvalidHashError):
                continue
            if len(self._known) > 10_000:
                self._known.clear()
            self._known[stored] = self._mark(password)
            return True
        return False

    def _mark(self, password: bytes) -> bytes:
        return hmac.new(self._key, password, hashlib.sha256).digest()
