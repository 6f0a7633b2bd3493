"""What the central system is told about the connectors, and when (OCPP 1.6 §4.9, §7.28)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from ohmstead.ocpp.charge_point.connector import NO_ERROR, Status, main_status
from ohmstead.ocpp.charge_point.memory import Memory
from ohmstead.ocpp.charge_point.outlet import Outlet, StatusMemory
from ohmstead.ocpp.charge_point.sender import Sender
from ohmstead.ocpp.clock import Clock
from ohmstead.ocpp.frames import Payload
from ohmstead.ocpp.times import write_time

MAIN: Final = 0
"""Connector 0 is the charge point as a whole."""


class Statuses:
    """StatusNotifications of one charge point."""

    __slots__ = (
        "_clock",
        "_main",
        "_memory",
        "_now",
        "_on_change",
        "_on_time_out",
        "_outlets",
        "_sender",
        "main_error",
    )

    def __init__(
        self,
        *,
        outlets: dict[int, Outlet],
        memory: Memory,
        sender: Sender,
        clock: Clock,
        now: Callable[[], datetime],
        on_change: Callable[[], None],
        on_time_out: Callable[[Outlet], None],
    ) -> None:
        """Nothing is told yet.

        Args:
            on_change: called when a connector's status changes.
            on_time_out: called when a connector has waited for ConnectionTimeOut.
        """
        self._outlets = outlets
        self._memory = memory
        self._sender = sender
        self._clock = clock
        self._now = now
        self._on_change = on_change
        self._on_time_out = on_time_out
        self._main = StatusMemory()
        self.main_error = NO_ERROR

    def refresh(self, outlet: Outlet) -> None:
        """Report a status that changed, and run the clock of a connector that waits."""
        if outlet.state.is_waiting:
            if outlet.wait_timer is None:
                wait_s = self._memory.configuration.number("ConnectionTimeOut")
                if wait_s > 0:
                    outlet.wait_timer = self._clock.call_later(wait_s, lambda: self._time_out(outlet))
        elif outlet.wait_timer is not None:
            outlet.wait_timer.cancel()
            outlet.wait_timer = None
        minimum_s = self._memory.configuration.number("MinimumStatusDuration")
        if minimum_s > 0 and outlet.reported.told is not None:
            if outlet.status_timer is not None:
                outlet.status_timer.cancel()
            outlet.status_timer = self._clock.call_later(minimum_s, lambda: self.report(outlet))
        else:
            self.report(outlet)

    def report(self, outlet: Outlet, *, always: bool = False, triggered: bool = False) -> None:
        """Send the status, if it is another than the central system knows."""
        if outlet.status_timer is not None:
            outlet.status_timer.cancel()
            outlet.status_timer = None
        status = (outlet.state.status, outlet.state.error_code)
        self._tell(outlet.connector_id, status, outlet.reported, always=always, triggered=triggered)
        if outlet.shown is not outlet.state.status:
            outlet.shown = outlet.state.status
            self._on_change()

    @property
    def main_status(self) -> tuple[Status, str]:
        """Status and error code of connector 0."""
        operative = self._memory.operative[MAIN]
        return main_status(operative=operative, error_code=self.main_error), self.main_error

    def report_main(self, *, always: bool = False, triggered: bool = False) -> None:
        """The same for connector 0."""
        self._tell(MAIN, self.main_status, self._main, always=always, triggered=triggered)

    def disconnected(self) -> None:
        """Statuses that were under way are not known to have arrived."""
        for reported in (self._main, *(outlet.reported for outlet in self._outlets.values())):
            reported.lost()

    def report_all(self, *, always: bool) -> None:
        """After a boot all statuses are sent, after a reconnect those that changed."""
        self.report_main(always=always)
        for outlet in self._outlets.values():
            self.report(outlet, always=always)

    def _tell(
        self,
        connector_id: int,
        status: tuple[Status, str],
        reported: StatusMemory,
        *,
        always: bool,
        triggered: bool,
    ) -> None:
        if status == reported.told and not always:
            return

        def acknowledged(_answer: Payload) -> None:
            reported.acknowledged = status

        payload: Payload = {
            "connectorId": connector_id,
            "errorCode": status[1],
            "status": status[0].value,
            "timestamp": write_time(self._now()),
        }
        if self._sender.send("StatusNotification", payload, triggered=triggered, on_answer=acknowledged):
            reported.told = status

    def _time_out(self, outlet: Outlet) -> None:
        outlet.wait_timer = None
        self._on_time_out(outlet)
