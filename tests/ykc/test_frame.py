from __future__ import annotations

import random

import pytest

from ohmstead.errors import DataError
from ohmstead.ykc.crc import CrcOrder
from ohmstead.ykc.frame import (
    MAX_BODY_SIZE,
    MAX_FRAME_SIZE,
    Frame,
    FrameDecoder,
    Noise,
    encode,
    looks_like_version_2,
)
from tests.ykc import vectors

STREAM = b"".join(bytes.fromhex(frame) for frame, _ in vectors.ALL.values())
FRAMES = FrameDecoder().feed(STREAM)


@pytest.mark.parametrize("name", vectors.ALL)
def test_checksum_order_and_round_trip(name: str) -> None:
    data, order = vectors.ALL[name]
    (frame,) = FrameDecoder().feed(bytes.fromhex(data))
    assert isinstance(frame, Frame)
    assert frame.order is order
    assert encode(frame, order) == bytes.fromhex(data)


def test_joined_frames_come_in_their_order() -> None:
    assert len(FRAMES) == len(vectors.ALL)
    assert all(isinstance(frame, Frame) for frame in FRAMES)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64])
def test_split_anywhere(size: int) -> None:
    decoder = FrameDecoder()
    found = [f for i in range(0, len(STREAM), size) for f in decoder.feed(STREAM[i : i + size])]
    assert found == FRAMES
    assert not decoder.waiting


def test_noise_between_frames_is_told_and_harms_none() -> None:
    login, time = bytes.fromhex(vectors.LOGIN), bytes.fromhex(vectors.TIME_SET)
    found = FrameDecoder().feed(b"\x00\x68\x01GET /" + login + b"\x68\x03" + time)
    assert [type(f) for f in found] == [Noise, Frame, Noise, Frame]
    assert found[0] == Noise(8, b"\x00\x68\x01GET /")
    assert str(found[2]) == "2 bytes are no frame: 6803"


def test_a_damaged_checksum_loses_one_frame() -> None:
    damaged = bytearray(bytes.fromhex(vectors.LOGIN))
    damaged[-1] ^= 0x55
    found = FrameDecoder().feed(bytes(damaged) + bytes.fromhex(vectors.TIME_SET))
    assert isinstance(found[0], Noise)
    assert found[0].size == len(damaged)
    assert isinstance(found[1], Frame)
    assert found[1].type == 0x56


def test_0x68_in_a_body_is_no_start() -> None:
    frame = Frame(b"\x68\x68", 0x13, b"\x68" * 60)
    data = encode(frame)
    decoder = FrameDecoder()
    assert [f for byte in data for f in decoder.feed(bytes((byte,)))] == [
        Frame(frame.seq, frame.type, frame.body, False, CrcOrder.LE)
    ]


def test_a_length_that_is_too_short_as_one_implementation_sends_it() -> None:
    """Its 04 counts 9 where there are 13 bytes, its 0A 0x5A where there are 0x5E."""
    short_reply = bytearray(encode(Frame(b"\x25\xd3", 0x04, bytes.fromhex("202312120000100100"))))
    short_reply[1] = 0x09
    short_model = bytearray(encode(Frame(b"\x00\x20", 0x0A, bytes(90))))
    short_model[1] = 0x5A
    found = FrameDecoder().feed(bytes(short_reply + short_model) + bytes.fromhex(vectors.LOGIN_OK))
    assert [type(f) for f in found] == [Noise, Frame]
    assert found[0] == Noise(len(short_reply) + len(short_model), bytes(short_reply + short_model)[:48])


def test_a_length_that_is_too_long_is_given_up_for_what_it_hides() -> None:
    damaged = bytearray(bytes.fromhex(vectors.LOGIN_OK))
    damaged[1] = 0xFF
    decoder = FrameDecoder()
    assert decoder.feed(bytes(damaged) + bytes.fromhex(vectors.TIME_SET)) == []
    assert decoder.waiting
    noise, frame = decoder.give_up()
    assert isinstance(noise, Noise)
    assert isinstance(frame, Frame)
    assert frame.type == 0x56
    assert not decoder.waiting


def test_memory_is_bounded() -> None:
    decoder = FrameDecoder()
    rng = random.Random(1)
    for _ in range(20):
        decoder.feed(rng.choice((b"\x68", b"\x68\xff\x00\x00\x00", b"x")) * 5000)
        assert len(decoder._buffer) <= MAX_FRAME_SIZE


def test_an_encrypted_frame_is_marked() -> None:
    (frame,) = FrameDecoder().feed(encode(Frame(b"\0\0", 0x01, bytes(32), encrypted=True)))
    assert isinstance(frame, Frame)
    assert frame.encrypted


def test_a_body_must_fit() -> None:
    (frame,) = FrameDecoder().feed(encode(Frame(b"\0\0", 0x3D, bytes(MAX_BODY_SIZE))))
    assert isinstance(frame, Frame)
    with pytest.raises(DataError, match="252 bytes"):
        encode(Frame(b"\0\0", 0x3D, bytes(MAX_BODY_SIZE + 1)))


def test_version_2_is_recognised() -> None:
    login = bytes.fromhex("68008B0100" + "98B70E11100314" + "0001") + bytes(128)
    assert looks_like_version_2(login)
    for data, _ in vectors.ALL.values():
        assert not looks_like_version_2(bytes.fromhex(data))


def test_100_000_damaged_streams() -> None:
    """Frames around the damage arrive and nothing raises; what passes is what 16 bits cannot tell apart."""
    rng = random.Random(7)
    whole = bytes.fromhex(vectors.HEARTBEAT)
    last = Frame(b"\x12\x34", 0x36, bytes(8))
    end = encode(last) + b"\0" * MAX_FRAME_SIZE
    (intact,) = FrameDecoder().feed(whole)
    passed = 0
    for _ in range(100_000):
        damaged = bytearray(whole)
        for _ in range(rng.randint(1, 3)):
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
        cut = bytes(damaged[: rng.randint(0, len(damaged))])
        frames = [f for f in FrameDecoder().feed(whole + cut + end) if isinstance(f, Frame)]
        assert frames[0] == intact
        assert frames[-1].seq == last.seq
        passed += len(frames) > 2 and cut != whole
    assert passed < 10
