"""Filters of the queue: every word must stand in an incident's fields or in its ticket's text, in any case."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from tui.model.incident_line import Line, id_in, words_in
from tui.ports import IncidentCache
from tui.services.incidents import IncidentBook

SLICE = 2_000
"""Incidents looked at before the event loop gets its turn: about a millisecond."""
FEW = 3_000
"""Texts that are fetched and looked at sooner than all texts are searched."""
AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class _Found:
    """What words led to, for words that say more of the same."""

    wanted: tuple[str, ...]
    revision: int
    lines: Sequence[Line]

    def holds_all_of(self, wanted: Sequence[str], revision: int) -> bool:
        """Whatever has the wanted words is among what was found."""
        return self.revision == revision and all(any(old in new for new in wanted) for old in self.wanted)


class QueueFilter:
    """Filters the book by words. Fields are looked at here and texts by the cache; cancelling ends a search."""

    def __init__(self, book: IncidentBook, cache: IncidentCache) -> None:
        self._book = book
        self._cache = cache
        self._last = _Found((), -1, ())

    async def matching(self, words: str) -> Sequence[Line]:
        """Lines of the incidents that have all words, in queue order; raises `Problem` when the cache fails."""
        wanted, revision = words_of(words), self._book.revision
        narrows = self._last.holds_all_of(wanted, revision)
        lines = self._last.lines if narrows else self._book.lines()
        found, others, lacked = await self._by_fields(lines, wanted)
        if len(others) <= FEW:
            found |= await self._in_texts_of(others, wanted)
        else:
            found |= await self._in_all_texts(lacked, wanted)
        in_order: list[Line] = []
        # Sorting would hold the event loop for longer.
        async for part in _slices(lines):
            in_order += [line for line in part if line in found]
        self._last = _Found(wanted, revision, in_order)
        return in_order

    async def _by_fields(
        self, lines: Sequence[Line], wanted: Sequence[str]
    ) -> tuple[set[Line], list[Line], Sequence[str]]:
        """What has all words without a look into the cache; the others, and the words that these lack in part."""
        found, others, lacked = set[Line](), list[Line](), dict[str, None]()
        async for part in _slices(lines):
            for line in part:
                left = lacking(line, wanted)
                if not left:
                    found.add(line)
                elif (text := self._book.text(id_in(line))) is None:
                    others.append(line)
                    lacked |= dict.fromkeys(left)
                elif has_all(text, left):
                    found.add(line)
        return found, others, tuple(lacked)

    async def _in_texts_of(self, lines: Sequence[Line], wanted: Sequence[str]) -> set[Line]:
        """Those of a few lines whose texts have what their fields lack."""
        found: set[Line] = set()
        for start in range(0, len(lines), AT_ONCE):
            part = {id_in(line): line for line in lines[start : start + AT_ONCE]}
            texts = await self._cache.texts(list(part))
            found |= {part[name] for name, text in texts.items() if has_all(text, lacking(part[name], wanted))}
        return found

    async def _in_all_texts(self, lacked: Sequence[str], wanted: Sequence[str]) -> set[Line]:
        """Lines whose texts have what their fields lack."""
        found: set[Line] = set()
        async for part in self._cache.texts_with(lacked):
            for name, has in part:
                line = self._book.line(name)
                # A text in the book is newer than the cache's, and was looked at with the fields.
                if line is None or self._book.text(name) is not None:
                    continue
                if len(has) == len(lacked) or has.issuperset(lacking(line, wanted)):
                    found.add(line)
        return found


async def _slices(lines: Sequence[Line]) -> AsyncIterator[Sequence[Line]]:
    """Parts of the lines; between two of them the event loop gets its turn."""
    for start in range(0, len(lines), SLICE):
        await asyncio.sleep(0)
        yield lines[start : start + SLICE]


def lacking(line: Line, wanted: Sequence[str]) -> list[str]:
    """The words that do not stand in an incident's fields."""
    fields = words_in(line)
    return [word for word in wanted if word not in fields]


def words_of(words: str) -> tuple[str, ...]:
    """The words of a filter, lower case, each once."""
    return tuple(dict.fromkeys(words.lower().split()))


def has_all(text: str, words: Sequence[str]) -> bool:
    """Every word, which is lower case, stands in the text in any case."""
    lower = text.lower()
    return all(word in lower for word in words)
