"""The texts of tickets, fetched when they are looked at: the queue itself holds none that the cache has."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

from tui.errors import Problem
from tui.ports import IncidentCache, TicketSource
from tui.services.incidents import IncidentBook

AT_HAND = 200
"""Texts that are kept at hand: what was looked at lately, and what stands around it."""


class TicketTexts:
    """Texts by incident. A text is known by its digest, so that an old one is never shown for a changed ticket."""

    def __init__(self, book: IncidentBook, cache: IncidentCache, sources: Mapping[str, TicketSource]) -> None:
        self._book = book
        self._cache = cache
        self._sources = sources
        self._at_hand: OrderedDict[tuple[str, str], str] = OrderedDict()
        self._faults: dict[tuple[str, str], str] = {}

    def at_hand(self, incident_id: str) -> str | None:
        """The text, when it can be had without waiting; None when it has to be fetched."""
        incident = self._book.get(incident_id)
        if incident is None or not incident.ticket.kept_text:
            return incident.ticket.body if incident is not None else ""
        key = (incident_id, incident.ticket.kept_text)
        return self._at_hand.get(key, self._faults.get(key))

    async def fetch(self, incident_ids: Sequence[str]) -> None:
        """Put texts at hand; in place of the first one's, why it cannot be had."""
        wanted = {each: digest for each in incident_ids if (digest := self._missing(each))}
        self._faults.clear()
        first = incident_ids[0] if incident_ids else ""
        texts: dict[str, str] = {}
        try:
            texts |= await self._cache.texts(list(wanted)) if wanted else {}
            if first in wanted and first not in texts:
                texts[first] = await self._read(first)
        except Problem as problem:
            if first in wanted:
                self._faults[first, wanted[first]] = f"The text cannot be shown: {problem}"
        for name, text in texts.items():
            self._at_hand[name, wanted[name]] = text
        while len(self._at_hand) > AT_HAND:
            self._at_hand.popitem(last=False)

    def _missing(self, incident_id: str) -> str:
        """The digest of a text that is not at hand."""
        incident = self._book.get(incident_id)
        digest = incident.ticket.kept_text if incident is not None else ""
        return "" if (incident_id, digest) in self._at_hand else digest

    async def _read(self, incident_id: str) -> str:
        """The text as the ticket system has it, for a cache that was lost meanwhile."""
        incident = self._book.get(incident_id)
        source = self._sources.get(incident.source) if incident is not None else None
        if incident is None or source is None:
            return ""
        return (await source.get(incident.ticket.key)).body
