"""Which adapters there are. A new adapter is added to :data:`BUILTIN` and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ohmstead.devices.adapter import AdapterSpec
from ohmstead.devices.home_assistant import HOME_ASSISTANT
from ohmstead.devices.http_agent import HTTP_AGENT
from ohmstead.devices.nymea import NYMEA
from ohmstead.devices.ocpp import OCPP
from ohmstead.devices.simulated import SIMULATED
from ohmstead.devices.ykc import YKC
from ohmstead.errors import ConfigError

BUILTIN: tuple[AdapterSpec, ...] = (SIMULATED, HOME_ASSISTANT, HTTP_AGENT, NYMEA, OCPP, YKC)


class AdapterRegistry:
    """Adapters by name."""

    def __init__(self, specs: Iterable[AdapterSpec] = BUILTIN) -> None:
        self._specs: dict[str, AdapterSpec] = {}
        for spec in specs:
            self.register(spec)

    def register(self, spec: AdapterSpec) -> None:
        """Add an adapter.

        Raises:
            ValueError: the name is taken; two adapters under one name would hide one of them.
        """
        if spec.name in self._specs:
            raise ValueError(f"adapter {spec.name!r} is registered twice")
        self._specs[spec.name] = spec

    def __getitem__(self, name: str) -> AdapterSpec:
        """The adapter of that name.

        Raises:
            ConfigError: there is none; the message lists those that there are.
        """
        try:
            return self._specs[name]
        except KeyError:
            allowed = ", ".join(sorted(self._specs)) or "none"
            raise ConfigError(f"unknown adapter {name!r}; allowed: {allowed}") from None

    def __contains__(self, name: object) -> bool:
        return name in self._specs

    def __iter__(self) -> Iterator[AdapterSpec]:
        """The adapters, by name."""
        return iter(sorted(self._specs.values(), key=lambda spec: spec.name))
