"""How the recorder fails."""

from __future__ import annotations

from ohmstead.errors import DataError


class HistoryError(DataError):
    """The database could not be read or written; the message names the file.

    ``transient`` is True where trying again may help (disk full, locked, I/O error).
    """

    def __init__(self, message: str, *, transient: bool = True) -> None:
        super().__init__(message)
        self.transient = transient
