"""What the specification of the energy manager asks for, shown in the simulated house."""
