"""Another box, from a terminal: what it has, as a configuration that can be used, and a login."""

from __future__ import annotations

import asyncio
import stat
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ohmstead.daemon.config.loading import parse_config
from ohmstead.daemon.nymea.cli import app
from ohmstead.daemon.nymea.discovery import Discovered, as_yaml, discovered, kind_of
from ohmstead.errors import ConfigError, DeviceError
from ohmstead.nymea.box import BoxClass, BoxThing, NymeaBox
from ohmstead.nymea.client import Address, LoginRefused
from ohmstead.nymea.session import User
from ohmstead.nymea.users import UserStore
from tests.daemon.nymea.house import served
from tests.nymea.serving import serving

PASSWORD = "Sunny2026"  # noqa: S105 - of a test


def thing(name: str, *interfaces: str, **states: Any) -> BoxThing:
    box_class = BoxClass(interfaces=frozenset(interfaces), state_names={}, actions={})
    return BoxThing(id=f"{{{name}}}", name=name, box_class=box_class, states=states)


async def in_thread(*arguments: str) -> Result:
    """A command beside the server that it talks to."""
    return await asyncio.to_thread(CliRunner().invoke, app, list(arguments))


@pytest.mark.parametrize(
    ("interfaces", "kind"),
    [
        (("energymeter", "connectable"), "meter"),
        (("evcharger", "smartmeterconsumer"), "charge_point"),
        (("solarinverter",), "pv"),
        (("simpleheatpump", "heatpump"), "heat_pump"),
        (("smartmeterconsumer",), None),
        ((), None),
    ],
)
def test_interfaces_say_what_a_thing_is(interfaces: tuple[str, ...], kind: str | None) -> None:
    assert kind_of(thing("T", *interfaces)) == kind


def test_ids_are_made_from_names_and_differ() -> None:
    found = discovered(
        [thing("Wall box!", "evcharger"), thing("wall-box", "evcharger"), thing("2", "powersocket")]
    )
    ids = {d.thing.name: d.asset_id for d in found}
    assert ids == {"2": "flexible_load_2", "Wall box!": "wall_box", "wall-box": "wall_box_2"}


def test_what_nobody_knows_is_left_open() -> None:
    text = as_yaml(
        [Discovered(thing=thing("Bob's", "energystorage", capacity=9.6), kind="battery", asset_id="bob_s")],
        Address.parse("nymea://box"),
        None,
    )
    assert "    name: 'Bob''s'\n    capacity_kwh: 9.6\n    max_charge_w:  # fill in\n" in text


async def test_a_whole_box_becomes_a_configuration(tmp_path: Path) -> None:
    async with served(tmp_path) as it:
        await it.home.cycles(timedelta(minutes=5))
        url = f"nymea://127.0.0.1:{it.ports['tcp_port']}"
        listed = await in_thread("things", url)
        assert listed.exit_code == 0
        assert "meter           Grid" in listed.stdout
        box = NymeaBox(Address.parse(url))
        try:
            await box.ready(20.0)
            text = as_yaml(discovered(box.things.values()), box.address, None)
        finally:
            await box.close()
        text = text.replace(":  # fill in", ": 5000")
        config = parse_config(
            "site: {latitude_deg: 48, longitude_deg: 16, timezone: Europe/Vienna}\n"
            f"tariff: {{provider: fixed, import_eur_per_kwh: 0.3}}\n{text}",
            tmp_path / "copy.yaml",
        )
        assert config.meter.adapter == "nymea"
        kinds = {type(asset) for asset in config.site.assets}
        assert kinds == {type(asset) for asset in it.home.house.site.assets}


async def test_a_login_is_kept_for_the_next_look(tmp_path: Path) -> None:
    users = UserStore(tmp_path / "users.json")
    await users.create(User(username="anna"), PASSWORD)
    token_file = tmp_path / "token"
    async with serving(authenticate=True, users=users) as it:
        url = f"nymea://127.0.0.1:{it.port}"
        refused = await in_thread("things", url)
        assert isinstance(refused.exception, DeviceError)
        done = await in_thread("login", url, "anna", "--token-file", str(token_file), "--password", PASSWORD)
        assert done.exit_code == 0, done.output
        assert stat.S_IMODE(token_file.stat().st_mode) == 0o600
        assert PASSWORD not in done.output
        listed = await in_thread("things", url, "--token-file", str(token_file), "--yaml")
        assert "adapter: nymea" in listed.stdout
        assert f"token_file: '{token_file}'" in listed.stdout
        wrong = await in_thread("login", url, "anna", "--token-file", str(token_file), "--password", "x")
        assert isinstance(wrong.exception, LoginRefused)


async def test_what_is_no_address_is_told() -> None:
    refused = await in_thread("things", "http://box")
    assert isinstance(refused.exception, ConfigError)
