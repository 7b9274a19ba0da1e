"""Notebooks in an order: what the file says, what would run and why, and running it."""
