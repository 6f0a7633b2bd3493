"""Ohmstead: the open energy brain of a home."""

__version__ = "0.1.0"
