"""The deciding core: standard library only, no clock, no I/O, no logging.

Signs: load convention. Positive power flows *into* an asset; grid import is positive; PV is
zero or negative; a charging battery is positive. ``grid = Σ assets`` at every moment.
"""
