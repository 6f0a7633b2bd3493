"""The planner's physics: simple, linear where the optimiser needs it, each with its source."""
