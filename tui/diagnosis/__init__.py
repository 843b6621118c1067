"""Bytes and text in, facts, causes and findings out. Pure: no I/O, no clock, no network."""
