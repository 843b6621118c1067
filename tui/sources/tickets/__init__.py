"""Ticket systems."""
