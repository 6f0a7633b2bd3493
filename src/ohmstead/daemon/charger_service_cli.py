"""``ohmstead chargers serve``: simulated chargers behind an API and a page."""

# ruff: noqa: PLC0415 - commands import what they run

from __future__ import annotations

from typing import Annotated

import typer

from ohmstead.errors import ConfigError


def serve(
    ctx: typer.Context,
    url: Annotated[
        str | None,
        typer.Option(
            help="Central system of chargers added without one: ws://host:port/path, tcp://host:port."
        ),
    ] = None,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")] = 8090,
    host: Annotated[
        str, typer.Option(help="Address to listen on; beyond this computer only with a token.")
    ] = "127.0.0.1",
    token: Annotated[
        str | None,
        typer.Option(
            envvar="OHMSTEAD_SIMULATOR_TOKEN", help="What API and page need; the variable keeps it secret."
        ),
    ] = None,
    count: Annotated[
        int, typer.Option(min=0, max=1000, help="Chargers that are there from the beginning.")
    ] = 0,
    protocol: Annotated[str, typer.Option(help="What they speak: ocpp16 or ykc.")] = "ocpp16",
) -> None:
    """Simulate chargers as a service: a page with states, buttons, logs and scripts, and a REST API."""
    from ohmstead.chargers.bench import Wish
    from ohmstead.chargers.protocol import ProtocolName
    from ohmstead.daemon.charger_service import ServeOptions, serve_simulator
    from ohmstead.daemon.logs import setup_logs

    setup_logs("debug" if ctx.find_root().params.get("debug") else "error")
    try:
        spoken = ProtocolName(protocol)
    except ValueError as error:
        raise ConfigError(f"--protocol: found {protocol!r}, allowed: {', '.join(ProtocolName)}") from error
    if count and url is None:
        raise ConfigError("--url: missing; where the chargers of --count connect to")
    first = Wish(count=count, protocol=spoken, url=url) if count and url is not None else None
    serve_simulator(
        ServeOptions(
            host=host,
            port=port,
            url=url,
            token=token,
            first=first,
            ready=lambda at: typer.echo(f"Simulator at {at}"),
        )
    )
