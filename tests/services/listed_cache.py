"""A cache in memory, for tests of what stands on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from tui.model.incident import Incident


@dataclass
class ListedCache:
    """A cache in a list; the real one has tests of its own."""

    kept: dict[str, Incident] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)

    async def save(self, source: str, incidents: Sequence[Incident], watermark: str) -> None:
        self.kept |= {each.id: each for each in incidents}
        self.marks[source] = watermark

    async def load(self) -> Sequence[Incident]:
        return list(self.kept.values())

    async def watermark(self, source: str) -> tuple[str, datetime | None]:
        return self.marks.get(source, ""), None
