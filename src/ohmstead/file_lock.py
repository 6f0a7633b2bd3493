"""One process writes a database: of two, each would undo what the other did."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from ohmstead.errors import DataError


class FileLock:
    """``NAME.lock`` beside a file; the kernel drops it when the process ends, however it ends.

    Does nothing on Windows, which has no such locks.
    """

    def __init__(self, path: Path, taken: str) -> None:
        """Take the lock, and make the folder of the file.

        Args:
            taken: who has it otherwise, and what to do about that; follows the file's name.

        Raises:
            DataError: another process has it.
            OSError: the folder or the lock file cannot be made; ``filename`` says which.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor: int | None = None
        if sys.platform == "win32":
            return
        import fcntl  # noqa: PLC0415 - does not exist on Windows

        lock_path = path.with_name(path.name + ".lock")
        descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise DataError(f"{path}: {taken}") from error
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; the empty lock file stays."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
