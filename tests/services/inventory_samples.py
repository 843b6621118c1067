"""Invented devices of Intune's inventory, on both sides of the update of April 2026."""

from datetime import datetime, timedelta

from tests.services.samples import MORNING
from tui.services.fleet import FleetDevice
from tui.services.incident_evidence import Facets

MARCH, APRIL_BUILD = (26100, 8117), (26100, 8246)
"""Windows 11 24H2 before KB5083769 and with it."""


def managed(
    name: str, build: tuple[int, int] | None, synced_at: datetime | None = None, *, model: str = ""
) -> FleetDevice:
    """A device that checked in an hour ago, unless something else is said."""
    told = f"{build[0]}.{build[1]}" if build else ""
    heard = synced_at or MORNING - timedelta(hours=1)
    return FleetDevice(f"id-{name}", name, build, heard, Facets(model=model, build=told))
