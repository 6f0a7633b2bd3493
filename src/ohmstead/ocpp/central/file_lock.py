"""One process writes a database: two would give the same transaction number twice."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ohmstead.errors import DataError


class FileLock:
    """``NAME.lock`` beside a file; the kernel drops it when the process ends, however it ends."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            DataError: another process has it, or the lock file cannot be made.
        """
        self._descriptor: int | None = None
        if sys.platform == "win32":
            return
        import fcntl  # noqa: PLC0415 - does not exist on Windows

        lock_path = path.with_name(path.name + ".lock")
        try:
            descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise DataError(f"{lock_path}: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise DataError(
                f"{path}: another central system is writing it; stop that one, or name another file"
            ) from error
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; the empty lock file stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
