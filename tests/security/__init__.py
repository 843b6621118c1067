"""Attacks on the console, each by its number, and what must come of them."""
