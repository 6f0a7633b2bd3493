"""What an agent takes from its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from ohmstead.errors import ConfigError


class Part(StrEnum):
    """The four device agents."""

    SOLAR = "solar"
    BATTERY = "battery"
    VEHICLE = "vehicle"
    LOAD = "load"


PORTS: Mapping[str, int] = {
    "central": 8000,
    Part.SOLAR: 8001,
    Part.BATTERY: 8002,
    Part.VEHICLE: 8003,
    Part.LOAD: 8004,
}
LOCAL_URLS: Mapping[Part, str] = {part: f"http://localhost:{PORTS[part]}" for part in Part}


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentSettings:
    """Settings of any agent.

    Args:
        token: when given, every write needs it.
        log_level: of the JSON log.
        urls: where the central agent finds the others.
    """

    token: str | None = field(default=None, repr=False)
    log_level: str = "INFO"
    urls: Mapping[Part, str] = field(default_factory=lambda: LOCAL_URLS)


def from_environment(environment: Mapping[str, str] | None = None) -> AgentSettings:
    """Read ``OHMSTEAD_AGENT_TOKEN``, ``OHMSTEAD_LOG_LEVEL`` and ``SOLAR_AGENT_URL`` … ``LOAD_AGENT_URL``.

    Raises:
        ConfigError: a value cannot be used; the message names the variable.
    """
    env = os.environ if environment is None else environment
    token = env.get("OHMSTEAD_AGENT_TOKEN", "").strip() or None
    if token is not None and not token.isascii():
        raise ConfigError("OHMSTEAD_AGENT_TOKEN: found characters that a header cannot carry; allowed: ASCII")
    level = env.get("OHMSTEAD_LOG_LEVEL", "INFO").strip().upper() or "INFO"
    if level not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise ConfigError(f"OHMSTEAD_LOG_LEVEL: found {level!r}, allowed: DEBUG, INFO, WARNING, ERROR")
    urls = {}
    for part in Part:
        name = f"{part.upper()}_AGENT_URL"
        url = env.get(name, "").strip() or LOCAL_URLS[part]
        checked_url(url, name)
        urls[part] = url
    return AgentSettings(token=token, log_level=level, urls=urls)


def checked_url(url: str, name: str) -> str:
    """A URL of an agent, as it is.

    Raises:
        ConfigError: it is not ``http://host[:port][/path]`` or the same with https.
    """
    try:
        parts = urlsplit(url)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        usable = False
    if not usable or not url.isascii() or any(c.isspace() for c in url):
        raise ConfigError(f"{name}: found {url!r}, allowed: http://host:port or https://host:port")
    return url
