"""Who is who in a ticket system: the console knows an engineer by the name of the sign-in, the system by an id."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from tui.errors import Problem, ProblemKind
from tui.sources.tickets.profile import Detail, Lookup, Query
from tui.sources.tickets.records import Holder, compiled
from tui.sources.tickets.templates import fill_path, fill_query
from tui.text import clean_line

Ask = Callable[[str, Query, str], Awaitable[Any]]
"""GET a path with a query about a subject; the decoded JSON."""
_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can hold tickets: the name that was asked for, the id there, and all names (case-folded)."""

    name: str
    id: str
    names: frozenset[str]

    def holds(self, holder: Holder) -> bool:
        """This is who holds the ticket."""
        return (bool(holder.id) and holder.id == self.id) or bool(self.names & holder.names)


class People:
    """Finds people by name, and remembers by which name an id is known here."""

    def __init__(self, lookups: list[Lookup], who: Detail | None, ask: Ask) -> None:
        self._lookups = lookups
        self._who = who
        self._who_name = compiled(who.body) if who else None
        self._ask = ask
        self._found: dict[str, Person] = {}
        self._shown: dict[str, str] = {}

    def shown(self, holder: Holder) -> str:
        """The name under which a holder's id is known here; empty when it is not."""
        return self._shown.get(holder.id, "") if holder.id else ""

    async def find(self, name: str) -> Person:
        """The one person of this name; raises `Problem` when the system knows none, or several."""
        name = clean_line(name, 200)
        known = self._found.get(name.casefold())
        if known is None:
            self._found[name.casefold()] = known = await self._look_up(name)
            self._shown[known.id] = name
        return known

    async def learn(self, holder: Holder) -> None:
        """Ask for the name behind an id, once; who cannot be asked for stays an id."""
        if self._who is None or self._who_name is None or not holder.id or holder.id in self._shown:
            return
        if len(self._shown) > _KEPT:
            return
        values = {"id": holder.id}
        try:
            answer = await self._ask(fill_path(self._who.path, values), self._who.query, "an engineer's name")
        except Problem as problem:
            if problem.kind not in (ProblemKind.FORBIDDEN, ProblemKind.NOT_FOUND):
                raise
            answer = None
        name = self._who_name(answer)
        self._shown[holder.id] = clean_line(name, 200) if isinstance(name, str) and name else holder.id

    async def _look_up(self, name: str) -> Person:
        if not self._lookups:
            return Person(name, name, frozenset({name.casefold()}))
        denied: Problem | None = None
        for lookup in self._lookups:
            try:
                found = await entries(lookup, {"person": name, "login": name.partition("@")[0]}, self._ask)
            except Problem as problem:
                if problem.kind not in (ProblemKind.FORBIDDEN, ProblemKind.NOT_FOUND):
                    raise
                denied = problem
                continue
            wanted = {name.casefold()} | ({name.partition("@")[0].casefold()} if lookup.local_part else set())
            fits = {each: names for each, names in found if names & wanted}
            if len(fits) == 1:
                [(person_id, names)] = fits.items()
                return Person(name, person_id, names | wanted)
        raise Problem(
            ProblemKind.UPSTREAM,
            "The ticket was not claimed",
            f"The ticket system does not know {clean_line(name, 100)} as somebody who can hold it"
            + (f"; {denied.what}" if denied else ""),
            "Claim it there, or use the name and the credential that it knows",
        )


async def entries(lookup: Lookup, values: dict[str, str], ask: Ask) -> list[tuple[str, frozenset[str]]]:
    """Ids with their names (case-folded), as a lookup finds them; raises `Problem`."""
    answer = await ask(fill_path(lookup.path, values), fill_query(lookup.query, values), "a name")
    items = compiled(lookup.items)(answer)
    id_of, names_of = compiled(lookup.id), [compiled(each) for each in lookup.names]
    found: list[tuple[str, frozenset[str]]] = []
    for item in items if isinstance(items, list) else []:
        identity = id_of(item)
        names = {clean_line(name).casefold() for each in names_of if isinstance(name := each(item), str) and name}
        if isinstance(identity, str | int) and not isinstance(identity, bool):
            found.append((clean_line(str(identity), 200), frozenset(names)))
    return found
