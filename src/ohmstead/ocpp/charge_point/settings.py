"""What a charge point is told at its start."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ohmstead.ocpp.charge_point.backoff import Backoff
from ohmstead.ocpp.session import CALL_TIMEOUT_S
from ohmstead.ocpp.smart_charging import Supply

DEFAULT_SUPPLY = Supply(max_a=32.0, phases=3)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChargePointSettings:
    """One charge point.

    Attributes:
        url: of the central system without the identity, as ``ws://host:port/ocpp``.
        identity: the last part of the connection's address.
        connectors: what each can give, by its id from 1 on.
        password: of basic authentication, 16 to 20 bytes (security profiles 1 and 2).
        security_profile: 0 to 3 (security whitepaper §2).
        ca_file: PEM of the authorities that the central system's certificate is checked against; without
            it the machine's own.
        client_certificate: PEM chain, and the key, of this charge point (profile 3).
        step_s: between two looks at the car while it charges.
        boot_time_s: a reset takes so long.
        keeps_transactions: what runs when it is stopped goes on after the next start, as the standard leaves
            open; without it, it ends with the reason ``Reboot``. A power cut ends it in any case.
        follow_server_time: take the time of day from the central system.
        configuration: keys that differ from the table's defaults, until they are changed.
    """

    url: str
    identity: str
    vendor: str = "Ohmstead"
    model: str = "Charge Point"
    serial_number: str = ""
    firmware_version: str = "1.0"
    connectors: Mapping[int, Supply] = field(default_factory=lambda: {1: DEFAULT_SUPPLY})
    password: bytes | None = None
    security_profile: int = 0
    ca_file: Path | None = None
    client_certificate: Path | None = None
    client_key: Path | None = None
    backoff: Backoff = field(default_factory=Backoff)
    call_timeout_s: float = CALL_TIMEOUT_S
    step_s: float = 5.0
    boot_time_s: float = 0.0
    keeps_transactions: bool = False
    follow_server_time: bool = False
    configuration: Mapping[str, str] = field(default_factory=dict)
