"""Filters of the queue: every word must stand in an incident's fields or in its ticket's text, in any case."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from tui.model.incident_line import Line, id_in, words_in
from tui.ports import IncidentCache
from tui.services.incidents import IncidentBook

SLICE = 2_000
"""Incidents looked at before the event loop gets its turn: about a millisecond."""
FEW = 10_000
"""Texts that are fetched and looked at sooner than all texts are searched."""
AT_ONCE = 500
NEAR = 5_000
"""Incidents that are looked at before all others: at the top stand the open and urgent ones."""
QUICK = 1_000
"""Incidents of which all matches are found as quickly as the first ones."""
PAGE = 60
"""What is shown of them at most: more than a screen holds."""


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

    async def first(self, words: str, keeping: str) -> Sequence[Line]:
        """What `matching` begins with, to be seen meanwhile; nothing when it is as quick itself, or stands far down.

        Nothing either when the incident to keep is among the matches and not among these. Raises `Problem`.
        """
        wanted = words_of(words)
        lines, found = self._among(wanted), list[Line]()
        for start in range(0, min(len(lines), NEAR) if len(lines) > QUICK else 0, AT_ONCE):
            found += await self._decided(lines[start : start + AT_ONCE], wanted)
            if len(found) >= PAGE:
                break
        del found[PAGE:]
        kept = self._book.line(keeping)
        if kept is not None and kept not in found and await self._decided([kept], wanted):
            return ()
        return found

    async def matching(self, words: str) -> Sequence[Line]:
        """Lines of the incidents that have all words, in queue order; raises `Problem` when the cache fails."""
        wanted, revision = words_of(words), self._book.revision
        if not wanted:
            return self._book.lines()
        lines = self._among(wanted)
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

    def _among(self, wanted: Sequence[str]) -> Sequence[Line]:
        """Where to look: in what was found last, when the words only say more."""
        return self._last.lines if self._last.holds_all_of(wanted, self._book.revision) else self._book.lines()

    async def _decided(self, lines: Sequence[Line], wanted: Sequence[str]) -> list[Line]:
        """Those of a few lines that match."""
        found, others, _ = await self._by_fields(lines, wanted)
        found |= await self._in_texts_of(others, wanted)
        return [line for line in lines if line in found]

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
