"""Forgets reservations when their time is over."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from ohmstead.ocpp.charge_point.memory import Memory
from ohmstead.ocpp.clock import Clock, Timer


class ReservationExpiry:
    """One timer, for the reservation that ends first."""

    def __init__(
        self, memory: Memory, clock: Clock, now: Callable[[], datetime], on_expired: Callable[[], object]
    ) -> None:
        self._memory = memory
        self._clock = clock
        self._now = now
        self._on_expired = on_expired
        self._timer: Timer | None = None

    def arm(self) -> None:
        """Reservations changed: forget what is over, and come back for the next."""
        self.stop()
        held, now = self._memory.reservations, self._now()
        expired = [r.reservation_id for r in held.values() if r.expires_at <= now]
        if expired:
            for reservation_id in expired:
                del held[reservation_id]
            self._memory.save_reservations()
            self._on_expired()
        if held:
            next_s = (min(r.expires_at for r in held.values()) - now).total_seconds()
            self._timer = self._clock.call_later(next_s, self.arm)

    def stop(self) -> None:
        """Do not come back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
