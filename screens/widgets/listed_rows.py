"""Rows in an order of their own: filtered, sorted, or both."""

from collections.abc import Sequence

from tui.model.incident import Incident
from tui.services.incidents import IncidentBook


class ListedRows:
    """Some incidents of the book, in the order of their ids here."""

    def __init__(self, book: IncidentBook, ids: Sequence[str]) -> None:
        self._book = book
        self._ids = list(ids)
        self._places = {incident_id: place for place, incident_id in enumerate(self._ids)}

    def __len__(self) -> int:
        return len(self._ids)

    def at(self, position: int) -> Incident:
        """The incident on a position."""
        incident = self._book.get(self._ids[position])
        assert incident is not None
        return incident

    def position(self, incident_id: str) -> int | None:
        """Where an incident stands; None when it is not among the rows."""
        return self._places.get(incident_id)
