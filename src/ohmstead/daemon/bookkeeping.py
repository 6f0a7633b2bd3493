"""After every cycle: money, minutes, decisions, and the state that a restart resumes from."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar
from zoneinfo import ZoneInfo

import msgspec
import structlog

from ohmstead.core.codec import from_data, to_data
from ohmstead.core.engine import Engine
from ohmstead.core.memory import Memory
from ohmstead.core.plan import Plan
from ohmstead.core.record import CycleRecord
from ohmstead.core.site import Load, PvSystem, Room
from ohmstead.core.tariff import PriceSlot
from ohmstead.daemon.journal import Journal, OpenMinute, minute_of, values_of
from ohmstead.daemon.ledger import Ledger
from ohmstead.daemon.view import DaemonView
from ohmstead.recorder import BufferedWriter, Minute, Recorder

T = TypeVar("T")

log = structlog.get_logger(__name__)

LONGEST_STRETCH_S = 900.0
"""A longer time between two cycles is a gap: nothing is booked for it."""

ENGINE_STATE = "engine"
LEDGER_STATE = "ledger"
MINUTE_STATE = "minute"


class Bookkeeper:
    """Books every cycle, and hands a finished minute to the writer with everything that belongs to it.

    Args:
        baseline: import and export of a house without management since it was last asked, and
            what our stores hold more than its stores, EUR; ``None`` where there is none to compare with.
        more_states: other state to be stored with each minute, by key.
        more_values: other series to be recorded, by name, asked with each cycle.
        begun: the minute in which the daemon was stopped; it goes on if it is not over yet.
    """

    def __init__(
        self,
        *,
        engine: Engine,
        ledger: Ledger,
        view: DaemonView,
        writer: BufferedWriter | None,
        baseline: Callable[[], tuple[tuple[float, float], float]] | None = None,
        more_states: Callable[[], Mapping[str, bytes]] | None = None,
        more_values: Callable[[datetime], Mapping[str, float | None]] | None = None,
        begun: OpenMinute | None = None,
    ) -> None:
        self._engine = engine
        self._ledger = ledger
        self._view = view
        self._writer = writer
        self._baseline = baseline
        self._more_states = more_states or dict
        self._more_values = more_values or (lambda _: {})
        self._journal = Journal()
        self._begun = begun
        self._last: tuple[datetime, dict[str, float | None], float | None] | None = None
        self._pv = tuple(a.id for a in engine.site.assets if isinstance(a, PvSystem))
        self._metered = tuple(a.id for a in engine.site.assets if not isinstance(a, Load | Room))

    def cycle(self, record: CycleRecord) -> None:
        """Book the stretch since the last cycle, close the minute if it is over, note decisions."""
        now, tariff = record.at, self._engine.tariff
        self._resume_minute(now)
        price = None if tariff is None else tariff.at(now)
        if self._last is not None:
            self._book(now, price)
        if self._journal.due(now):
            self.close_minute()
        values = {**values_of(record.state, price, self._metered), **self._more_values(now)}
        self._journal.add(now, 0.0, values)
        self._last = (now, values, record.state.grid.power_w.value)
        for row in self._view.news(record):
            self._journal.decided(row)
            self._view.decided(row)

    def _resume_minute(self, now: datetime) -> None:
        begun, self._begun = self._begun, None
        if begun is not None and begun.start == minute_of(now):
            self._journal.resume(begun)
            self._ledger.minute = begun.flow

    def _book(self, now: datetime, price: PriceSlot | None) -> None:
        assert self._last is not None  # noqa: S101 - asked by the caller
        since, values, grid_w = self._last
        duration_s = (now - since).total_seconds()
        if not 0.0 < duration_s <= LONGEST_STRETCH_S:
            return
        baseline = None if self._baseline is None else self._baseline()
        self._ledger.add(
            now,
            duration_s,
            grid_w=grid_w,
            pv_w=sum(values.get(a) or 0.0 for a in self._pv),
            load_w=values.get("household") or 0.0,
            price=price,
            baseline_kwh=None if baseline is None else baseline[0],
        )
        if baseline is not None:
            self._ledger.stored_eur = baseline[1]
        self._journal.add(now, duration_s, values)

    def close_minute(self) -> None:
        """Hand the minute that is being collected to the writer."""
        states = {
            MINUTE_STATE: msgspec.json.encode(self._journal.so_far(self._ledger.minute)),
            ENGINE_STATE: json.dumps(to_data(self._engine.memory)).encode(),
            LEDGER_STATE: json.dumps(self._ledger.to_data()).encode(),
            **self._more_states(),
        }
        minute: Minute | None = self._journal.close(self._ledger.take_minute(), states)
        if minute is not None and self._writer is not None:
            self._writer.submit(minute)

    def planned(self, plan: Plan, trigger: str) -> None:
        """Keep a new plan."""
        del trigger
        if self._writer is not None:
            self._writer.submit_plan(json.dumps(to_data(plan)).encode(), plan.made_at)
        self._view.planned(plan)


def resume_memory(recorder: Recorder) -> Memory | None:
    """The engine's memory as of the last committed minute; ``None`` where there is none to use."""
    return _decoded(Memory, recorder.load_state(ENGINE_STATE))


def resume_ledger(recorder: Recorder, zone: ZoneInfo) -> Ledger | None:
    """The running totals as of the last committed minute; ``None`` where there are none to use."""
    blob = recorder.load_state(LEDGER_STATE)
    if blob is None:
        return None
    try:
        return Ledger.from_data(json.loads(blob), zone)
    except (ValueError, KeyError, TypeError) as error:
        log.warning("state_not_resumed", kind="Ledger", error=repr(error))
        return None


def resume_minute(recorder: Recorder) -> OpenMinute | None:
    """The minute stored last, as far as it had come; ``None`` where there is none to use."""
    blob = recorder.load_state(MINUTE_STATE)
    try:
        return None if blob is None else msgspec.json.decode(blob, type=OpenMinute | None)
    except msgspec.DecodeError as error:
        log.warning("state_not_resumed", kind="OpenMinute", error=str(error))
        return None


def resume_plan(recorder: Recorder) -> Plan | None:
    """The plan made last; ``None`` where there is none to use."""
    return _decoded(Plan, recorder.latest_plan())


def _decoded(kind: type[T], blob: bytes | None) -> T | None:
    """A stored value; one of an older version that cannot be read is left alone, with a warning."""
    if blob is None:
        return None
    try:
        return from_data(kind, json.loads(blob))
    except ValueError as error:
        log.warning("state_not_resumed", kind=kind.__name__, error=str(error))
        return None
