"""Values read at each scrape, as Prometheus gauges."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Gauges(Collector):
    """One gauge per value of a mapping; a value that is not known gives no sample, not a 0."""

    def __init__(self, texts: Mapping[str, str], read: Callable[[], Mapping[str, float | None]]) -> None:
        self._texts = texts
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """See :class:`prometheus_client.registry.Collector`."""
        values = self._read()
        for name, text in self._texts.items():
            family = GaugeMetricFamily(f"ohmstead_agent_{name}", text)
            value = values.get(name)
            if value is not None:
                family.add_metric([], value)
            yield family
