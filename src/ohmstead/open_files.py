"""How many files and sockets this process may have open: for hosts of thousands of connections."""

from __future__ import annotations

from contextlib import suppress


def raise_open_files() -> None:
    """Allow this process as many as the system lets it have; often it begins with 1024."""
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):  # such as macOS, whose hard limit is more than it allows
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
