"""What a configuration says about the server for nymea clients."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class NymeaSettings:
    """The server for clients of nymea (JSON-RPC).

    Programs on this computer connect without a login. Others can connect only where ``exposed`` is set:
    with TLS, and with users; the first client that connects creates the first user.
    """

    enabled: bool = True
    """Serve such clients."""
    tcp_port: int = 2223
    """Plain TCP on this computer; 0 takes a free one."""
    websocket_port: int = 4445
    """Plain WebSocket on this computer; 0 takes a free one."""
    exposed: bool = False
    """Also let other computers connect."""
    host: str = "0.0.0.0"  # noqa: S104 - asks for TLS and users
    """Address to listen on for them."""
    tls_port: int = 2222
    """TCP with TLS and users; 0 takes a free one."""
    tls_websocket_port: int = 4444
    """WebSocket with TLS and users; 0 takes a free one."""
    manual_hold_s: float = 14400.0
    """A power that a client asks for holds this long, or until it is taken back."""
