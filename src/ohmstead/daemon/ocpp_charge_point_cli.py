"""``ohmstead ocpp charge-point``: one charge point in a terminal."""

# ruff: noqa: PLC0415 - commands import what they run

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ohmstead.errors import ConfigError

MAX_CONNECTORS = 32
MAX_IDENTITY = 48


def charge_point(
    ctx: typer.Context,
    url: Annotated[str, typer.Option(help="The central system, without the identity: ws://host:port/ocpp.")],
    identity: Annotated[str, typer.Option("--id", help="Identity of this charge point.")],
    script: Annotated[
        Path | None,
        typer.Option(help="Carry out the lines of this file; - reads standard input."),
    ] = None,
    connectors: Annotated[int, typer.Option(min=1, max=MAX_CONNECTORS, help="How many.")] = 1,
    max_a: Annotated[float, typer.Option(min=6, max=500, help="A per phase that each can give.")] = 32.0,
    phases: Annotated[int, typer.Option(min=1, max=3, help="Phases of each.")] = 3,
    data: Annotated[
        Path | None, typer.Option(help="Keep transactions and settings in this file; without it in memory.")
    ] = None,
    password: Annotated[
        str | None,
        typer.Option(
            envvar="OHMSTEAD_OCPP_PASSWORD", help="Of basic authentication; the variable keeps it secret."
        ),
    ] = None,
    security_profile: Annotated[int, typer.Option(min=0, max=3, help="0 none … 3 client certificate.")] = 0,
    ca: Annotated[Path | None, typer.Option(help="PEM of who vouches for the central system.")] = None,
    cert: Annotated[Path | None, typer.Option(help="PEM of the client certificate.")] = None,
    key: Annotated[Path | None, typer.Option(help="PEM of its key.")] = None,
    frames: Annotated[bool, typer.Option("--frames", help="Show every frame.")] = False,
) -> None:
    """One charger in a terminal: plug, tag, start, stop, fault, status (`help` tells all)."""
    from ohmstead.daemon.logs import setup_logs
    from ohmstead.daemon.ocpp_charge_point_terminal import run_terminal
    from ohmstead.ocpp.charge_point.settings import ChargePointSettings
    from ohmstead.ocpp.smart_charging import Supply

    setup_logs("debug" if ctx.find_root().params.get("debug") else "error")
    if not url.lower().startswith(("ws://", "wss://")):
        raise ConfigError(f"--url: found {url!r}, allowed: ws://… or wss://…")
    for option, file in (("--script", script), ("--ca", ca), ("--cert", cert), ("--key", key)):
        if file is not None and str(file) != "-" and not file.is_file():
            raise ConfigError(f"{option}: there is no file {file}")
    if not 0 < len(identity) <= MAX_IDENTITY:
        raise ConfigError(f"--id: allowed: 1 to {MAX_IDENTITY} characters")
    if security_profile in (1, 2) and password is None:
        raise ConfigError(f"--security-profile {security_profile} needs --password")
    if security_profile == 3 and cert is None:
        raise ConfigError("--security-profile 3 needs --cert, and --key where the key is in another file")
    supply = Supply(max_a=max_a, phases=phases)
    settings = ChargePointSettings(
        url=url,
        identity=identity,
        connectors=dict.fromkeys(range(1, connectors + 1), supply),
        password=None if password is None else password.encode(),
        security_profile=security_profile,
        ca_file=ca,
        client_certificate=cert,
        client_key=key,
    )
    if not run_terminal(settings, script, data, frames=frames):
        raise typer.Exit(1)
