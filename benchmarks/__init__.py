"""Measurements. ``python -m benchmarks [NAME …]`` regenerates their tables in docs/benchmarks.md."""
