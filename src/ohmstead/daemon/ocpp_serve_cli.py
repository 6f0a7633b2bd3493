"""``ohmstead ocpp serve``: a central system by itself."""

# ruff: noqa: PLC0415 - commands import what they run

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ohmstead.daemon.ocpp_client import first_line
from ohmstead.daemon.ocpp_operations_cli import TokenFile
from ohmstead.errors import ConfigError

DEFAULT_FILE = "ohmstead-ocpp.db"

Port = Annotated[int, typer.Option(min=0, max=65535, help="Its port; 0 takes a free one.")]
ApiPort = Annotated[
    int | None,
    typer.Option(min=0, max=65535, help="Its port; without it 8080, or a free one where that is taken."),
]
Database = Annotated[
    str,
    typer.Option(
        envvar="OHMSTEAD_OCPP_DATABASE",
        help="File with chargers, sessions and hashes of passwords; with --cluster postgresql://….",
    ),
]
Cluster = Annotated[
    str | None,
    typer.Option(
        envvar="OHMSTEAD_OCPP_CLUSTER",
        help="Be one of several workers, which meet at this NATS server: nats://HOST:PORT.",
    ),
]
SecurityProfile = Annotated[
    int, typer.Option(min=0, max=3, help="0: none, 1: passwords, 2: TLS too, 3: charger certificates.")
]
Unknown = Annotated[
    str, typer.Option(help="What happens to chargers that are not known: accept, hold or refuse.")
]


def serve(
    ctx: typer.Context,
    host: Annotated[str, typer.Option(help="Address that chargers connect to.")] = "127.0.0.1",
    port: Port = 9000,
    api_host: Annotated[str, typer.Option(help="Address of the API.")] = "127.0.0.1",
    api_port: ApiPort = None,
    database: Database = DEFAULT_FILE,
    cluster: Cluster = None,
    security_profile: SecurityProfile = 0,
    unknown: Unknown = "accept",
    tls_certificate: Annotated[Path | None, typer.Option(help="PEM file, for profiles 2 and 3.")] = None,
    tls_key: Annotated[Path | None, typer.Option(help="PEM file, for profiles 2 and 3.")] = None,
    tls_ca: Annotated[Path | None, typer.Option(help="PEM file, for profile 3.")] = None,
    heartbeat_s: Annotated[float, typer.Option(min=1, max=86400, help="Told to chargers.")] = 300.0,
    max_chargers: Annotated[
        int, typer.Option(min=1, max=100_000, help="More connections than that are refused.")
    ] = 5000,
    token_file: TokenFile = None,
) -> None:
    """Run a central system by itself: chargers connect to ws://HOST:PORT/ocpp/<identity>."""
    from ohmstead.daemon.logs import setup_logs
    from ohmstead.daemon.ocpp_serve import ServeOptions, serve_central
    from ohmstead.ocpp.central.settings import CentralSettings, UnknownChargers
    from ohmstead.ocpp.cluster.settings import DATABASE_SCHEMES, cluster_settings

    if cluster is None and database.startswith(DATABASE_SCHEMES):
        raise ConfigError("--database: PostgreSQL is for several workers: name their --cluster nats://… too")
    if unknown not in list(UnknownChargers):
        raise ConfigError(f"--unknown: found {unknown!r}, allowed: {', '.join(UnknownChargers)}")
    settings = CentralSettings(
        host=host,
        port=port,
        security_profile=security_profile,
        tls_certificate=tls_certificate,
        tls_key=tls_key,
        tls_ca=tls_ca,
        unknown_chargers=UnknownChargers(unknown),
        heartbeat_s=heartbeat_s,
        max_chargers=max_chargers,
        database=Path(database if cluster is None else DEFAULT_FILE),
    )

    def ready(central_url: str, api_url: str) -> None:
        typer.echo(f"Chargers connect to {central_url}/<identity>")
        typer.echo(f"API: {api_url}api/ocpp/chargers")

    setup_logs("debug" if ctx.find_root().params.get("debug") else "info", as_json=False)
    token = None if token_file is None else first_line(token_file)
    serve_central(
        ServeOptions(
            settings=settings,
            cluster=None if cluster is None else cluster_settings(database, cluster),
            api_host=api_host,
            api_port=api_port,
            token=token,
            ready=ready,
        )
    )
