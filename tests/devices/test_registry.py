"""Adapters by name."""

from __future__ import annotations

import pytest

from ohmstead.devices.registry import BUILTIN, AdapterRegistry
from ohmstead.devices.simulated import SIMULATED
from ohmstead.errors import ConfigError


def test_an_adapter_is_found_by_its_name() -> None:
    registry = AdapterRegistry()
    assert registry["simulated"] is SIMULATED
    assert "simulated" in registry
    assert [spec.name for spec in registry] == sorted(spec.name for spec in BUILTIN)


def test_an_unknown_adapter_names_the_allowed_ones() -> None:
    with pytest.raises(ConfigError, match=r"unknown adapter 'modbus'; allowed: .*http_agent, .*simulated"):
        AdapterRegistry()["modbus"]
    with pytest.raises(ConfigError, match="allowed: none"):
        AdapterRegistry(())["modbus"]


def test_a_name_is_taken_once() -> None:
    with pytest.raises(ValueError, match="'simulated' is registered twice"):
        AdapterRegistry().register(SIMULATED)
