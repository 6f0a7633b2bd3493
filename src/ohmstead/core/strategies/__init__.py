"""Strategies: each sees what is left and proposes."""
