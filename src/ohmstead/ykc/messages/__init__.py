"""Every frame of the protocol as a class; importing this package fills the registry of layouts."""

from __future__ import annotations

from ohmstead.ykc.layout import REGISTRY, Message
from ohmstead.ykc.messages import battery, link, orders, realtime, service

__all__ = ["Message", "battery", "link", "message_of", "orders", "realtime", "service"]


def message_of(frame_type: int, body: bytes) -> Message | None:
    """The message in a frame's body; ``None`` for a type that nobody here knows.

    Raises:
        DataError: the body is shorter than its type needs.
    """
    found = REGISTRY.get(frame_type)
    return None if found is None else found.from_bytes(body)
