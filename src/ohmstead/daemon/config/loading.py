"""One YAML file describes a home: it is read, checked as a whole, and becomes a :class:`Config`.

Everything wrong with a file is told at once, each with file, line, key, what was found and what is
allowed. docs/configuration.md lists the keys; it is made from the same descriptions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, cast

from ohmstead.core.settings import Settings
from ohmstead.core.site import (
    Asset,
    AssetId,
    Battery,
    ChargePoint,
    Circuit,
    FlexibleLoad,
    GridConnection,
    HeatPump,
    HotWaterTank,
    Load,
    PvSystem,
    Room,
    Site,
)
from ohmstead.daemon.config.consistency import Draft, inconsistencies
from ohmstead.daemon.config.heating import (
    HeatingSettings,
    HomeAssistantSettings,
    RoomAdapter,
    problems_of_heating,
    problems_of_home_assistant,
)
from ohmstead.daemon.config.models import check, read
from ohmstead.daemon.config.problems import InvalidConfig, KeyPath, Problem, did_you_mean, render_found
from ohmstead.daemon.config.sections import (
    TARIFFS,
    Config,
    DeviceSettings,
    EjpTariff,
    LogSettings,
    RecorderSettings,
    TariffSettings,
    TempoTariff,
    TierSettings,
    WeatherSettings,
    WebSettings,
)
from ohmstead.daemon.config.yaml import Document, parse_document, read_document
from ohmstead.daemon.nymea.settings import NymeaSettings
from ohmstead.devices.home_assistant import HOME_ASSISTANT
from ohmstead.devices.ocpp import OCPP
from ohmstead.devices.registry import AdapterRegistry
from ohmstead.errors import ConfigError
from ohmstead.ocpp.central.settings import CentralSettings
from ohmstead.planning.request import PlannerSettings

KINDS: Mapping[str, type[Asset]] = {
    "pv": PvSystem,
    "battery": Battery,
    "charge_point": ChargePoint,
    "hot_water_tank": HotWaterTank,
    "heat_pump": HeatPump,
    "room": Room,
    "flexible_load": FlexibleLoad,
    "household": Load,
}
"""The classes behind ``kind:`` of an asset."""

SECTIONS = (
    "site",
    "grid",
    "circuits",
    "assets",
    "meter",
    "home_assistant",
    "ocpp",
    "heating",
    "tariff",
    "weather",
    "strategy",
    "planner",
    "tier",
    "recorder",
    "web",
    "nymea",
    "log",
)

NEEDED_SECTIONS = ("site", "meter", "tariff")
LOOPBACK_HOSTS = ("127.0.0.1", "::1", "localhost")

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannerSwitch:
    """Whether there is a planner."""

    enabled: bool = True
    """Without it the rules run alone."""


def load_config(path: Path, *, adapters: AdapterRegistry | None = None) -> Config:
    """Read a configuration and check all of it.

    Raises:
        ConfigError: the file cannot be read; or, as ``InvalidConfig``, with every problem in it.
    """
    return _Loader(read_document(path), adapters or AdapterRegistry()).load()


def parse_config(text: str, path: Path, *, adapters: AdapterRegistry | None = None) -> Config:
    """Check a configuration that is not (yet) in a file; ``path`` is where it would be.

    Raises:
        InvalidConfig: with every problem in it.
    """
    document = parse_document(text.encode("utf-8"), path)
    return _Loader(document, adapters or AdapterRegistry()).load()


class _Loader:
    """Reads the sections one by one and collects what is wrong in all of them."""

    def __init__(self, document: Document, adapters: AdapterRegistry) -> None:
        self._document = document
        self._adapters = adapters
        self._problems: list[Problem] = []

    def load(self) -> Config:
        root = self._document.root
        if not isinstance(root, dict):
            self._report((), f"found {render_found(root)}, allowed: the sections {', '.join(SECTIONS)}")
            raise self._invalid()
        for name in root.keys() - set(SECTIONS):
            hint = did_you_mean(name, SECTIONS)
            self._report((name,), f"unknown section; allowed: {', '.join(SECTIONS)}.{hint}")
        for name in NEEDED_SECTIONS:
            if root.get(name) is None:
                self._report((name,), "missing; every home needs this section")
        # A section that is only a heading, with all keys commented out, means its defaults.
        config = self._config({name: {} if value is None else value for name, value in root.items()})
        if self._problems or config is None:
            raise self._invalid()
        return config

    def _config(self, tree: Mapping[str, Any]) -> Config | None:
        draft = self._draft(tree)
        devices = self._devices(tree)
        meter = self._device(tree["meter"], ("meter",), None) if tree.get("meter") else None
        tariff = self._tariff(tree["tariff"]) if tree.get("tariff") else None
        weather = self._section(WeatherSettings, tree, "weather")
        strategy = self._section(Settings, tree, "strategy")
        planner = self._planner(tree.get("planner", {}))
        home_assistant = self._home_assistant(tree)
        ocpp = self._ocpp(tree, devices)
        heating = self._heating(tree)
        tier = self._section(TierSettings, tree, "tier")
        recorder = self._section(RecorderSettings, tree, "recorder")
        web = self._section(WebSettings, tree, "web")
        nymea = self._section(NymeaSettings, tree, "nymea")
        log = self._section(LogSettings, tree, "log")
        for key, message in inconsistencies(replace(draft, tariff=tariff)):
            self._report(key, message)
        self._check_devices(draft, devices, meter)
        if not tree.get("home_assistant"):
            self._check_home_assistant_unused((meter, *devices.values()), heating)
        web = None if web is None else self._exposed_safely(web)
        site = draft.whole_site()
        if (
            site is None
            or meter is None
            or tariff is None
            or weather is None
            or strategy is None
            or heating is None
            or tier is None
            or recorder is None
            or web is None
            or nymea is None
            or log is None
        ):
            return None
        return Config(
            file=self._document.path,
            site=site,
            meter=meter,
            devices=devices,
            tariff=tariff,
            weather=weather,
            strategy=strategy,
            planner=planner,
            home_assistant=home_assistant,
            ocpp=ocpp,
            heating=heating,
            tier=replace(tier, file=self._absolute(tier.file)),
            recorder=replace(recorder, path=self._absolute(recorder.path)),
            web=web,
            nymea=nymea,
            log=log,
        )

    def _draft(self, tree: Mapping[str, Any]) -> Draft:
        circuits: list[tuple[int, Circuit]] = []
        for i, entry in enumerate(self._list(tree, "circuits")):
            circuit = read(Circuit, entry, ("circuits", i), self._report)
            if circuit is not None:
                circuits.append((i, circuit))
        assets: list[tuple[int, Asset]] = []
        entries = self._list(tree, "assets")
        for i, entry in enumerate(entries):
            asset = self._asset(entry, ("assets", i))
            if asset is not None:
                assets.append((i, asset))
        return Draft(
            site=self._section(Site, tree, "site") if tree.get("site") else None,
            grid=self._section(GridConnection, tree, "grid"),
            circuits=tuple(circuits),
            assets=tuple(assets),
            ids=tuple((i, entry["id"]) for i, entry in enumerate(entries) if _has_id(entry)),
        )

    def _asset(self, entry: object, key: KeyPath) -> Asset | None:
        cls = self._choice(entry, key, "kind", KINDS)
        if cls is None or not isinstance(entry, dict):
            return None
        facts = {name: value for name, value in entry.items() if name not in ("kind", "device")}
        if cls is Load:
            facts = {"id": Load().id} | facts
        # One cast: `read` gives an instance of the class, and the classes behind KINDS are all assets.
        return cast("Asset | None", read(cls, facts, key, self._report))

    def _devices(self, tree: Mapping[str, Any]) -> dict[AssetId, DeviceSettings]:
        devices: dict[AssetId, DeviceSettings] = {}
        for i, entry in enumerate(self._list(tree, "assets", quiet=True)):
            if not isinstance(entry, dict):
                continue
            key, cls = ("assets", i), KINDS.get(str(entry.get("kind")))
            if cls is None or (cls is Load and "device" not in entry):
                continue
            if "device" not in entry:
                self._report((*key, "device"), "missing; needed: a mapping that begins with adapter: NAME")
                continue
            device = self._device(entry["device"], (*key, "device"), cls)
            if device is not None:
                devices[str(entry.get("id", Load().id))] = device
        return devices

    def _check_devices(
        self, draft: Draft, devices: Mapping[AssetId, DeviceSettings], meter: DeviceSettings | None
    ) -> None:
        """What an adapter can tell of an asset and its options together."""
        found: list[tuple[KeyPath, Asset | None, DeviceSettings | None]] = [(("meter",), None, meter)]
        found += [(("assets", i, "device"), asset, devices.get(asset.id)) for i, asset in draft.assets]
        for key, asset, settings in found:
            if settings is not None:
                for option, message in self._adapters[settings.adapter].problems(asset, settings.options):
                    self._report((*key, option), message)

    def _check_home_assistant_unused(
        self, devices: Iterable[DeviceSettings | None], heating: HeatingSettings | None
    ) -> None:
        used = any(device is not None and device.adapter == HOME_ASSISTANT.name for device in devices)
        if used or (heating is not None and heating.uses(RoomAdapter.HOME_ASSISTANT)):
            self._report(
                ("home_assistant",),
                "missing; devices or rooms are reached by it; needed: a mapping with url, token_file",
            )

    def _device(self, entry: object, key: KeyPath, asset: type[Asset] | None) -> DeviceSettings | None:
        """The settings of an asset's device; ``asset`` is ``None`` for the meter."""
        fitting = {
            spec.name: spec
            for spec in self._adapters
            if (spec.is_meter if asset is None else asset in spec.assets)
        }
        spec = self._choice(entry, key, "adapter", fitting)
        if spec is None or not isinstance(entry, dict):
            return None
        given = {name: value for name, value in entry.items() if name != "adapter"}
        options = check(spec.options, given, key, self._report)
        return None if options is None else DeviceSettings(adapter=spec.name, options=options)

    def _tariff(self, entry: object) -> TariffSettings | None:
        cls = self._choice(entry, ("tariff",), "provider", TARIFFS)
        if cls is None or not isinstance(entry, dict):
            return None
        facts = {name: value for name, value in entry.items() if name != "provider"}
        tariff = read(cls, facts, ("tariff",), self._report)
        if isinstance(tariff, TempoTariff | EjpTariff) and tariff.days_file is not None:
            return replace(tariff, days_file=self._absolute(tariff.days_file))
        return tariff

    def _planner(self, entry: object) -> PlannerSettings | None:
        if not isinstance(entry, dict):
            return read(PlannerSettings, entry, ("planner",), self._report)
        switch = {name: value for name, value in entry.items() if name == "enabled"}
        rest = {name: value for name, value in entry.items() if name != "enabled"}
        enabled = read(PlannerSwitch, switch, ("planner",), self._report)
        settings = read(PlannerSettings, rest, ("planner",), self._report)
        return settings if enabled is None or enabled.enabled else None

    def _home_assistant(self, tree: Mapping[str, Any]) -> HomeAssistantSettings | None:
        """The section with an absolute path; ``None`` where there is none."""
        if not tree.get("home_assistant"):
            return None
        settings = self._section(HomeAssistantSettings, tree, "home_assistant")
        if settings is None:
            return None
        settings = replace(settings, token_file=self._absolute(settings.token_file))
        for key, message in problems_of_home_assistant(settings):
            self._report(key, message)
        return settings

    def _ocpp(
        self, tree: Mapping[str, Any], devices: Mapping[AssetId, DeviceSettings]
    ) -> CentralSettings | None:
        """The section with absolute paths; its defaults where only a device is reached by it."""
        if "ocpp" not in tree and not any(device.adapter == OCPP.name for device in devices.values()):
            return None
        settings = self._section(CentralSettings, tree, "ocpp")
        if settings is None:
            return None
        for name, message in settings.problems():
            self._report(("ocpp", name), message)
        certificate, private_key, authorities = settings.tls_certificate, settings.tls_key, settings.tls_ca
        return replace(
            settings,
            tls_certificate=None if certificate is None else self._absolute(certificate),
            tls_key=None if private_key is None else self._absolute(private_key),
            tls_ca=None if authorities is None else self._absolute(authorities),
            database=self._absolute(settings.database),
        )

    def _heating(self, tree: Mapping[str, Any]) -> HeatingSettings | None:
        heating = self._section(HeatingSettings, tree, "heating")
        if heating is not None:
            for key, message in problems_of_heating(heating):
                self._report(key, message)
        return heating

    def _exposed_safely(self, web: WebSettings) -> WebSettings | None:
        """The web settings with an absolute path, where the token that they need is there."""
        if web.token_file is None:
            if web.host in LOOPBACK_HOSTS:
                return web
            self._report(
                ("web", "host"),
                f"found {web.host!r}: other computers could command this home; allowed: 127.0.0.1, ::1, "
                "localhost, or any address together with token_file.",
            )
            return None
        web = replace(web, token_file=self._absolute(web.token_file))
        try:
            web.token()
        except ConfigError as error:
            self._report(("web", "token_file"), str(error))
            return None
        return web

    def _choice(self, entry: object, key: KeyPath, word: str, choices: Mapping[str, T]) -> T | None:
        """What the word behind a key such as ``kind`` or ``adapter`` stands for."""
        allowed = " | ".join(choices)
        if not isinstance(entry, dict):
            self._report(key, f"found {render_found(entry, key)}, allowed: a mapping with {word}: {allowed}")
        elif word not in entry:
            self._report((*key, word), f"missing; needed: {allowed}")
        elif not isinstance(entry[word], str) or entry[word] not in choices:
            found = entry[word]
            hint = did_you_mean(found, choices) if isinstance(found, str) else ""
            self._report((*key, word), f"found {render_found(found)}, allowed: {allowed}.{hint}")
        else:
            return choices[entry[word]]
        return None

    def _section(self, cls: type[T], tree: Mapping[str, Any], name: str) -> T | None:
        return read(cls, tree.get(name, {}), (name,), self._report)

    def _list(self, tree: Mapping[str, Any], name: str, *, quiet: bool = False) -> list[Any]:
        entries = tree.get(name) or []
        if isinstance(entries, list):
            return entries
        if not quiet:
            self._report(
                (name,), f"found {render_found(entries)}, allowed: a list (each entry begins with '- ')."
            )
        return []

    def _absolute(self, path: Path) -> Path:
        """Paths in a file are relative to its folder, wherever the daemon is started."""
        return self._document.path.absolute().parent / path.expanduser()

    def _report(self, key: KeyPath, message: str) -> None:
        self._problems.append(Problem(line=self._document.line(key), key=key, message=message))

    def _invalid(self) -> InvalidConfig:
        return InvalidConfig(self._document.path, self._problems)


def _has_id(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("id"), str)
