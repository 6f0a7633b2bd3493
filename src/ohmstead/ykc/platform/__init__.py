"""The platform's end: accepts known piles, starts and stops orders, and books every bill exactly once."""
