from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from ohmstead.errors import DataError
from ohmstead.ykc.codes import GunStatus, HardwareFault, PriceClass
from ohmstead.ykc.cp56time import WallTime
from ohmstead.ykc.frame import MAX_BODY_SIZE, Frame, FrameDecoder, encode
from ohmstead.ykc.layout import REGISTRY, Direction, Message
from ohmstead.ykc.messages import message_of
from ohmstead.ykc.messages.battery import BmsDemand
from ohmstead.ykc.messages.link import Login, LoginResult, Model, Prices, TimeSet
from ohmstead.ykc.messages.orders import RemoteStart, StartRequest, TransactionRecord
from ohmstead.ykc.messages.realtime import Realtime
from ohmstead.ykc.messages.service import Card, QrPrefix, QueryCardsResult, StoreCards
from tests.ykc import vectors

BODY_SIZES = {
    0x01: 30,
    0x02: 8,
    0x03: 9,
    0x04: 9,
    0x05: 9,
    0x06: 10,
    0x09: 7,
    0x0A: 90,
    0x12: 8,
    0x13: 60,
    0x15: 73,
    0x17: 45,
    0x19: 39,
    0x1B: 32,
    0x1D: 28,
    0x21: 28,
    0x23: 44,
    0x25: 31,
    0x31: 51,
    0x32: 38,
    0x34: 44,
    0x33: 26,
    0x36: 8,
    0x35: 10,
    0x3B: 158,
    0x3D: 201,
    0x40: 17,
    0x42: 20,
    0x41: 16,
    0x43: 9,
    0x52: 9,
    0x51: 8,
    0x56: 14,
    0x55: 14,
    0x58: 90,
    0x57: 8,
    0x61: 16,
    0x62: 13,
    0x63: 13,
    0x92: 8,
    0x91: 8,
    0x94: 94,
    0x93: 8,
    0xA1: 58,
    0xA2: 44,
    0xA4: 50,
    0xA3: 33,
    0xF1: 8,
}
OPEN_BODY_SIZES = {0x44: 7, 0x46: 7, 0x45: 7, 0x48: 7, 0x47: 7, 0xF0: 8}


def decoded(data: str) -> Message:
    (frame,) = FrameDecoder().feed(bytes.fromhex(data))
    assert isinstance(frame, Frame)
    found = message_of(frame.type, frame.body)
    assert found is not None
    return found


def test_every_frame_of_the_list_is_there_and_has_its_size() -> None:
    assert {kind: cls.LAYOUT.size for kind, cls in REGISTRY.items()} == BODY_SIZES | OPEN_BODY_SIZES


def test_odd_types_come_from_the_pile_and_replies_go_the_other_way() -> None:
    for kind, cls in REGISTRY.items():
        assert (cls.DIRECTION is Direction.UP) == bool(kind % 2)
        if cls.REPLY is not None:
            assert REGISTRY[cls.REPLY].DIRECTION is not cls.DIRECTION


@pytest.mark.parametrize("name", vectors.ALL)
def test_vectors_encode_to_the_same_bytes(name: str) -> None:
    data, order = vectors.ALL[name]
    (frame,) = FrameDecoder().feed(bytes.fromhex(data))
    assert isinstance(frame, Frame)
    body = decoded(data).to_bytes()
    assert encode(Frame(frame.seq, frame.type, body), order).hex().upper() == data


def test_logins() -> None:
    assert decoded(vectors.LOGIN) == Login(
        pile="20231212000010",
        kind=1,
        guns=1,
        version=1.6,
        software="GV.95r13",
        network=0,
        sim="898604D11722D0348606",
        operator=2,
    )
    dc = decoded(vectors.DC_LOGIN)
    assert isinstance(dc, Login)
    assert (dc.kind, dc.guns, dc.software, dc.network) == (0, 2, "V1.4.1.5", 1)
    assert decoded(vectors.LOGIN_OK) == LoginResult(pile="20231212000010", result=0)


def test_realtime_data() -> None:
    charging = decoded(vectors.CHARGING)
    assert isinstance(charging, Realtime)
    assert charging.status == GunStatus.CHARGING
    assert (charging.gun, charging.voltage_v, charging.current_a) == ("02", 373.2, 101.2)
    assert (charging.cable_c, charging.soc_percent, charging.battery_c) == (34.0, 78, 35.0)
    assert (charging.charged_min, charging.left_min) == (16, 32)
    assert (charging.energy_kwh, charging.amount_yuan, charging.faults) == (8.8, 9.328, 0)
    idle = Realtime(pile="1" * 14, gun="01", status=GunStatus.IDLE, plugged=0)
    assert idle.to_bytes()[31:33] == bytes(2)
    assert Realtime.from_bytes(idle.to_bytes()).cable_c is None


def test_time_set() -> None:
    at = datetime(2024, 12, 18, 17, 15, 30)  # noqa: DTZ001
    assert decoded(vectors.TIME_SET) == TimeSet(pile="20231212000010", time=WallTime(at=at))


