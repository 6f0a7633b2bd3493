"""``ohmstead ocpp list | call | …``: the API of a running ``ohmstead run`` or ``ohmstead ocpp serve``."""

# ruff: noqa: PLC0415 - commands import what they run

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from ohmstead.daemon.ocpp_client import ApiClient
from ohmstead.errors import ConfigError, DeviceError

Api = Annotated[
    str,
    typer.Option("--api", envvar="OHMSTEAD_API", help="Address of the running Ohmstead."),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(envvar="OHMSTEAD_TOKEN_FILE", help="File with the access token, where it needs one."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
Charger = Annotated[str, typer.Argument(help="The charger's identity.", show_default=False)]
Connector = Annotated[int, typer.Option(min=0, max=64, help="Its connector; 0 is the whole charger.")]

DEFAULT_API = "http://127.0.0.1:8080"


def list_chargers(api: Api = DEFAULT_API, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List the chargers, with the state of their connectors."""
    chargers = ApiClient(api, token_file).ask("GET", "/chargers")
    if as_json:
        typer.echo(json.dumps(chargers, indent=2))
        return
    rows = []
    for charger in chargers:
        state = "connected" if charger["connected"] else "away"
        state = state if charger["adopted"] else f"{state}, waits for adoption"
        model = f"{charger['vendor']} {charger['model']}".strip()
        connectors = [c for c in charger["connectors"] if c["id"] > 0] or [None]
        for connector in connectors:
            told = ("", "", "")
            if connector is not None:
                power = "" if connector["power_w"] is None else f"{connector['power_w']:.0f}"
                told = (str(connector["id"]), connector["status"], power)
            rows.append((charger["identity"], state, model, *told))
    _print_table(("charger", "state", "model", "connector", "status", "W"), rows)


def sessions(
    charger: Annotated[str | None, typer.Option(help="Only of this charger.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    api: Api = DEFAULT_API,
    token_file: TokenFile = None,
    as_json: AsJson = False,
) -> None:
    """List charging sessions, newest first."""
    wanted = f"&charger={quote(charger, safe='')}" if charger else ""
    found = ApiClient(api, token_file).ask("GET", f"/sessions?limit={limit}{wanted}")
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    rows = [
        (
            str(s["id"]),
            f"{s['identity']}/{s['connector']}",
            s["id_tag"],
            _local(s["started_at"]),
            _local(s["stopped_at"]) if s["stopped_at"] else "running",
            f"{s['energy_kwh']:.2f}",
            "" if s["cost_eur"] is None else f"{s['cost_eur']:.2f}",
            "" if s["solar_share"] is None else f"{s['solar_share']:.0%}",
        )
        for s in found
    ]
    _print_table(("id", "charger", "tag", "from", "until", "kWh", "EUR", "sun"), rows)


def call(
    charger: Charger,
    action: Annotated[
        str, typer.Argument(help="An operation of OCPP 1.6, as GetConfiguration.", show_default=False)
    ],
    payload: Annotated[str, typer.Argument(help="Its payload as JSON.")] = "{}",
    api: Api = DEFAULT_API,
    token_file: TokenFile = None,
) -> None:
    """Ask a charger for any operation of the standard, and print its answer."""
    from ohmstead.ocpp.central.commands import OPERATIONS

    if action not in OPERATIONS:
        raise ConfigError(f"ocpp call: found action {action!r}, allowed: {', '.join(OPERATIONS)}")
    try:
        asked = json.loads(payload)
    except ValueError as error:
        raise ConfigError(f"ocpp call: the payload is no JSON: {error}") from error
    if not isinstance(asked, dict):
        raise ConfigError('ocpp call: the payload must be a JSON object, as \'{"type": "Soft"}\'')
    typer.echo(json.dumps(ApiClient(api, token_file).operate(charger, action, asked), indent=2))


def remote_start(
    charger: Charger,
    tag: Annotated[str, typer.Option(help="Who charges.")] = "ohmstead",
    connector: Connector = 1,
    api: Api = DEFAULT_API,
    token_file: TokenFile = None,
) -> None:
    """Let a charger begin a transaction."""
    payload = {"idTag": tag} | ({"connectorId": connector} if connector else {})
    _status(api, token_file, charger, "RemoteStartTransaction", payload)


def remote_stop(
    charger: Charger,
    transaction: Annotated[int, typer.Argument(help="Its number; see `sessions`.", show_default=False)],
    api: Api = DEFAULT_API,
    token_file: TokenFile = None,
) -> None:
    """Let a charger end a transaction."""
    _status(api, token_file, charger, "RemoteStopTransaction", {"transactionId": transaction})


def reset(
    charger: Charger,
    hard: Annotated[bool, typer.Option("--hard", help="Without ending transactions before.")] = False,
    api: Api = DEFAULT_API,
    token_file: TokenFile = None,
) -> None:
    """Restart a charger."""
    _status(api, token_file, charger, "Reset", {"type": "Hard" if hard else "Soft"})


def unlock(
    charger: Charger, connector: Connector = 1, api: Api = DEFAULT_API, token_file: TokenFile = None
) -> None:
    """Unlock a cable; this ends its transaction."""
    _status(api, token_file, charger, "UnlockConnector", {"connectorId": connector}, good=("Unlocked",))


def configuration(
    charger: Charger,
    key: Annotated[str | None, typer.Argument(help="A key; without it all.")] = None,
    value: Annotated[str | None, typer.Argument(help="Its new value; without it it is shown.")] = None,
    api: Api = DEFAULT_API,
    token_file: TokenFile = None,
) -> None:
    """Show a charger's configuration, or change a key of it."""
    if key is not None and value is not None:
        payload = {"key": key, "value": value}
        good = ("Accepted", "RebootRequired")
        _status(api, token_file, charger, "ChangeConfiguration", payload, good=good)
        return
    client = ApiClient(api, token_file)
    answer = client.operate(charger, "GetConfiguration", {} if key is None else {"key": [key]})
    rows = [
        (item["key"], item.get("value") or "", "yes" if item.get("readonly") else "")
        for item in answer.get("configurationKey") or ()
    ]
    _print_table(("key", "value", "read only"), rows)
    for name in answer.get("unknownKey") or ():
        typer.echo(f"{name}: not known to the charger", err=True)


def adopt(charger: Charger, api: Api = DEFAULT_API, token_file: TokenFile = None) -> None:
    """Let a charger that waits for it charge."""
    ApiClient(api, token_file).ask("POST", f"/chargers/{quote(charger, safe='')}/adopt")
    typer.echo(f"{charger} is adopted")


def forget(charger: Charger, api: Api = DEFAULT_API, token_file: TokenFile = None) -> None:
    """Forget a charger and its password; its sessions stay."""
    ApiClient(api, token_file).ask("DELETE", f"/chargers/{quote(charger, safe='')}")
    typer.echo(f"{charger} is forgotten")


def password(
    charger: Charger,
    send: Annotated[
        bool, typer.Option("--send", help="Send it to the charger too, as its AuthorizationKey.")
    ] = False,
    api: Api = DEFAULT_API,
    token_file: TokenFile = None,
) -> None:
    """Give a charger a new random password, and show it this once."""
    path = f"/chargers/{quote(charger, safe='')}/password"
    answer = ApiClient(api, token_file).ask("POST", path, {"send": send})
    if answer["status"] != "Accepted":
        raise DeviceError(f"charger {charger!r} answered {answer['status']}; its password is as before")
    typer.echo(f"AuthorizationKey (hex): {answer['password_hex']}")


def tags(api: Api = DEFAULT_API, token_file: TokenFile = None, as_json: AsJson = False) -> None:
    """List who may charge; as long as nobody is listed, everybody may."""
    found = ApiClient(api, token_file).ask("GET", "/tags")
    if as_json:
        typer.echo(json.dumps(found, indent=2))
        return
    rows = [
        (tag["id_tag"], tag["name"], tag["expires_at"] or "", "yes" if tag["blocked"] else "")
        for tag in found
    ]
    _print_table(("tag", "name", "until", "blocked"), rows)


def allow(
    tag: Annotated[str, typer.Argument(help="The tag, at most 20 characters.", show_default=False)],
    name: Annotated[str, typer.Option(help="Whose it is.")] = "",
    block: Annotated[bool, typer.Option("--block", help="List it, but do not let it charge.")] = False,
    api: Api = DEFAULT_API,
    token_file: TokenFile = None,
) -> None:
    """Let a tag charge. With the first one on the list, only those on it may."""
    ApiClient(api, token_file).ask("PUT", "/tags", {"id_tag": tag, "name": name, "blocked": block})
    typer.echo(f"{tag} is {'blocked' if block else 'allowed'}")


def disallow(
    tag: Annotated[str, typer.Argument(help="The tag.", show_default=False)],
    api: Api = DEFAULT_API,
    token_file: TokenFile = None,
) -> None:
    """Take a tag off the list."""
    ApiClient(api, token_file).ask("DELETE", f"/tags/{quote(tag, safe='')}")
    typer.echo(f"{tag} is off the list")


def _status(
    api: str,
    token_file: Path | None,
    charger: str,
    action: str,
    payload: dict[str, Any],
    *,
    good: tuple[str, ...] = ("Accepted",),
) -> None:
    status = ApiClient(api, token_file).operate(charger, action, payload)["status"]
    typer.echo(status)
    if status not in good:
        raise typer.Exit(1)


def _local(text: str) -> str:
    """A time of the API in this computer's time zone, short."""
    return f"{datetime.fromisoformat(text).astimezone():%Y-%m-%d %H:%M}"


def _print_table(columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    from ohmstead.daemon.tables import print_table

    numbers = ("W", "kWh", "EUR", "sun", "id")
    print_table(columns, rows, text=[column for column in columns if column not in numbers])


def add_operations(app: typer.Typer) -> None:
    """Make these commands of a sub-app."""
    app.command("list")(list_chargers)
    app.command("sessions")(sessions)
    app.command("call")(call)
    app.command("remote-start")(remote_start)
    app.command("remote-stop")(remote_stop)
    app.command("reset")(reset)
    app.command("unlock")(unlock)
    app.command("configuration")(configuration)
    app.command("adopt")(adopt)
    app.command("forget")(forget)
    app.command("password")(password)
    app.command("tags")(tags)
    app.command("allow")(allow)
    app.command("disallow")(disallow)
