"""Users and their tokens, kept in one file that only its owner can read.

Passwords are kept as Argon2id hashes (RFC 9106), tokens as SHA-256: a token is 256 random bits, so that
nothing is gained by a slow hash.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from uuid import uuid4

import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from ohmstead.errors import DataError
from ohmstead.nymea.api import Scope
from ohmstead.nymea.schema import braced
from ohmstead.nymea.session import User

FILE_VERSION = 1
TOKENS_PER_USER = 100
"""The oldest token gives way to a new one beyond this."""

_USERNAME = re.compile(r"[a-zA-Z0-9_.+\-@]{3,128}")
_LONGEST_PASSWORD = 1024
_NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$mBR5rxincPtSTOz5PQucDQ$4dWsFL/uwDs/OxVIgew29m8o3Fx4c3U6Unq7gbPcZ2M"
"""What a password for an unknown user is compared with, so that the time taken tells nothing."""


class UserError(StrEnum):
    """Outcome of what was asked about users; the spelling is nymea's."""

    NO_ERROR = "UserErrorNoError"
    BACKEND_ERROR = "UserErrorBackendError"
    INVALID_USER_ID = "UserErrorInvalidUserId"
    DUPLICATE_USER_ID = "UserErrorDuplicateUserId"
    BAD_PASSWORD = "UserErrorBadPassword"  # noqa: S105 - a name
    TOKEN_NOT_FOUND = "UserErrorTokenNotFound"  # noqa: S105 - a name
    PERMISSION_DENIED = "UserErrorPermissionDenied"
    INCONSISTENT_SCOPES = "UserErrorInconsistantScopes"


class _StoredUser(msgspec.Struct, kw_only=True, frozen=True):
    username: str
    password_hash: str
    display_name: str = ""
    email: str = ""
    scopes: list[Scope] = msgspec.field(default_factory=lambda: [Scope.ADMIN])


class Token(msgspec.Struct, kw_only=True, frozen=True):
    """A token as far as it is kept: without itself."""

    id: str
    username: str
    device_name: str
    created_at: datetime
    sha256: str