def test_an_order_from_start_to_bill() -> None:
    start = decoded(vectors.START)
    assert isinstance(start, RemoteStart)
    assert start.balance_yuan == 100.0
    bill = decoded(vectors.RECORD)
    assert isinstance(bill, TransactionRecord)
    assert bill.started is not None
    assert bill.ended is not None
    assert (bill.ended.at - bill.started.at).total_seconds() == 322
    assert [share.price_per_kwh for share in bill.shares] == [1.5, 1.3, 1.1, 0.9]
    assert bill.shares[PriceClass.VALLEY].energy_kwh == bill.energy_kwh == 0.165
    assert (bill.amount_yuan, bill.started_by, bill.stop_reason) == (0.14, 1, 0x40)


def test_a_captured_demand() -> None:
    demand = decoded(vectors.DEMAND)
    assert isinstance(demand, BmsDemand)
    assert (demand.demand_v, demand.measured_v, demand.charger_v) == (700.8, 661.9, 664.1)
    assert (demand.demand_raw_a, demand.measured_raw_a, demand.charger_raw_a) == (56.8, 61.1, 56.6)
    assert (demand.cell_v, demand.cell >> 12) == (3.45, 0)
    assert (demand.soc_percent, demand.left_min, demand.charged_min) == (95, 6, 48)


def test_a_price_of_0_4_yuan_has_its_low_byte_first() -> None:
    prices = Prices.from_bytes(bytes.fromhex("409C0000" * 8))
    assert prices.flat_service_per_kwh == 0.4
    assert prices.totals_per_kwh == (0.8, 0.8, 0.8, 0.8)
    model = Model(pile="1" * 14, model="0100", prices=prices, half_hours=(3,) * 14 + (0,) * 34)
    assert Model.from_bytes(model.to_bytes()) == model
    with pytest.raises(DataError, match="half_hours: 47 values, needs 48"):
        Model(pile="1" * 14, model="0100", prices=prices, half_hours=(0,) * 47).to_bytes()


def test_a_vin_is_reversed_in_a_start_request_only() -> None:
    request = StartRequest(pile="1" * 14, gun="01", mode=3, vin_reversed="1G1FW6S0XH4100000"[::-1])
    assert request.to_bytes()[34:] == b"0000014HX0S6WF1G1"
    assert request.vin == "1G1FW6S0XH4100000"


def test_lists_of_cards() -> None:
    cards = tuple(Card(logical=f"{i:016d}", physical=f"{i:016X}") for i in range(3))
    store = StoreCards(pile="1" * 14, cards=cards)
    assert len(store.to_bytes()) == 8 + 16 * 3
    assert StoreCards.from_bytes(store.to_bytes()) == store
    with pytest.raises(DataError, match="12 items"):
        StoreCards(pile="1" * 14, cards=cards * 4).to_bytes()
    with pytest.raises(DataError, match="3 × Card need 48 bytes, found 47"):
        StoreCards.from_bytes(store.to_bytes()[:-1])
    known = QueryCardsResult.from_bytes(bytes(7) + bytes(9) * 2 + b"rest")
    assert len(known.cards) == 2


def test_a_text_with_its_length() -> None:
    prefix = decoded(vectors.QR_PREFIX)
    assert isinstance(prefix, QrPrefix)
    assert len(prefix.prefix) == 81
    assert prefix.prefix.startswith("https://charging.fzcsny.com/")
    with pytest.raises(DataError, match="text of 9 bytes"):
        QrPrefix.from_bytes(bytes(8) + b"\x09short")


def test_fault_bits() -> None:
    assert HardwareFault(0b1_0000_0000_0001) == HardwareFault.DOOR_OPEN | HardwareFault.EMERGENCY_STOP


def test_an_unknown_type_is_no_message() -> None:
    assert message_of(0x7F, b"anything") is None


def _mutations() -> list[Callable[[random.Random, bytes], bytes]]:
    return [
        lambda rng, body: body[: rng.randint(0, len(body))],
        lambda rng, body: body + rng.randbytes(rng.randint(0, 20)),
        lambda rng, body: rng.randbytes(len(body)),
        lambda rng, body: rng.randbytes(rng.randint(0, MAX_BODY_SIZE)),
    ]


def test_100_000_random_bodies() -> None:
    """Whatever a body holds, it is decoded, unknown or refused; what is decoded is encoded back."""
    rng = random.Random(11)
    kinds: list[tuple[int, type[Message] | None]] = [*REGISTRY.items(), (0x7E, None)]
    mutations = _mutations()
    outcomes: dict[str, int] = {"decoded": 0, "refused": 0, "unknown": 0}
    for _ in range(100_000):
        kind, cls = rng.choice(kinds)
        size = cls.LAYOUT.size if cls else 10
        body = rng.choice(mutations)(rng, bytes(size))
        try:
            found: Any = message_of(kind, body)
        except DataError:
            outcomes["refused"] += 1
            continue
        if found is None:
            outcomes["unknown"] += 1
            continue
        outcomes["decoded"] += 1
        if rng.random() < 0.05:
            assert cls is not None
            try:
                again = found.to_bytes()
            except DataError as error:
                assert "items" in str(error)  # noqa: PT017 - a list may be longer than we would send
            else:
                assert cls.from_bytes(again) == found
    assert min(outcomes.values()) > 1000
