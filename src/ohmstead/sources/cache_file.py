"""One fetched value in one JSON file: written whole or not at all, checked when read."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Generic, TypeVar

import msgspec
import structlog

from ohmstead.errors import DataError

log = structlog.get_logger(__name__)

T = TypeVar("T")

_FORMAT = "ohmstead-cache-1"


class _Envelope(msgspec.Struct, frozen=True):
    format: str
    provider: str
    fetched_at: datetime
    value: msgspec.Raw


class CacheFile(Generic[T]):
    """Where a value of one type is kept between starts.

    Args:
        path: the file; its folder is created.
        kind: the type of the value, as :func:`msgspec.json.decode` takes it.
        provider: whose value it is; one of another provider is not used.
        check: gives the value back, or raises ``DataError`` where it cannot be used.
    """

    def __init__(self, path: Path, *, kind: type[T], provider: str, check: Callable[[T, str], T]) -> None:
        """See the class."""
        self._path = path
        self._kind = kind
        self._provider = provider
        self._check = check

    def read(self) -> tuple[T, datetime] | None:
        """The value and when it was fetched; ``None`` where there is none that can be used.

        A damaged file is renamed to ``NAME.corrupt`` and reported, never fatal.
        """
        try:
            content = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("cache_unreadable", file=str(self._path), error=error.strerror)
            return None
        try:
            envelope = msgspec.json.decode(content, type=_Envelope)
            if envelope.format != _FORMAT or envelope.provider != self._provider:
                return None
            if envelope.fetched_at.tzinfo is None:
                raise DataError("fetched_at has no time zone")
            value = msgspec.json.decode(envelope.value, type=self._kind)
            return self._check(value, str(self._path)), envelope.fetched_at
        except (msgspec.DecodeError, UnicodeDecodeError, DataError) as error:
            self._set_aside(str(error))
            return None

    def write(self, value: T, fetched_at: datetime) -> None:
        """Replace the file by a new one. A full disk is reported; the old file then stays."""
        raw = msgspec.Raw(msgspec.json.encode(value))
        envelope = _Envelope(format=_FORMAT, provider=self._provider, fetched_at=fetched_at, value=raw)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(dir=self._path.parent, prefix=f".{self._path.name}.")
            temporary = Path(name)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(msgspec.json.encode(envelope))
                    file.flush()
                    os.fsync(file.fileno())
                temporary.replace(self._path)
            finally:
                temporary.unlink(missing_ok=True)
        except OSError as error:
            log.warning("cache_not_written", file=str(self._path), error=error.strerror)

    def _set_aside(self, why: str) -> None:
        aside = self._path.with_name(self._path.name + ".corrupt")
        log.warning("cache_damaged", file=str(self._path), moved_to=str(aside), error=why)
        try:
            self._path.replace(aside)
        except OSError as error:
            log.warning("cache_not_moved", file=str(self._path), error=error.strerror)
