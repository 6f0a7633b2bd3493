"""The schema library of the running Home Assistant: probatio from 2026 on, voluptuous before."""

from __future__ import annotations

try:
    import probatio as vol
except ImportError:
    import voluptuous as vol

__all__ = ["vol"]
