"""Named moments at which something is due."""

from __future__ import annotations

from datetime import datetime, timedelta


class Timers:
    """A few alarms by name; setting one again moves it."""

    def __init__(self) -> None:
        self._due: dict[str, datetime] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._due

    def set(self, name: str, now: datetime, in_s: float) -> None:
        """Arm a timer."""
        self._due[name] = now + timedelta(seconds=in_s)

    def clear(self, name: str) -> None:
        """Disarm a timer, armed or not."""
        self._due.pop(name, None)

    def clear_all(self) -> None:
        """Disarm every timer."""
        self._due.clear()

    def next(self) -> datetime | None:
        """When the first is due."""
        return min(self._due.values(), default=None)

    def take_due(self, now: datetime) -> list[str]:
        """Those that are due, the earliest first; they are disarmed."""
        due = sorted((at, name) for name, at in self._due.items() if at <= now)
        for _, name in due:
            del self._due[name]
        return [name for _, name in due]
