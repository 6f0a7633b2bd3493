"""The running program: configuration, clock, loop and wiring."""
