"""The digital twin: a house with more detailed physics than the planner knows, on purpose."""
