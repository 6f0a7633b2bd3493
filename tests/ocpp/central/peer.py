"""A charger made with the Mobility House's ``ocpp`` library, and a vehicle on its cable.

It shares no code with ours: frames, schemas' judging and routing are the library's.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from ocpp.routing import on
from ocpp.v16 import ChargePoint, call, call_result
from websockets.asyncio.client import connect

VOLTAGE_V = 230.0


def now_text() -> str:
    """The time, as the library wants it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass
class Behaviour:
    """How well the charger behaves.

    Args:
        refuses: says whether it refuses a profile (connector, profile).
        ignores: accepts limits and does not keep them.
        tells_schedule: answers GetCompositeSchedule.
        measures: sends meter values when it is triggered.
        silent: actions that it never answers.
    """

    refuses: Callable[[int, dict[str, Any]], bool] = lambda _connector, _profile: False
    ignores: bool = False
    tells_schedule: bool = True
    measures: bool = True
    silent: set[str] = field(default_factory=set)
    units: str = "Current,Power"
    max_stack_level: str = "3"
    max_a: float = 16.0
    phases: int = 3


class PeerCharger(ChargePoint):
    """A charger with one connector."""

    def __init__(self, identity: str, websocket: Any, behaviour: Behaviour | None = None) -> None:
        super().__init__(identity, websocket, response_timeout=60)
        self.behaviour = behaviour or Behaviour()
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.profiles: dict[str, tuple[int, dict[str, Any]]] = {}
        self.keys = {
            "ChargingScheduleAllowedChargingRateUnit": self.behaviour.units,
            "ChargeProfileMaxStackLevel": self.behaviour.max_stack_level,
            "NumberOfConnectors": "1",
            "MeterValueSampleInterval": "60",
            "MeterValuesSampledData": "Energy.Active.Import.Register",
        }
        self.status = "Available"
        self.transaction_id: int | None = None
        self.energy_wh = 1000.0
        self._background: set[asyncio.Task[Any]] = set()

    @property
    def current_a(self) -> float:
        """What the vehicle takes on each phase."""
        if self.transaction_id is None:
            return 0.0
        limit_a = self.behaviour.max_a if self.behaviour.ignores else self.limit_a
        return limit_a if limit_a >= 6.0 else 0.0

    @property
    def phases(self) -> int:
        """On how many phases."""
        return min([self.behaviour.phases, *(p["phases"] or 3 for p in self._periods())])

    @property
    def limit_a(self) -> float:
        """The lowest limit in force."""
        limits = [self.behaviour.max_a]
        for period in self._periods():
            per_amp = 1.0 if period["unit"] == "A" else VOLTAGE_V * self.behaviour.phases
            limits.append(float(period["limit"]) / per_amp)
        return min(limits)

    def _periods(self) -> list[dict[str, Any]]:
        found = []
        for _, profile in self.profiles.values():
            schedule = profile["charging_schedule"]
            first = schedule["charging_schedule_period"][0]
            found.append(
                {
                    "limit": first["limit"],
                    "phases": first.get("number_phases"),
                    "unit": schedule["charging_rate_unit"],
                }
            )
        return found

    async def boot(self, vendor: str = "Peer", model: str = "House") -> Any:
        """BootNotification."""
        return await self.call(call.BootNotification(charge_point_model=model, charge_point_vendor=vendor))

    async def show(self, status: str, error_code: str = "NoError") -> None:
        """Tell a status of connector 1."""
        self.status = status
        await self.call(
            call.StatusNotification(
                connector_id=1, error_code=error_code, status=status, timestamp=now_text()
            )
        )

    async def plug_and_start(self, tag: str = "CARD") -> int:
        """A vehicle comes and is charged."""
        await self.show("Preparing")
        answer = await self.call(
            call.StartTransaction(
                connector_id=1, id_tag=tag, meter_start=round(self.energy_wh), timestamp=now_text()
            )
        )
        self.transaction_id = answer.transaction_id
        await self.show("Charging")
        return int(answer.transaction_id)

    async def stop_and_unplug(self) -> None:
        """The vehicle leaves."""
        await self.call(
            call.StopTransaction(
                meter_stop=round(self.energy_wh), timestamp=now_text(), transaction_id=self.transaction_id
            )
        )
        self.transaction_id = None
        await self.show("Available")

    async def measure(self) -> None:
        """Send meter values of now."""
        amps, phases = self.current_a, self.phases
        sampled: list[dict[str, Any]] = [
            {"value": f"{self.energy_wh:.0f}", "measurand": "Energy.Active.Import.Register", "unit": "Wh"},
            {
                "value": f"{amps * phases * VOLTAGE_V:.1f}",
                "measurand": "Power.Active.Import",
                "unit": "W",
            },
            {"value": "55", "measurand": "SoC", "unit": "Percent"},
        ]
        for index, phase in enumerate(("L1", "L2", "L3")):
            value = amps if index < phases else 0.0
            sampled.append(
                {"value": f"{value:.1f}", "measurand": "Current.Import", "phase": phase, "unit": "A"}
            )
        await self.call(
            call.MeterValues(
                connector_id=1,
                transaction_id=self.transaction_id,
                meter_value=[{"timestamp": now_text(), "sampled_value": sampled}],
            )
        )

    def _soon(self, coroutine: Any) -> None:
        """The library deadlocks where a handler calls back itself."""
        task = asyncio.ensure_future(coroutine)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _note(self, action: str, payload: dict[str, Any]) -> None:
        self.asked.append((action, payload))
        if action in self.behaviour.silent:
            await asyncio.sleep(3600)

    def actions(self) -> list[str]:
        """What was asked, by name."""
        return [action for action, _ in self.asked]

    @on("CancelReservation")
    async def _cancel_reservation(self, **payload: Any) -> Any:
        await self._note("CancelReservation", payload)
        return call_result.CancelReservation(status="Accepted")

    @on("CertificateSigned")
    async def _certificate_signed(self, **payload: Any) -> Any:
        await self._note("CertificateSigned", payload)
        return call_result.CertificateSigned(status="Accepted")

    @on("ChangeAvailability")
    async def _change_availability(self, **payload: Any) -> Any:
        await self._note("ChangeAvailability", payload)
        return call_result.ChangeAvailability(status="Scheduled")

    @on("ChangeConfiguration")
    async def _change_configuration(self, **payload: Any) -> Any:
        await self._note("ChangeConfiguration", payload)
        if payload["key"] not in self.keys and payload["key"] != "AuthorizationKey":
            return call_result.ChangeConfiguration(status="NotSupported")
        if payload["key"] == "MeterValuesSampledData" and "SoC" in payload["value"]:
            return call_result.ChangeConfiguration(status="Rejected")
        self.keys[payload["key"]] = payload["value"]
        return call_result.ChangeConfiguration(status="Accepted")

    @on("ClearCache")
    async def _clear_cache(self, **payload: Any) -> Any:
        await self._note("ClearCache", payload)
        return call_result.ClearCache(status="Accepted")

    @on("ClearChargingProfile")
    async def _clear_charging_profile(self, **payload: Any) -> Any:
        await self._note("ClearChargingProfile", payload)
        for key, (_, profile) in list(self.profiles.items()):
            if payload.get("id") in (None, profile["charging_profile_id"]):
                del self.profiles[key]
        return call_result.ClearChargingProfile(status="Accepted")

    @on("DataTransfer")
    async def _data_transfer(self, **payload: Any) -> Any:
        await self._note("DataTransfer", payload)
        return call_result.DataTransfer(status="Accepted", data="pong")

    @on("DeleteCertificate")
    async def _delete_certificate(self, **payload: Any) -> Any:
        await self._note("DeleteCertificate", payload)
        return call_result.DeleteCertificate(status="NotFound")

    @on("ExtendedTriggerMessage")
    async def _extended_trigger_message(self, **payload: Any) -> Any:
        await self._note("ExtendedTriggerMessage", payload)
        return call_result.ExtendedTriggerMessage(status="Accepted")

    @on("GetCompositeSchedule")
    async def _get_composite_schedule(self, **payload: Any) -> Any:
        await self._note("GetCompositeSchedule", payload)
        if not self.behaviour.tells_schedule:
            return call_result.GetCompositeSchedule(status="Rejected")
        limit = self.behaviour.max_a if self.behaviour.ignores else self.limit_a
        return call_result.GetCompositeSchedule(
            status="Accepted",
            connector_id=payload["connector_id"],
            schedule_start=now_text(),
            charging_schedule={
                "charging_rate_unit": "A",
                "charging_schedule_period": [{"start_period": 0, "limit": limit, "number_phases": 3}],
            },
        )

    @on("GetConfiguration")
    async def _get_configuration(self, **payload: Any) -> Any:
        await self._note("GetConfiguration", payload)
        wanted = payload.get("key") or list(self.keys)
        return call_result.GetConfiguration(
            configuration_key=[
                {"key": key, "readonly": False, "value": self.keys[key]} for key in wanted if key in self.keys
            ],
            unknown_key=[key for key in wanted if key not in self.keys],
        )

    @on("GetDiagnostics")
    async def _get_diagnostics(self, **payload: Any) -> Any:
        await self._note("GetDiagnostics", payload)
        return call_result.GetDiagnostics(file_name="diagnostics.zip")

    @on("GetInstalledCertificateIds")
    async def _get_installed_certificate_ids(self, **payload: Any) -> Any:
        await self._note("GetInstalledCertificateIds", payload)
        return call_result.GetInstalledCertificateIds(status="NotFound")

    @on("GetLocalListVersion")
    async def _get_local_list_version(self, **payload: Any) -> Any:
        await self._note("GetLocalListVersion", payload)
        return call_result.GetLocalListVersion(list_version=7)

    @on("GetLog")
    async def _get_log(self, **payload: Any) -> Any:
        await self._note("GetLog", payload)
        return call_result.GetLog(status="Accepted", filename="log.txt")

    @on("InstallCertificate")
    async def _install_certificate(self, **payload: Any) -> Any:
        await self._note("InstallCertificate", payload)
        return call_result.InstallCertificate(status="Accepted")

    @on("RemoteStartTransaction")
    async def _remote_start_transaction(self, **payload: Any) -> Any:
        await self._note("RemoteStartTransaction", payload)
        self._soon(self.plug_and_start(payload["id_tag"]))
        return call_result.RemoteStartTransaction(status="Accepted")

    @on("RemoteStopTransaction")
    async def _remote_stop_transaction(self, **payload: Any) -> Any:
        await self._note("RemoteStopTransaction", payload)
        if payload["transaction_id"] != self.transaction_id:
            return call_result.RemoteStopTransaction(status="Rejected")
        self._soon(self.stop_and_unplug())
        return call_result.RemoteStopTransaction(status="Accepted")

    @on("ReserveNow")
    async def _reserve_now(self, **payload: Any) -> Any:
        await self._note("ReserveNow", payload)
        return call_result.ReserveNow(status="Accepted")

    @on("Reset")
    async def _reset(self, **payload: Any) -> Any:
        await self._note("Reset", payload)
        return call_result.Reset(status="Accepted")

    @on("SendLocalList")
    async def _send_local_list(self, **payload: Any) -> Any:
        await self._note("SendLocalList", payload)
        return call_result.SendLocalList(status="Accepted")

    @on("SetChargingProfile")
    async def _set_charging_profile(self, **payload: Any) -> Any:
        await self._note("SetChargingProfile", payload)
        connector, profile = payload["connector_id"], payload["cs_charging_profiles"]
        if self.behaviour.refuses(connector, profile):
            return call_result.SetChargingProfile(status="Rejected")
        self.profiles[profile["charging_profile_purpose"]] = (connector, profile)
        return call_result.SetChargingProfile(status="Accepted")

    @on("SignedUpdateFirmware")
    async def _signed_update_firmware(self, **payload: Any) -> Any:
        await self._note("SignedUpdateFirmware", payload)
        return call_result.SignedUpdateFirmware(status="Accepted")

    @on("TriggerMessage")
    async def _trigger_message(self, **payload: Any) -> Any:
        await self._note("TriggerMessage", payload)
        if payload["requested_message"] == "StatusNotification":
            self._soon(self.show(self.status))
        elif payload["requested_message"] == "MeterValues" and self.behaviour.measures:
            self._soon(self.measure())
        return call_result.TriggerMessage(status="Accepted")

    @on("UnlockConnector")
    async def _unlock_connector(self, **payload: Any) -> Any:
        await self._note("UnlockConnector", payload)
        return call_result.UnlockConnector(status="Unlocked")

    @on("UpdateFirmware")
    async def _update_firmware(self, **payload: Any) -> Any:
        await self._note("UpdateFirmware", payload)
        return call_result.UpdateFirmware()


class Reachable(Protocol):
    """Something that chargers are pointed at."""

    @property
    def url(self) -> str:
        """As ``ws://host:port/ocpp``."""
        ...


@asynccontextmanager
async def peer_charger(
    central: Reachable, identity: str = "PEER", behaviour: Behaviour | None = None, *, boot: bool = True
) -> AsyncIterator[PeerCharger]:
    """A connected charger."""
    async with connect(
        f"{central.url}/{identity}",
        subprotocols=["ocpp1.6"],  # type: ignore[list-item]
        proxy=None,
    ) as websocket:
        found = PeerCharger(identity, websocket, behaviour)
        running = asyncio.create_task(found.start())
        try:
            if boot:
                await found.boot()
            yield found
        finally:
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await running
            for task in list(found._background):
                task.cancel()


IN_AN_HOUR = datetime.now(UTC) + timedelta(hours=1)
