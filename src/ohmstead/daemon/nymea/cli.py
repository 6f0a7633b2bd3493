"""``ohmstead nymea``: look at another nymea box, and log in to it."""

# ruff: noqa: PLC0415 - commands import what they run

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ohmstead.errors import ConfigError

if TYPE_CHECKING:
    from ohmstead.daemon.nymea.discovery import Discovered

app = typer.Typer(help="nymea boxes: what they have, and how to log in.", no_args_is_help=True)

Url = Annotated[
    str, typer.Argument(help="nymea://HOST:2223, nymeas://HOST:2222, ws://HOST:4445 or wss://HOST:4444.")
]
TokenFile = Annotated[Path | None, typer.Option(help="File with a token, as `nymea login` writes it.")]


@app.command("things")
def things(
    ctx: typer.Context,
    url: Url,
    token_file: TokenFile = None,
    yaml: Annotated[bool, typer.Option(help="Print the sections of a configuration.")] = False,
) -> None:
    """List the things of a box that can be devices."""
    import asyncio

    from ohmstead.daemon.nymea.discovery import as_yaml
    from ohmstead.nymea.client import Address

    _setup_logs(ctx)
    found, certificate = asyncio.run(_look(url, token_file))
    address = Address.parse(url, certificate)
    if yaml:
        token = None if token_file is None else str(token_file.resolve())
        typer.echo(as_yaml(found, address, token), nl=False)
        return
    if not found:
        typer.echo("There is nothing that can be a device.")
    for each in found:
        power_w = each.thing.number("currentPower")
        shown = "" if power_w is None else f"{power_w:.0f} W"
        typer.echo(f"{each.kind:<15} {each.thing.name:<32} {shown:>10}  {each.thing.id}")
    if certificate is not None:
        typer.echo(f"certificate_sha256: {certificate}")


@app.command("login")
def login(
    ctx: typer.Context,
    url: Url,
    username: Annotated[str, typer.Argument(help="A user of the box.")],
    token_file: Annotated[Path, typer.Option(help="Where the token is written, readable by you only.")],
    password: Annotated[
        str, typer.Option(prompt=True, hide_input=True, help="Asked for if it is left out.")
    ] = "",
) -> None:
    """Log in to a box and keep the token for `token_file:` of a device."""
    import asyncio
    import os

    _setup_logs(ctx)
    token = asyncio.run(_log_in(url, username, password))
    try:
        descriptor = os.open(token_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{token}\n")
    except OSError as error:
        raise ConfigError(f"{token_file}: the token cannot be written ({error})") from error
    typer.echo(f"The token is in {token_file}.")


def _setup_logs(ctx: typer.Context) -> None:
    """On standard error, and little: what is printed may be piped on."""
    from ohmstead.daemon.logs import setup_logs

    setup_logs("debug" if ctx.find_root().params.get("debug") else "error")


async def _look(url: str, token_file: Path | None) -> tuple[list[Discovered], str | None]:
    """What a box has, and the fingerprint of its certificate."""
    from ohmstead.daemon.nymea.discovery import discovered
    from ohmstead.devices.nymea import Access
    from ohmstead.nymea.box import NymeaBox
    from ohmstead.nymea.client import TIMEOUT_S, Address

    box = NymeaBox(Address.parse(url), token=Access(url, token_file).token)
    try:
        await box.ready(3 * TIMEOUT_S)
        return discovered(box.things.values()), box.certificate_sha256
    finally:
        await box.close()


async def _log_in(url: str, username: str, password: str) -> str:
    from ohmstead.nymea.client import Address, NymeaClient

    client = await NymeaClient.connect(Address.parse(url), logged_in=False)
    try:
        return await client.log_in(username, password, "Ohmstead")
    finally:
        await client.close()
