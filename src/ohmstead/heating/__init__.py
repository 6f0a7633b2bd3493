"""State machines of heating, each one file that can be carried into another host."""
