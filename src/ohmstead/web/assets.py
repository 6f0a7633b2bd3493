"""The dashboard's files, and the description of the API."""

from __future__ import annotations

from pathlib import Path

from ohmstead.apidocs.files import SWAGGER, Files

STATIC = Path(__file__).parent / "static"


def dashboard() -> Files:
    """The dashboard at ``/`` and Swagger UI at ``/docs``."""
    return Files({"/": STATIC, "/docs": SWAGGER})
