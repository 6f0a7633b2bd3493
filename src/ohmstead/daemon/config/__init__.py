"""One home as a YAML file: read, checked as a whole, and told apart from the core that it feeds."""
