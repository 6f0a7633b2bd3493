"""Five HTTP agents of a home: one that coordinates, four that are its devices."""
