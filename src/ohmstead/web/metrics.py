"""The home in the Prometheus text format, read at each scrape."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ohmstead.web.schema import StatePayload
from ohmstead.web.view import SiteView

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class SiteCollector(Collector):
    """Turns the present state into gauges. A value that is missing gives no sample, not a 0."""

    def __init__(self, view: SiteView) -> None:
        self._view = view

    def describe(self) -> Iterator[Metric]:
        """Nothing: what there is depends on the home."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        """The gauges of the state and of the daemon's health."""
        state = self._view.state()
        health = self._view.health()
        yield from _asset_gauges(state)
        yield _gauge("ohmstead_import_price", "Import price, currency per kWh", _price(state))
        yield _gauge("ohmstead_cost_today", "Cost since local midnight, currency", _cost(state))
        yield _gauge("ohmstead_cycle_age_seconds", "Age of the last control cycle", health.cycle_age_s)
        yield _gauge("ohmstead_healthy", "1 while the daemon controls", float(health.status == "ok"))


def _gauge(name: str, text: str, value: float | None) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text)
    if value is not None:
        family.add_metric([], value)
    return family


def _price(state: StatePayload) -> float | None:
    return state.tariff.import_eur_per_kwh if state.tariff else None


def _cost(state: StatePayload) -> float | None:
    return state.today.cost_eur if state.today else None


def _asset_gauges(state: StatePayload) -> Iterator[GaugeMetricFamily]:
    power = GaugeMetricFamily("ohmstead_power_watts", "Power, into the asset positive", labels=["asset"])
    setpoint = GaugeMetricFamily("ohmstead_setpoint_watts", "What is asked for", labels=["asset"])
    soc = GaugeMetricFamily("ohmstead_state_of_charge_ratio", "State of charge, 0..1", labels=["asset"])
    temperature = GaugeMetricFamily("ohmstead_temperature_celsius", "Temperature", labels=["asset"])
    online = GaugeMetricFamily("ohmstead_asset_online", "1 while the device answers", labels=["asset"])
    for name, watts in state.powers_w.items():
        if watts is not None:
            power.add_metric([name], watts)
    for name, asset in state.assets.items():
        online.add_metric([name], float(asset.online))
        for family, value in (
            (setpoint, asset.setpoint_w),
            (soc, asset.soc),
            (temperature, asset.temperature_c),
        ):
            if value is not None:
                family.add_metric([name], value)
    yield from (power, setpoint, soc, temperature, online)


def render(view: SiteView) -> bytes:
    """The whole scrape."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(SiteCollector(view))
    return generate_latest(registry)
