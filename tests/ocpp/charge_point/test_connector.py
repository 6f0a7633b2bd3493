from __future__ import annotations

import random
from dataclasses import replace

from ohmstead.ocpp.charge_point.connector import ConnectorState, Status, main_status

# The table of OCPP 1.6 §4.9 as the standard gives it, from → to; B8 (Preparing → Unavailable) is added: a
# ChangeAvailability without a transaction takes effect at once (§5.2).
ALLOWED = {
    "Available": "Preparing Charging SuspendedEV SuspendedEVSE Reserved Unavailable Faulted",
    "Preparing": "Available Charging SuspendedEV SuspendedEVSE Finishing Unavailable Faulted",
    "Charging": "Available SuspendedEV SuspendedEVSE Finishing Unavailable Faulted",
    "SuspendedEV": "Available Charging SuspendedEVSE Finishing Unavailable Faulted",
    "SuspendedEVSE": "Available Charging SuspendedEV Finishing Unavailable Faulted",
    "Finishing": "Available Preparing Unavailable Faulted",
    "Reserved": "Available Preparing Unavailable Faulted",
    "Unavailable": "Available Preparing Charging SuspendedEV SuspendedEVSE Faulted",
    "Faulted": "Available Preparing Charging SuspendedEV SuspendedEVSE Finishing Reserved Unavailable",
}

EVENTS = ["plug", "unplug", "authorise", "begin", "end", "give_up", "flow", "fault", "op"]


def test_no_course_of_events_makes_a_transition_that_the_standard_does_not_know() -> None:
    rng = random.Random(49)
    seen: set[tuple[str, str]] = set()
    for _ in range(3000):
        state = ConnectorState()
        for _ in range(12):
            before = state
            match rng.choice(
                ["plug", "unplug", "authorise", "begin", "end", "give_up", "flow", "fault", "op"]
            ):
                case "plug":
                    state = state.plug()
                case "unplug" if not state.in_transaction:
                    state = state.unplug()
                case "authorise" if state.is_free and not state.in_transaction:
                    state = state.authorise()
                case "begin" if state.plugged and state.authorised and not state.in_transaction:
                    state = state.begin()
                case "end" if state.in_transaction:
                    state = state.end()
                case "give_up" if state.is_waiting:
                    state = state.give_up()
                case "flow" if state.in_transaction:
                    state = replace(state, evse_offers=rng.random() < 0.5, ev_takes=rng.random() < 0.5)
                case "fault":
                    state = replace(state, error_code=rng.choice(["NoError", "GroundFailure"]))
                case "op" if not state.in_transaction and state.status is not Status.FAULTED:
                    state = replace(state, authorised=False).with_availability(not state.operative)
            if state.status is not before.status:
                assert state.status in ALLOWED[before.status].split(), (before, state)
                seen.add((before.status, state.status))
    assert len(seen) > 30


def test_suspended_evse_wins_over_suspended_ev() -> None:
    state = ConnectorState().plug().begin()
    assert replace(state, evse_offers=False, ev_takes=False).status is Status.SUSPENDED_EVSE
    assert replace(state, ev_takes=False).status is Status.SUSPENDED_EV


def test_preparing_to_finishing_exists() -> None:
    state = ConnectorState().plug()
    assert state.status is Status.PREPARING
    assert state.give_up().status is Status.FINISHING
    assert ConnectorState().authorise().give_up().status is Status.AVAILABLE


def test_connector_0_is_only_available_unavailable_or_faulted() -> None:
    assert main_status(operative=True) is Status.AVAILABLE
    assert main_status(operative=False) is Status.UNAVAILABLE
    assert main_status(operative=True, error_code="GroundFailure") is Status.FAULTED
