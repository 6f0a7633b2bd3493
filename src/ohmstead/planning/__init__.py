"""Forecasts and the optimiser."""
