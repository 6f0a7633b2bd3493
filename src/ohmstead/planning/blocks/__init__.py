"""One file per kind of asset: its columns and rows, and how its solution is read."""
