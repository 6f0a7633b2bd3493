"""The names and ids of ours that never change, so that clients find again what they knew."""

from __future__ import annotations

from uuid import UUID, uuid5

from ohmstead.nymea.schema import braced

_OURS = UUID("6b1f2f34-52d1-5d7e-9a52-6f686d737464")
"""Namespace of all ids made from names (RFC 9562, version 5)."""

NYMEA_VERSION = "1.15.2"
"""What clients take for nymea's own version; they look at it before they look at the API's."""


def id_of(kind: str, name: str) -> str:
    """The id of something by its kind and name: the same in every run and on every machine."""
    return braced(uuid5(_OURS, f"{kind}:{name}"))


VENDOR_ID = id_of("vendor", "ohmstead")
PLUGIN_ID = id_of("plugin", "ohmstead")
