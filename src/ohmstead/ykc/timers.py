"""Named moments at which something is due."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta


def first_of(times: Iterable[datetime | None]) -> datetime | None:
    """The earliest of some moments, of which any may be none."""
    first = None
    for at in times:
        if at is not None and (first is None or at < first):
            first = at
    return first


class Timers:
    """A few alarms by name; setting one again moves it."""

    def __init__(self) -> None:
        self._due: dict[str, datetime] = {}
        self._next: datetime | None = None

    def __contains__(self, name: str) -> bool:
        return name in self._due

    def set(self, name: str, now: datetime, in_s: float) -> None:
        """Arm a timer."""
        due = self._due[name] = now + timedelta(seconds=in_s)
        if self._next is None or due < self._next:
            self._next = due
        else:
            self._next = min(self._due.values())

    def clear(self, name: str) -> None:
        """Disarm a timer, armed or not."""
        if self._due.pop(name, None) is not None:
            self._next = min(self._due.values(), default=None)

    def clear_all(self) -> None:
        """Disarm every timer."""
        self._due.clear()
        self._next = None

    def next(self) -> datetime | None:
        """When the first is due."""
        return self._next

    def take_due(self, now: datetime) -> list[str]:
        """Those that are due, the earliest first; they are disarmed."""
        if self._next is None or self._next > now:
            return []
        due = sorted((at, name) for name, at in self._due.items() if at <= now)
        for _, name in due:
            del self._due[name]
        self._next = min(self._due.values(), default=None)
        return [name for _, name in due]
