"""Rooms and floors of the sample home: one of each state that a page has to show."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from ohmstead.web.schema import (
    FloorRoomInfo,
    FloorsInfo,
    HeatingCycleInfo,
    HeatingPayload,
    HeatingProblemInfo,
    LearningInfo,
    PastCycleInfo,
    RadiatorRoomInfo,
    ValveInfo,
)


def sample_heating(now: datetime) -> HeatingPayload:
    """Three radiator rooms, and seven rooms on two floors, the ground floor heated."""
    return HeatingPayload(at=now, floors=_floors(now), radiators=[_kitchen(now), _study(now), _attic(now)])


def _past(now: datetime, count: int) -> list[PastCycleInfo]:
    return [
        PastCycleInfo(
            ended_at=now - timedelta(minutes=55 * (i + 1)),
            duration_s=1180.0 + 37.0 * (i % 4),
            overshoot_k=None if i == 3 else 0.1 * (i % 3),
            valid=i != 3,
            invalid="window opened" if i == 3 else None,
        )
        for i in range(count)
    ]


def _kitchen(now: datetime) -> RadiatorRoomInfo:
    return RadiatorRoomInfo(
        id="kitchen",
        name="Kitchen",
        state="HEATING",
        reason="20.7 °C is below the target of 21.0 °C; heats for 1180 s by prediction.",
        since=now - timedelta(minutes=9),
        next_at=now + timedelta(seconds=640),
        target_c=21.0,
        measured_c=20.8,
        valves=[
            ValveInfo(
                id="window", enabled=True, available=True, wanted="open", setpoint_c=30.0, follows=True
            ),
            ValveInfo(
                id="corner", enabled=True, available=False, wanted="open", setpoint_c=None, follows=False
            ),
        ],
        cycle=HeatingCycleInfo(
            started_at=now - timedelta(minutes=9),
            mode="LEARNED",
            start_c=20.7,
            target_c=21.0,
            elapsed_s=540.0,
            planned_s=1180.0,
        ),
        last_cycles=_past(now, 10),
        learning=LearningInfo(
            complete=True,
            valid_cycles=47,
            needed_cycles=10,
            avg_duration_s=1240.0,
            time_offset_s=60.0,
            s_per_k=2950.0,
            overshoot_k=0.11,
        ),
        problems=[
            HeatingProblemInfo(
                code="trv_unavailable", subject="corner", message="The valve corner does not answer."
            )
        ],
    )


def _study(now: datetime) -> RadiatorRoomInfo:
    return RadiatorRoomInfo(
        id="study",
        name="Study",
        state="IDLE",
        reason="20.1 °C is warm enough for the target of 20.0 °C.",
        since=now - timedelta(minutes=31),
        target_c=20.0,
        measured_c=20.1,
        valves=[
            ValveInfo(id="trv", enabled=True, available=True, wanted="shut", setpoint_c=5.0, follows=True)
        ],
        last_cycles=_past(now, 2),
        learning=LearningInfo(
            complete=False,
            valid_cycles=3,
            needed_cycles=10,
            avg_duration_s=1420.0,
            time_offset_s=35.0,
            s_per_k=3100.0,
            overshoot_k=0.25,
        ),
    )


def _attic(now: datetime) -> RadiatorRoomInfo:
    return RadiatorRoomInfo(
        id="attic",
        name="Attic room",
        state="VENT",
        reason="A window is open: airing, the valves are shut.",
        since=now - timedelta(minutes=4),
        target_c=21.5,
        measured_c=18.9,
        window_open=True,
        valves=[
            ValveInfo(id="trv", enabled=True, available=True, wanted="shut", setpoint_c=5.0, follows=True)
        ],
        learning=LearningInfo(complete=False, valid_cycles=0, needed_cycles=10),
    )


def _floors(now: datetime) -> FloorsInfo:
    def room(
        name: str, floor: Literal["GF", "FF"], measured_c: float | None, target_c: float, opened: bool = False
    ) -> FloorRoomInfo:
        return FloorRoomInfo(
            id=name.lower().replace(" ", "_"),
            name=name,
            floor=floor,
            available=measured_c is not None,
            measured_c=measured_c,
            setpoint_c=None if measured_c is None else target_c if opened else 7.0,
            target_c=target_c,
            priority=50.0,
            open=opened,
            heating=opened,
            heating_min=47.0 if opened else 0.0,
        )

    resting = room("Office", "GF", 20.4, 21.0).model_copy(
        update={"cooldown_until": now + timedelta(minutes=14)}
    )
    return FloorsInfo(
        state="HEAT_GF",
        reason="The ground floor needs heat most.",
        reason_code="demand",
        since=now - timedelta(minutes=47),
        floor="GF",
        pump_on=True,
        outdoor_c=4.5,
        quota_min=210.0,
        quota_remaining_min=64.0,
        pump_on_min_today=146.0,
        pump_starts_today=3,
        min_on_left_s=0.0,
        min_off_left_s=0.0,
        floor_hold_left_s=0.0,
        off_window=("01:00", "06:00"),
        rooms=[
            resting,
            room("Bath ground floor", "GF", 22.6, 23.0, opened=True),
            room("Living room", "GF", 20.9, 21.5, opened=True),
            room("Bedroom", "FF", 19.4, 19.5),
            room("Bath first floor", "FF", 22.1, 23.0),
            room("Corner room", "FF", None, 21.0),
            room("Terrace room", "FF", 20.8, 21.0),
        ],
    )
