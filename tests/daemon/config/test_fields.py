"""Every field of a home is checked and documented."""

from __future__ import annotations

import pytest

from ohmstead.core.settings import Settings
from ohmstead.core.site import Circuit, GridConnection, Site
from ohmstead.daemon.config.fields import PRIORITY_KINDS, FieldSpec, field_specs
from ohmstead.daemon.config.loading import KINDS
from ohmstead.daemon.config.sections import (
    TARIFFS,
    LogSettings,
    RecorderSettings,
    WeatherSettings,
    WebSettings,
)
from ohmstead.daemon.nymea.settings import NymeaSettings
from ohmstead.planning.request import PlannerSettings

CLASSES = (
    Site,
    GridConnection,
    Circuit,
    Settings,
    PlannerSettings,
    WeatherSettings,
    RecorderSettings,
    WebSettings,
    LogSettings,
    NymeaSettings,
    *KINDS.values(),
    *TARIFFS.values(),
)


def plain_defaults(cls: type) -> list[tuple[FieldSpec, object]]:
    return [(s, s.default) for s in field_specs(cls) if s.nested is None and not s.required]


@pytest.mark.parametrize("cls", CLASSES)
def test_every_default_is_allowed(cls: type) -> None:
    for spec, default in plain_defaults(cls):
        assert spec.parse is not None
        for value in default if isinstance(default, tuple) else (default,):
            if value is not None and isinstance(value, bool | int | float):
                assert spec.parse(value) == value, spec.name


@pytest.mark.parametrize("cls", CLASSES)
def test_every_number_has_a_range_of_its_own(cls: type) -> None:
    for spec in field_specs(cls):
        assert "1000000000" not in spec.allowed, (
            f"{cls.__name__}.{spec.name}: name its unit, or give it a range"
        )


@pytest.mark.parametrize("cls", [*KINDS.values(), GridConnection, Circuit])
def test_no_field_of_an_asset_is_left_out(cls: type) -> None:
    assert {s.name for s in field_specs(cls)} == set(cls.__dataclass_fields__)  # type: ignore[attr-defined]


def test_docstrings_are_found_below_fields_and_under_args() -> None:
    docs = {s.name: s.doc for s in field_specs(Settings)} | {
        s.name: s.doc for s in field_specs(GridConnection)
    }
    assert docs["meter_max_age_s"] == "an older grid reading is stale."
    assert docs["peak_shaving_w"].startswith("Import that the battery tries to stay below")


def test_the_default_priority_is_what_can_be_configured() -> None:
    assert set(Settings().priority) <= set(PRIORITY_KINDS)
