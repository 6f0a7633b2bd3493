"""The last messages of one simulated charger, to be read by a person."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TextIO

from ohmstead.ykc.layout import Direction, Message

KEPT: Final = 200
MAX_TEXT: Final = 2000
_SECRETS: Final = ("authorizationkey", "password")


class Way(StrEnum):
    """Who said it."""

    OUT = "out"
    """The charger, to the central system."""
    IN = "in"
    EVENT = "event"
    """Nobody: it happened at the charger."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogEntry:
    """One message. ``number`` grows by one with each of its charger, forgotten ones included."""

    number: int
    at: datetime
    way: Way
    text: str


class MessageFile:
    """Writes every message of a fleet into a file, a line each; contents with a password are left out.

    Args:
        now: aware UTC.
    """

    def __init__(self, file: TextIO, now: Callable[[], datetime]) -> None:
        self._file = file
        self._now = now

    def of_ocpp(self, charger: str, also: Callable[[str, str], None]) -> Callable[[str, str], None]:
        """An observer of an OCPP charge point, before another one."""

        def observe(way: str, text: str) -> None:
            self._write(charger, Way.OUT if way == "out" else Way.IN, text)
            also(way, text)

        return observe

    def of_ykc(
        self, charger: str, also: Callable[[Direction, Message, bytes], None]
    ) -> Callable[[Direction, Message, bytes], None]:
        """An observer of a pile, before another one."""

        def observe(direction: Direction, message: Message, seq: bytes) -> None:
            way = Way.OUT if direction is Direction.UP else Way.IN
            self._write(charger, way, ykc_text(message, seq))
            also(direction, message, seq)

        return observe

    def _write(self, charger: str, way: Way, text: str) -> None:
        shown = without_secrets(text).replace("\n", "\\n")
        self._file.write(f"{self._now().isoformat(timespec='milliseconds')} {charger} {way} {shown}\n")


class MessageLog:
    """Keeps the last 200 of one charger, each cut to 2000 characters; contents with a password are left out.

    Args:
        now: aware UTC.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._entries: deque[LogEntry] = deque(maxlen=KEPT)
        self.count = 0
        """All that there ever were."""

    def add(self, way: Way, text: str) -> None:
        """One more."""
        self.count += 1
        shown = without_secrets(text)
        if len(shown) > MAX_TEXT:
            shown = f"{shown[:MAX_TEXT]}… ({len(text)} characters)"
        self._entries.append(LogEntry(number=self.count, at=self._now(), way=way, text=shown))

    def ocpp(self, way: str, text: str) -> None:
        """An observer of an OCPP charge point."""
        self.add(Way.OUT if way == "out" else Way.IN, text)

    def ykc(self, direction: Direction, message: Message, seq: bytes) -> None:
        """An observer of a pile."""
        way = Way.OUT if direction is Direction.UP else Way.IN
        self.add(way, ykc_text(message, seq))

    def find(
        self, *, contains: str = "", way: Way | None = None, after: int = 0, limit: int = KEPT
    ) -> list[LogEntry]:
        """The newest first; ``contains`` in small or capital letters."""
        wanted = contains.casefold()
        found: list[LogEntry] = []
        for entry in reversed(self._entries):
            if entry.number <= after or len(found) >= limit:
                break
            if (way is None or entry.way is way) and wanted in entry.text.casefold():
                found.append(entry)
        return found


def ykc_text(message: Message, seq: bytes) -> str:
    """A frame for a person: type and sequence in hexadecimal, then the fields."""
    return f"{message.TYPE:02X} {seq.hex()} {message}"


def without_secrets(text: str) -> str:
    """The text, or only what is before its content where that may have a password or key in it."""
    folded = text.casefold()
    if not any(word in folded for word in _SECRETS):
        return text
    return f"{re.split('[{(]', text, maxsplit=1)[0][:80]}… (a secret)"
