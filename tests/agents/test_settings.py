"""What agents take from their environment."""

from __future__ import annotations

import pytest

from ohmstead.agents.settings import Part, from_environment
from ohmstead.errors import ConfigError


def test_without_anything_the_others_are_on_this_computer() -> None:
    settings = from_environment({})
    assert (settings.token, settings.log_level) == (None, "INFO")
    assert settings.urls[Part.VEHICLE] == "http://localhost:8003"


def test_what_is_set_counts() -> None:
    settings = from_environment(
        {
            "OHMSTEAD_AGENT_TOKEN": " s3cret ",
            "BATTERY_AGENT_URL": "https://cellar:9/x",
            "OHMSTEAD_LOG_LEVEL": "debug",
            "LOAD_AGENT_URL": "",
        }
    )
    assert (settings.token, settings.log_level) == ("s3cret", "DEBUG")
    assert settings.urls[Part.BATTERY] == "https://cellar:9/x"
    assert settings.urls[Part.LOAD] == "http://localhost:8004"
    assert "s3cret" not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("SOLAR_AGENT_URL", "roof:8001", "SOLAR_AGENT_URL: found 'roof:8001', allowed: http://host:port"),
        ("SOLAR_AGENT_URL", "http://roof:80o1", "SOLAR_AGENT_URL"),
        ("SOLAR_AGENT_URL", "http://ro of:8001", "SOLAR_AGENT_URL"),
        ("OHMSTEAD_LOG_LEVEL", "loud", "OHMSTEAD_LOG_LEVEL: found 'LOUD', allowed: DEBUG"),
        ("OHMSTEAD_AGENT_TOKEN", "pässwort", "OHMSTEAD_AGENT_TOKEN"),
    ],
)
def test_what_cannot_be_used_is_named(name: str, value: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        from_environment({name: value})
