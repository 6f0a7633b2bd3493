"""Bills on their way: one at a time, oldest first, repeated until confirmed.

A bill is repeated after 30 s three times, then every 5 min (both clauses of the text), and after every
login. One that is not confirmed does not keep back those behind it.
"""

from __future__ import annotations

from collections import OrderedDict
from datetime import datetime, timedelta

from ohmstead.ykc.messages.orders import TransactionRecord

REPEAT_S = 30.0
REPEATS = 3
LATER_S = 300.0


class Delivery:
    """The bills that nobody confirmed yet."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, TransactionRecord] = OrderedDict()
        self._later: dict[str, datetime] = {}
        self._sent: str | None = None
        self._attempts = 0
        self._due: datetime | None = None

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, record: TransactionRecord) -> None:
        """Put a bill behind the others; one that is here already stays where it is."""
        self._waiting.setdefault(record.serial, record)

    def confirmed(self, serial: str) -> bool:
        """Forget a bill; ``False`` where it was not waiting."""
        self._later.pop(serial, None)
        if self._sent == serial:
            self._sent = self._due = None
        return self._waiting.pop(serial, None) is not None

    def restart(self) -> None:
        """A new connection: everything is to be sent again, the oldest first."""
        self._sent = self._due = None
        self._later.clear()

    def due(self, now: datetime) -> TransactionRecord | None:
        """The bill to send now, if any; call it again after each event of the connection."""
        if self._sent is not None:
            if self._due is not None and now < self._due:
                return None
            if self._attempts <= REPEATS:
                return self._send(self._sent, now)
            self._later[self._sent] = now + timedelta(seconds=LATER_S - REPEAT_S)
            self._sent = self._due = None
        for serial in self._waiting:
            if serial not in self._later or self._later[serial] <= now:
                self._later.pop(serial, None)
                self._attempts = 0
                return self._send(serial, now)
        return None

    def next_timeout(self) -> datetime | None:
        """When :meth:`due` may have something."""
        if not self._waiting:
            return None
        if self._sent is not None:
            return self._due
        return min(self._later.values(), default=None)

    def _send(self, serial: str, now: datetime) -> TransactionRecord:
        self._sent = serial
        self._attempts += 1
        self._due = now + timedelta(seconds=REPEAT_S)
        return self._waiting[serial]
