"""The section ``ocpp`` and devices behind ``adapter: ocpp``."""

from __future__ import annotations

from pathlib import Path

import pytest

from ohmstead.daemon.config.loading import parse_config
from ohmstead.daemon.config.problems import InvalidConfig
from ohmstead.devices.ocpp import OcppOptions
from ohmstead.ocpp.central.settings import CentralSettings, TagSettings, UnknownChargers

HOME = """
site: {name: Test, timezone: Europe/Vienna, latitude_deg: 48.2, longitude_deg: 16.4}
meter: {adapter: simulated}
tariff: {provider: fixed, import_eur_per_kwh: 0.3}
"""
CHARGER = """
assets:
  - kind: charge_point
    id: wallbox
    device: {adapter: ocpp, charger: "WB 1"}
"""
FILE = Path("/homes/mine/home.yaml")


def test_without_section_and_device_there_is_no_central_system() -> None:
    assert parse_config(HOME, FILE).ocpp is None


def test_a_device_alone_brings_the_defaults_and_files_are_beside_the_configuration() -> None:
    config = parse_config(HOME + CHARGER, FILE)
    assert config.ocpp == CentralSettings(database=Path("/homes/mine/ohmstead-ocpp.db"))
    assert config.ocpp.unknown_chargers is UnknownChargers.HOLD
    options = config.devices["wallbox"].options
    assert isinstance(options, OcppOptions)
    assert (options.charger, options.connector, options.remote_start) == ("WB 1", 1, False)


def test_everything_can_be_set() -> None:
    section = """
ocpp:
  host: 0.0.0.0
  port: 9001
  security_profile: 3
  tls_certificate: pem/server.pem
  tls_key: /etc/key.pem
  tls_ca: ca.pem
  unknown_chargers: refuse
  tags:
    - {id_tag: CARD, name: Ada, several_at_once: false}
"""
    found = parse_config(HOME + section, FILE).ocpp
    assert found is not None
    assert (found.tls_certificate, found.tls_key) == (
        Path("/homes/mine/pem/server.pem"),
        Path("/etc/key.pem"),
    )
    assert found.tags == (TagSettings(id_tag="CARD", name="Ada", several_at_once=False),)
    assert (found.port, found.unknown_chargers) == (9001, UnknownChargers.REFUSE)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("  host: 0.0.0.0", r"home\.yaml:6: ocpp\.host: found '0.0.0.0'.*security_profile: 1"),
        (
            "  security_profile: 2",
            r"home\.yaml:5: ocpp\.tls_certificate: missing; security_profile 2 needs a PEM file",
        ),
        ("  security_profile: 7", "security_profile: found 7, allowed: a whole number, 0 to 3"),
        ("  unknown_chargers: maybe", "found 'maybe', allowed: accept \\| hold \\| refuse"),
        ("  prot: 9000", "unknown key.*port"),
        ("  tags: [{id_tag: '123456789012345678901'}]", "allowed: 1 to 20 characters"),
    ],
)
def test_mistakes_are_told_with_their_place(lines: str, words: str) -> None:
    with pytest.raises(InvalidConfig) as told:
        parse_config(HOME + "ocpp:\n" + lines, FILE)
    assert told.match(words)


def test_only_charge_points_are_ocpp_chargers() -> None:
    text = HOME + "assets:\n  - {kind: pv, id: roof, peak_w: 9000, device: {adapter: ocpp, charger: X}}\n"
    with pytest.raises(InvalidConfig, match="found 'ocpp', allowed:"):
        parse_config(text, FILE)
    with pytest.raises(InvalidConfig, match="charger"):
        parse_config(HOME + CHARGER.replace('charger: "WB 1"', 'charger: ""'), FILE)
