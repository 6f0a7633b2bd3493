"""Charge points by the thousand: vehicles, scenarios and scripts for tests of a central system."""
