"""Where the workers of one central system meet."""

from __future__ import annotations

from dataclasses import dataclass

from ohmstead.errors import ConfigError

DATABASE_SCHEMES = ("postgresql://", "postgres://")


@dataclass(frozen=True, kw_only=True, slots=True)
class ClusterSettings:
    """Where the workers meet. The URLs may hold passwords: not shown, not logged."""

    database: str
    """``postgresql://USER:PASSWORD@HOST:PORT/NAME``."""
    broker: str
    """``nats://HOST:PORT``, several separated by commas; with JetStream."""
    lease_s: float = 6.0
    """A worker that is silent for so long has no chargers any more."""
    connect_s: float = 10.0
    """How long the broker is waited for at the start."""

    def __repr__(self) -> str:
        """Without the URLs."""
        return f"ClusterSettings(lease_s={self.lease_s})"


def cluster_settings(database: str, broker: str) -> ClusterSettings:
    """The two URLs, if they can be meant; the file of the SQLite store cannot.

    Raises:
        ConfigError: ``database`` is no PostgreSQL URL.
    """
    if not database.startswith(DATABASE_SCHEMES):
        raise ConfigError(
            "--cluster: needs --database postgresql://USER:PASSWORD@HOST:PORT/NAME, which all workers share; "
            "found a file"
        )
    return ClusterSettings(database=database, broker=broker)
