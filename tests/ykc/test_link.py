from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ohmstead.ykc.crc import CrcOrder
from ohmstead.ykc.frame import Frame, FrameDecoder, encode
from ohmstead.ykc.layout import Direction
from ohmstead.ykc.link import MAX_NOISE_BYTES, PARTIAL_FRAME_S, Ignored, Link, Received
from ohmstead.ykc.messages.link import HeartbeatReply, LoginResult
from ohmstead.ykc.quirks import CrcMode
from tests.ykc import vectors

NOW = datetime(2026, 1, 1, tzinfo=UTC)
P = "20231212000010"


def platform(crc: CrcMode = CrcMode.LE) -> Link:
    return Link(Direction.DOWN, crc)


def sent(link: Link) -> Frame:
    (frame,) = FrameDecoder().feed(link.take())
    assert isinstance(frame, Frame)
    return frame


def test_a_reply_repeats_the_two_bytes_unchanged() -> None:
    link = platform()
    (login,) = link.receive(bytes.fromhex(vectors.LOGIN), NOW)
    assert isinstance(login, Received)
    assert login.seq == b"\x00\x19"
    link.send(LoginResult(pile=P, result=0), login.seq)
    assert link.take().hex().upper() == vectors.LOGIN_OK


def test_own_frames_count_from_zero_and_wrap() -> None:
    link = platform()
    seqs = [link.send(HeartbeatReply(pile=P, gun="01")) for _ in range(0x10001)]
    assert seqs[:2] == [b"\x00\x00", b"\x01\x00"]
    assert seqs[0xFFFF] == b"\xff\xff"
    assert seqs[0x10000] == b"\x00\x00"
    link.reset()
    assert link.send(HeartbeatReply(pile=P, gun="01")) == b"\x00\x00"


def test_either_order_is_read_and_mirrored_where_asked() -> None:
    mirror = platform(CrcMode.MIRROR)
    mirror.receive(bytes.fromhex(vectors.HEARTBEAT), NOW)
    assert mirror.learnt_order is CrcOrder.BE
    mirror.send(HeartbeatReply(pile=P, gun="01"))
    assert sent(mirror).order is CrcOrder.BE
    plain = platform()
    plain.receive(bytes.fromhex(vectors.HEARTBEAT), NOW)
    plain.send(HeartbeatReply(pile=P, gun="01"))
    assert sent(plain).order is CrcOrder.LE


def test_what_is_of_no_use_is_said_in_words() -> None:
    def why(data: bytes) -> str:
        (item,) = platform().receive(data, NOW)
        assert isinstance(item, Ignored)
        return item.why

    assert "encrypted" in why(encode(Frame(b"\0\0", 0x01, bytes(32), encrypted=True)))
    assert "too short" in why(encode(Frame(b"\0\0", 0x01, bytes(29))))
    assert "unknown type" in why(encode(Frame(b"\0\0", 0x7F, b"\xab")))
    assert "wrong side" in why(bytes.fromhex(vectors.LOGIN_OK))
    assert "no frame: 00" in why(b"\0\0\0")


def test_the_rest_of_a_frame_may_take_a_while_but_not_for_ever() -> None:
    link = platform()
    data = bytearray(bytes.fromhex(vectors.LOGIN))
    data[1] = 0xF0
    assert link.receive(bytes(data) + bytes.fromhex(vectors.HEARTBEAT), NOW) == []
    assert link.next_timeout() == NOW + timedelta(seconds=PARTIAL_FRAME_S)
    assert link.expire(NOW) == []
    noise, heartbeat = link.expire(NOW + timedelta(seconds=PARTIAL_FRAME_S))
    assert isinstance(noise, Ignored)
    assert isinstance(heartbeat, Received)
    assert link.next_timeout() is None


def test_another_protocol_is_given_up() -> None:
    link = platform()
    link.receive(b"GET / HTTP/1.1\r\n" * (MAX_NOISE_BYTES // 16 + 1), NOW)
    assert link.hopeless is not None
    assert "not YunKuaiChong" in link.hopeless


def test_noise_between_good_frames_is_not_added_up() -> None:
    link = platform()
    for _ in range(100):
        link.receive(b"x" * 100 + bytes.fromhex(vectors.HEARTBEAT), NOW)
    assert link.hopeless is None


def test_version_2_is_named() -> None:
    link = platform()
    link.receive(bytes.fromhex("68008B010098B70E111003140001") + bytes(128), NOW)
    assert link.hopeless is not None
    assert "version 2" in link.hopeless