class _File(msgspec.Struct, kw_only=True, frozen=True):
    version: int = FILE_VERSION
    users: list[_StoredUser] = msgspec.field(default_factory=list)
    tokens: list[Token] = msgspec.field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A successful login; the token is told once and never again."""

    token: str
    user: User


class UserStore:
    """The users of a server.

    Args:
        path: where they are kept; ``None``: only as long as this object lives.

    Raises:
        DataError: the file cannot be read, or is no file of users.
    """

    def __init__(self, path: Path | None = None, *, now: Callable[[], datetime] | None = None) -> None:
        self._path = path
        self._now = now or (lambda: datetime.now(UTC))
        self._hasher = PasswordHasher()
        self._hashing = asyncio.Semaphore(1)
        """One at a time: a hash takes 64 MiB."""
        self._users: dict[str, _StoredUser] = {}
        self._tokens: dict[str, Token] = {}
        if path is not None and path.exists():
            self._load(path)

    @property
    def empty(self) -> bool:
        """There is no user yet."""
        return not self._users

    def user_of(self, token: str) -> User | None:
        """Whose token it is; ``None``: nobody's."""
        found = self._tokens.get(_sha256(token))
        stored = None if found is None else self._users.get(found.username.casefold())
        return None if stored is None else _user(stored)

    def users(self) -> list[User]:
        """All users by name."""
        return [_user(self._users[name]) for name in sorted(self._users)]

    def tokens_of(self, username: str) -> list[Token]:
        """A user's tokens, oldest first."""
        return [t for t in self._tokens.values() if t.username.casefold() == username.casefold()]

    async def create(self, user: User, password: str, *, first: bool = False) -> UserError:
        """Add a user; ``first``: only if there is none yet."""
        name = user.username.casefold()
        if not _USERNAME.fullmatch(user.username):
            return UserError.INVALID_USER_ID
        if name in self._users:
            return UserError.DUPLICATE_USER_ID
        if not good_password(password):
            return UserError.BAD_PASSWORD
        if not consistent(user.scopes):
            return UserError.INCONSISTENT_SCOPES
        hashed = await self._hash(password)
        if first and self._users:
            return UserError.PERMISSION_DENIED
        if name in self._users:
            return UserError.DUPLICATE_USER_ID
        self._users[name] = _StoredUser(
            username=user.username,
            password_hash=hashed,
            display_name=user.display_name,
            email=user.email,
            scopes=sorted(user.scopes),
        )
        return self._saved(lambda: self._users.pop(name, None))

    async def log_in(self, username: str, password: str, device_name: str) -> Login | None:
        """A new token for a user with the right password; it takes as long for an unknown user."""
        stored = self._users.get(username.casefold())
        known = _NOBODY if stored is None else stored.password_hash
        if not await self._verify(known, password) or stored is None:
            return None
        token = secrets.token_urlsafe(32)
        kept = Token(
            id=braced(uuid4()),
            username=stored.username,
            device_name=device_name,
            created_at=self._now(),
            sha256=_sha256(token),
        )
        for old in self.tokens_of(username)[: 1 - TOKENS_PER_USER]:
            del self._tokens[old.sha256]
        self._tokens[kept.sha256] = kept
        if self._saved(lambda: self._tokens.pop(kept.sha256, None)) is not UserError.NO_ERROR:
            return None
        return Login(token=token, user=_user(stored))

    async def change_password(self, username: str, password: str) -> UserError:
        """Give a user another password; tokens stay valid."""
        if username.casefold() not in self._users:
            return UserError.INVALID_USER_ID
        if not good_password(password):
            return UserError.BAD_PASSWORD
        hashed = await self._hash(password)
        return self._change(username, password_hash=hashed)

    def set_info(self, username: str, *, display_name: str | None, email: str | None) -> UserError:
        """Change what is told of a user; ``None`` stays."""
        changes = {"display_name": display_name, "email": email}
        return self._change(username, **{k: v for k, v in changes.items() if v is not None})

    def set_scopes(self, username: str, scopes: Iterable[Scope]) -> UserError:
        """Change what a user may do; the last administrator stays one."""
        wanted = frozenset(scopes)
        if not consistent(wanted) or (Scope.ADMIN not in wanted and self._is_last_admin(username)):
            return UserError.INCONSISTENT_SCOPES
        return self._change(username, scopes=sorted(wanted))

    def remove(self, username: str) -> UserError:
        """Remove a user and all their tokens; the last administrator stays."""
        stored = self._users.get(username.casefold())
        if stored is None:
            return UserError.INVALID_USER_ID
        if self._is_last_admin(username) and len(self._users) > 1:
            return UserError.PERMISSION_DENIED
        before = dict(self._tokens)
        del self._users[username.casefold()]
        for token in self.tokens_of(username):
            del self._tokens[token.sha256]

        def undo() -> None:
            self._users[username.casefold()] = stored
            self._tokens = before

        return self._saved(undo)

    def remove_token(self, token_id: str) -> UserError:
        """Make a token worthless."""
        token = next((t for t in self._tokens.values() if t.id == token_id), None)
        if token is None:
            return UserError.TOKEN_NOT_FOUND
        del self._tokens[token.sha256]
        return self._saved(lambda: self._tokens.setdefault(token.sha256, token))

    def _is_last_admin(self, username: str) -> bool:
        admins = [name for name, user in self._users.items() if Scope.ADMIN in user.scopes]
        return admins == [username.casefold()]

    def _change(self, username: str, **changes: object) -> UserError:
        name = username.casefold()
        before = self._users.get(name)
        if before is None:
            return UserError.INVALID_USER_ID
        self._users[name] = msgspec.structs.replace(before, **changes)
        return self._saved(lambda: self._users.__setitem__(name, before))

    async def _hash(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def _verify(self, known: str, password: str) -> bool:
        if len(password) > _LONGEST_PASSWORD:
            return False
        async with self._hashing:
            try:
                return await asyncio.to_thread(self._hasher.verify, known, password)
            except (VerificationError, InvalidHashError):
                return False

    def _load(self, path: Path) -> None:
        try:
            data = msgspec.json.decode(path.read_bytes(), type=_File)
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise DataError(f"{path}: no file of users ({error}); restore or remove it") from error
        if data.version > FILE_VERSION:
            raise DataError(f"{path}: written by a newer version (format {data.version})")
        self._users = {u.username.casefold(): u for u in data.users}
        self._tokens = {t.sha256: t for t in data.tokens}

    def _saved(self, undo: Callable[[], object]) -> UserError:
        """Write everything; where that fails nothing has changed."""
        if self._path is None:
            return UserError.NO_ERROR
        data = _File(users=list(self._users.values()), tokens=list(self._tokens.values()))
        try:
            _write_private(self._path, msgspec.json.format(msgspec.json.encode(data), indent=1))
        except OSError:
            undo()
            return UserError.BACKEND_ERROR
        return UserError.NO_ERROR


def good_password(password: str) -> bool:
    """At least 8 characters, with a lower and an upper case letter and a digit."""
    return 8 <= len(password) <= _LONGEST_PASSWORD and all(
        any(test(c) for c in password) for test in (str.islower, str.isupper, str.isdigit)
    )


def consistent(scopes: frozenset[Scope]) -> bool:
    """Whether scopes fit together: to configure things or rules one must also be able to use them."""
    if Scope.ADMIN in scopes:
        return True
    needs = {Scope.CONFIGURE_THINGS: Scope.CONTROL_THINGS, Scope.CONFIGURE_RULES: Scope.EXECUTE_RULES}
    return all(needed in scopes for scope, needed in needs.items() if scope in scopes)


def _user(stored: _StoredUser) -> User:
    return User(
        username=stored.username,
        display_name=stored.display_name,
        email=stored.email,
        scopes=frozenset(stored.scopes),
    )


def _sha256(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _write_private(path: Path, data: bytes) -> None:
    """Replace a file whole, readable by its owner only, and be sure that it is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.new")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
