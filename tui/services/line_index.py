"""Lines of incidents by id, in a sixth of the memory of a `dict` with ids for keys: the ids stand in the lines."""

from array import array
from collections.abc import Iterable

from tui.model.incident_line import Line, id_in

_FREE = -1
_LEAST = 64


class LineIndex:
    """A hash table with open addressing over the lines. Nothing is ever taken out, so a search ends at a free place."""

    def __init__(self, lines: Iterable[Line] = ()) -> None:
        self._lines: list[Line] = []
        self._places = array("i", [_FREE]) * _LEAST
        for line in lines:
            self.put(line)

    def __len__(self) -> int:
        return len(self._lines)

    def get(self, incident_id: str) -> Line | None:
        """The line of an incident."""
        places, lines = self._places, self._lines
        mask = len(places) - 1
        slot = hash(incident_id) & mask
        while (place := places[slot]) != _FREE:
            if id_in(line := lines[place]) == incident_id:
                return line
            slot = (slot + 1) & mask
        return None

    def put(self, line: Line) -> None:
        """Take in a line, in place of an older one of the same incident."""
        slot = self._slot(id_in(line))
        place = self._places[slot]
        if place != _FREE:
            self._lines[place] = line
            return
        self._places[slot] = len(self._lines)
        self._lines.append(line)
        if len(self._lines) * 2 > len(self._places):
            self._grow()

    def lines(self) -> list[Line]:
        """All lines, in the order in which their incidents came."""
        return self._lines.copy()

    def _slot(self, incident_id: str) -> int:
        """Where the incident's place stands, or would stand."""
        places, lines = self._places, self._lines
        mask = len(places) - 1
        slot = hash(incident_id) & mask
        while (place := places[slot]) != _FREE and id_in(lines[place]) != incident_id:
            slot = (slot + 1) & mask
        return slot

    def _grow(self) -> None:
        self._places = array("i", [_FREE]) * (len(self._places) * 4)
        mask = len(self._places) - 1
        for place, line in enumerate(self._lines):
            slot = hash(id_in(line)) & mask
            while self._places[slot] != _FREE:
                slot = (slot + 1) & mask
            self._places[slot] = place
