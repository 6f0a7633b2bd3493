"""A pile and a platform in one process, a wire between them that tests can cut, and time that they move."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from ohmstead.ykc.billing import flat_tariff
from ohmstead.ykc.pile import events as pile_events
from ohmstead.ykc.pile.facts import PileFacts
from ohmstead.ykc.pile.session import Pile
from ohmstead.ykc.pile.store import PileStore
from ohmstead.ykc.platform import events as platform_events
from ohmstead.ykc.platform.records import BillStore
from ohmstead.ykc.platform.session import PileEntry, PlatformSession
from ohmstead.ykc.quirks import Quirks

PILE = "20231212000010"
START = datetime(2026, 3, 16, 9, 0, tzinfo=UTC)
ENTRY = PileEntry(quirks=Quirks(), tariff=flat_tariff("0100", 1.2))
SERIAL = "20231212000010" + "01" + "260316170000" + "0001"


class Bench:
    """Both ends, their stores, and everything that they told."""

    def __init__(
        self,
        facts: PileFacts | None = None,
        *,
        pile_store: PileStore | None = None,
        bills: BillStore | None = None,
        entry: PileEntry | None = ENTRY,
    ) -> None:
        self.now = START
        self.facts = facts or PileFacts(number=PILE)
        self.pile_store = pile_store or PileStore(":memory:")
        self.bills = bills or BillStore(":memory:")
        self.entry = entry
        self.pile = Pile(self.facts, self.pile_store.memory(self.facts.number))
        self.platform: PlatformSession | None = None
        self.told: list[pile_events.PileEvent] = []
        self.heard: list[platform_events.PlatformEvent] = []
        self.filter: Callable[[bytes, bool], bytes] = lambda data, up: data
        """What becomes of bytes on the wire; the second argument is true towards the platform."""

    def close(self) -> None:
        self.pile_store.close()
        self.bills.close()

    def connect(self) -> None:
        """Dial; both sides settle."""
        self.platform = PlatformSession(lambda pile: self.entry, self.now)
        self.pile.opened(self.now)
        self.settle()

    def cut(self) -> None:
        """Lose the connection."""
        if self.platform is not None:
            self.platform.closed()
            self.platform = None
        self.pile.closed()
        self.settle()

    def restart_pile(self, meter_kwh: float) -> None:
        """The pile loses power and comes back with what its store and its meter's register have."""
        self.cut()
        self.pile = Pile(self.facts, self.pile_store.memory(self.facts.number))
        for record in self.pile_store.waiting(self.facts.number):
            self.pile.deliver(record, self.now)
        for order in self.pile_store.open_orders(self.facts.number):
            self.pile.resume(order, max(meter_kwh, order.meter_kwh), self.now)
        self.settle()

    def act(self, action: Callable[[Pile, datetime], None]) -> None:
        """Let the electronics act, then settle."""
        action(self.pile, self.now)
        self.settle()

    def settle(self) -> None:
        """Carry out events and move bytes until both are silent."""
        while True:
            self._pile_events()
            up = self.filter(self.pile.take(), True)
            platform = self.platform
            if platform is None:
                return
            if up:
                platform.receive(up, self.now)
            self._platform_events(platform)
            down = self.filter(platform.take(), False)
            if self.platform is None:
                return
            if down:
                self.pile.receive(down, self.now)
            elif not up:
                return

    def run(self, seconds: float) -> None:
        """Let time pass; every timer runs when it is due."""
        end = self.now + timedelta(seconds=seconds)
        while True:
            times = [self.pile.next_timeout(), self.platform.next_timeout() if self.platform else None]
            due = min((at for at in times if at is not None), default=None)
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self.pile.expire(self.now)
            if self.platform is not None:
                self.platform.expire(self.now)
            self.settle()
        self.now = end

    def session(self) -> PlatformSession:
        """The platform's end."""
        assert self.platform is not None
        return self.platform

    def _pile_events(self) -> None:
        number = self.facts.number
        while events := self.pile.events():
            for event in events:
                self.told.append(event)
                match event:
                    case pile_events.SaveOrder(order):
                        self.pile_store.save_order(number, order)
                    case pile_events.SaveRecord(record):
                        self.pile_store.save_record(record)
                        self.pile.deliver(record, self.now)
                    case pile_events.RecordDelivered(serial, legal):
                        self.pile_store.delivered(number, serial, legal=legal)
                    case pile_events.SaveMemory(memory):
                        self.pile_store.save_memory(number, memory)

    def _platform_events(self, platform: PlatformSession) -> None:
        while events := platform.events():
            for event in events:
                self.heard.append(event)
                if isinstance(event, platform_events.BillArrived):
                    self.bills.store(event.record, self.now)
                    platform.confirm(event)
