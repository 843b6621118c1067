"""A cache in memory, for tests of what stands on it."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tui.model.incident import Incident
from tui.model.incident_line import Line, line_of


@dataclass
class ListedCache:
    """A cache in a list; the real one has tests of its own."""

    kept: dict[str, Incident] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    bodies: dict[str, str] = field(default_factory=dict)

    async def save(self, source: str, incidents: Sequence[Incident], watermark: str) -> Collection[str]:
        self.kept |= {each.id: each for each in incidents}
        self.bodies |= {each.id: each.ticket.body for each in incidents if not each.ticket.kept_text}
        self.marks[source] = watermark
        return ()

    async def load(self) -> Sequence[Line]:
        return [line_of(each) for each in self.kept.values()]

    async def watermark(self, source: str) -> tuple[str, datetime | None]:
        return self.marks.get(source, ""), None

    async def texts(self, incident_ids: Sequence[str]) -> Mapping[str, str]:
        return {each: self.bodies[each] for each in incident_ids if self.bodies.get(each)}

    async def texts_with(self, words: Sequence[str]) -> AsyncIterator[Sequence[tuple[str, frozenset[str]]]]:
        yield [(each, frozenset(word for word in words if word in body.lower())) for each, body in self.bodies.items()]
