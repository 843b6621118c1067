"""Rows in an order of their own: filtered, sorted, or both."""

from collections.abc import Sequence

from tui.model.incident import Incident
from tui.model.incident_line import Line, id_in
from tui.services.incidents import IncidentBook


class ListedRows:
    """Some incidents of the book, in the order of their lines here; each is shown as the book has it now."""

    def __init__(self, book: IncidentBook, lines: Sequence[Line]) -> None:
        self._book = book
        self._lines = lines

    def __len__(self) -> int:
        return len(self._lines)

    def at(self, position: int) -> Incident:
        """The incident on a position."""
        incident = self._book.get(id_in(self._lines[position]))
        assert incident is not None
        return incident

    def position(self, incident_id: str) -> int | None:
        """Where an incident stands; None when it is not among the rows."""
        # Looked for rather than remembered: places of a hundred thousand rows would take 8 MiB.
        line = self._book.line(incident_id)
        if line is None:
            return None
        try:
            return self._lines.index(line)
        except ValueError:
            # It has changed since it was listed.
            return next((place for place, each in enumerate(self._lines) if id_in(each) == incident_id), None)
