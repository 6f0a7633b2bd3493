"""Cycle records in a file, one JSON object per line, gzip-compressed: for replay and for bug reports."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from ohmstead.core.codec import from_data, to_data
from ohmstead.core.decide import Decision
from ohmstead.core.engine import replay
from ohmstead.core.record import CycleRecord
from ohmstead.core.settings import Settings
from ohmstead.core.site import Site
from ohmstead.errors import ConfigError, DataError

FLUSH_EVERY = 60
"""Cycles between two flushes; what a kill may lose."""


class CycleLog:
    """Writes every cycle of a run; the first line is the site and its settings.

    Raises:
        ConfigError: the file cannot be written, or is there already.
    """

    def __init__(self, path: Path, site: Site, settings: Settings) -> None:
        """Create the file."""
        try:
            self._file = gzip.open(path, "xt", encoding="utf-8", compresslevel=4)  # noqa: SIM115
        except OSError as error:
            reason = "is there already" if path.exists() else str(error.strerror)
            raise ConfigError(f"{path}: cannot record cycles into it, it {reason}") from error
        self._written = 0
        self._put({"site": to_data(site), "settings": to_data(settings)})

    def cycle(self, record: CycleRecord) -> None:
        """Write one cycle."""
        self._put(to_data(record))
        self._written += 1
        if self._written % FLUSH_EVERY == 0:
            self._file.flush()

    def close(self) -> None:
        """Finish the file."""
        self._file.close()

    def __enter__(self) -> Self:
        """Close on leaving the block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        self.close()

    def _put(self, data: object) -> None:
        self._file.write(json.dumps(data, separators=(",", ":")) + "\n")


@contextmanager
def recording(path: Path | None, site: Site, settings: Settings) -> Iterator[tuple[CycleLog, ...]]:
    """The listeners that record a run: one where a file is given, else none.

    Raises:
        ConfigError: the file cannot be written, or is there already.
    """
    if path is None:
        yield ()
        return
    with CycleLog(path, site, settings) as log:
        yield (log,)


@dataclass(frozen=True, kw_only=True, slots=True)
class Replayed:
    """One recorded cycle, decided again."""

    record: CycleRecord
    again: Decision

    @property
    def same(self) -> bool:
        """Whether the setpoints came out bit for bit as recorded."""
        return self.again.setpoints == self.record.setpoints


def replay_file(path: Path) -> Iterator[Replayed]:
    """Decide every recorded cycle again, one after the other.

    A file that was cut off by a kill ends with its last whole line.

    Raises:
        DataError: it is no cycle log; the message names the line.
    """
    lines = _lines(path)
    head = next(lines, None)
    if head is None or "site" not in head:
        raise DataError(f"{path}:1: found no site; this is not a cycle log")
    site, settings = _decoded(Site, head["site"], path, 1), _decoded(Settings, head["settings"], path, 1)
    for number, data in enumerate(lines, start=2):
        record = _decoded(CycleRecord, data, path, number)
        yield Replayed(record=record, again=replay(record, site, settings))


def _decoded(kind: type[Any], data: object, path: Path, line: int) -> Any:
    try:
        return from_data(kind, data)
    except ValueError as error:
        raise DataError(f"{path}:{line}: {error}") from error


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith("\n"):
                    return
                try:
                    yield json.loads(line)
                except ValueError as error:
                    raise DataError(f"{path}:{number}: {error}") from error
    except EOFError:
        return
    except (OSError, UnicodeDecodeError, zlib.error) as error:
        raise DataError(f"{path}: {error}") from error
