"""Reseal: an on-call console for BitLocker recovery."""

__version__ = "0.1.0"
