"""Devices as the daemon sees them: capabilities, registry and adapters."""
