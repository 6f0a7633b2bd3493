from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ohmstead.ocpp.charge_point.connector import Status
from ohmstead.ocpp.charge_point.reservation import Reservation, may_use, reserve

NOW = datetime(2026, 3, 1, tzinfo=UTC)
FREE = {1: Status.AVAILABLE, 2: Status.AVAILABLE}


def held(
    reservation_id: int, connector_id: int, id_tag: str = "ANNA", parent: str | None = None
) -> Reservation:
    return Reservation(
        reservation_id=reservation_id,
        connector_id=connector_id,
        id_tag="ANNA",
        expires_at=NOW + timedelta(hours=1),
        parent_id_tag=parent,
    )


def test_the_connectors_state_decides() -> None:
    for status, answer in (
        (Status.AVAILABLE, "Accepted"),
        (Status.FAULTED, "Faulted"),
        (Status.UNAVAILABLE, "Unavailable"),
        (Status.CHARGING, "Occupied"),
        (Status.FINISHING, "Occupied"),
    ):
        assert reserve(held(1, 1), [], FREE | {1: status}, NOW) == answer


def test_the_same_id_replaces_and_another_is_occupied() -> None:
    reserved = FREE | {1: Status.RESERVED}
    assert reserve(held(1, 1), [held(1, 1)], reserved, NOW) == "Accepted"
    assert reserve(held(2, 1), [held(1, 1)], reserved, NOW) == "Occupied"


def test_any_connector_needs_one_that_nobody_has() -> None:
    assert reserve(held(1, 0), [], FREE, NOW) == "Accepted"
    assert reserve(held(1, 0), [held(2, 0), held(3, 0)], FREE, NOW) == "Occupied"
    assert reserve(held(1, 0), [], dict.fromkeys((1, 2), Status.FAULTED), NOW) == "Faulted"


def test_only_the_tag_or_its_group_may_use_it() -> None:
    mine = held(1, 1, parent="HOME")
    assert may_use(1, "anna", None, [mine], [1, 2]) == (True, mine)
    assert may_use(1, "BERT", "home", [mine], [1, 2]) == (True, mine)
    assert may_use(1, "EVE", "OTHER", [mine], [1, 2]) == (False, None)
    assert may_use(2, "EVE", None, [mine], [1, 2]) == (True, None)


def test_one_connector_stays_free_for_a_reservation_of_any() -> None:
    any_one = held(1, 0)
    assert may_use(1, "EVE", None, [any_one], [1, 2]) == (True, None)
    assert may_use(2, "EVE", None, [any_one], [2]) == (False, None)
    assert may_use(2, "ANNA", None, [any_one], [2]) == (True, any_one)
