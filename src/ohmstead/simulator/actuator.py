"""How a device takes a command: after its own reaction time, and not at all while it is stuck."""

from __future__ import annotations

import math
from typing import Any


class CommandLatch:
    """Holds the command in force and the one on its way.

    ``None`` as a command means *released*. A new command while another is on its way replaces it
    without starting the reaction time again, so a stream of commands cannot starve the device.
    """

    __slots__ = ("active", "due_s", "held", "pending")

    def __init__(self) -> None:
        self.active: float | None = None
        self.pending: float | None = None
        self.due_s = math.inf
        self.held: float | None = None
        """Stuck at this power; ``None``: not stuck."""

    def put(self, value: float | None, now_s: float, reaction_s: float) -> None:
        """Take a command at ``now_s`` that has an effect ``reaction_s`` later."""
        if self.due_s == math.inf:
            if value == self.active:
                return
            self.due_s = now_s + reaction_s
        self.pending = value

    def update(self, now_s: float) -> None:
        """Put the waiting command in force when its time has come."""
        if now_s >= self.due_s - 1e-3:
            self.active = self.pending
            self.due_s = math.inf

    @property
    def target(self) -> float | None:
        """What the device follows now; ``None``: its own rules."""
        return self.active if self.held is None else self.held

    def snapshot(self) -> list[float | None]:
        """State as plain data."""
        due = None if self.due_s == math.inf else self.due_s
        return [self.active, self.pending, due, self.held]

    def restore(self, state: Any) -> None:
        """Take back what :meth:`snapshot` gave."""
        self.active, self.pending, due, self.held = state
        self.due_s = math.inf if due is None else due
