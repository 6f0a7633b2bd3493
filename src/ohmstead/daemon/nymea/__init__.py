"""A home as nymea's clients see it: things, energy and charging behind the port of ``ohmstead.nymea``."""
