"""How far `reseal diagnose` agrees with the corpus of real samples: kinds, files, fields, agreed.

`python -m tests.diagnosis.agreement` prints the table of the README, and what does not agree on stderr.
"""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from tests.diagnosis import corpus
from tests.diagnosis.corpus import Case
from tui.diagnosis.formats import diagnose_inputs
from tui.diagnosis.report import scrubbed
from tui.diagnosis.sample import Parsed

TICKETS = "tickets"
_TICKET_FIELDS = ("kb", "cause", "recurrence")
_REFUSED = "unknown"


@dataclass(frozen=True, slots=True)
class Agreement:
    """Counts of one kind of sample.

    `agreed` counts single values. `withheld` are causes that a ticket's text would have borne and that were answered
    `unknown`; `wrong` are the other values that differ, one sentence each.
    """

    kind: str
    files: int = 0
    fields: int = 0
    agreed: int = 0
    withheld: int = 0
    wrong: tuple[str, ...] = field(default=())

    def __add__(self, other: "Agreement") -> "Agreement":
        return replace(
            self,
            files=self.files + other.files,
            fields=self.fields + other.fields,
            agreed=self.agreed + other.agreed,
            withheld=self.withheld + other.withheld,
            wrong=self.wrong + other.wrong,
        )


def measure() -> list[Agreement]:
    """Every kind of the corpus, in the order of names; reads only."""
    folders = sorted(path.name for path in corpus.needed().iterdir() if path.is_dir())
    return [total(folder, (_case(folder, case) for case in corpus.cases(folder))) for folder in folders]


def total(kind: str, parts: Iterable[Agreement]) -> Agreement:
    """The sum under one name."""
    return sum(parts, Agreement(kind))


def _case(folder: str, case: Case) -> Agreement:
    found = diagnose_inputs([(path.name, path.read_bytes()) for path in case.files])
    # Of a pair the difference comes last; of a bundle the summary comes first.
    answer = found[-1] if len(case.files) > 1 else found[0]
    if folder == TICKETS:
        return _ticket(case, answer.parsed)
    wrong = tuple(
        f"{case.path.name}: {line}" for line in corpus.disagreements(case.expected, scrubbed(answer.parsed.facts)[0])
    )
    fields = corpus.fields(case.expected)
    return Agreement(folder, len(case.files), fields, fields - len(wrong), 0, wrong)


def _ticket(case: Case, parsed: Parsed) -> Agreement:
    """A ticket is held to what its text alone supports: the update, the cause or one that does as well, how often."""
    facts, expected = parsed.facts, case.expected
    wrong: list[str] = []
    withheld = 0
    kbs = facts.get("kbs") or []
    if kbs != [expected["kb_from_text"]] * bool(expected["kb_from_text"]):
        wrong.append(f"{case.path.name}: expected {expected['kb_from_text']!r}, got {kbs!r}")
    told = facts.get("cause")
    code = told.get("code") if isinstance(told, dict) else told
    if code not in (expected["cause_from_text"], *(expected.get("also_ok") or ())):
        withheld = int(code == _REFUSED)
        wrong += [] if withheld else [f"{case.path.name}: expected {expected['cause_from_text']!r}, got {code!r}"]
    if (facts.get("recurrence") or _REFUSED) != (expected.get("recurrence") or _REFUSED):
        wrong.append(f"{case.path.name}: expected {expected.get('recurrence')!r}, got {facts.get('recurrence')!r}")
    fields = len(_TICKET_FIELDS)
    return Agreement(TICKETS, 1, fields, fields - withheld - len(wrong), withheld, tuple(wrong))


def table(measured: Iterable[Agreement]) -> str:
    """The table of the README, in Markdown."""
    return "\n".join(_lines(list(measured)))


def _lines(measured: list[Agreement]) -> Iterator[str]:
    yield "| kind | files | fields | agreed | unknown instead | wrong |"
    yield "|---|---:|---:|---:|---:|---:|"
    for row in [*measured, total("**all**", measured)]:
        yield f"| {row.kind} | {row.files} | {row.fields} | {row.agreed} | {row.withheld} | {len(row.wrong)} |"


def describe(facts: Any) -> str:
    """A value in at most a line."""
    return str(facts)[:300]


def main() -> None:
    """Print the table."""
    if not corpus.ROOT.is_dir():
        sys.exit("the corpus of real samples is not beside the project (../shared/corpus)")
    measured = measure()
    print(table(measured))
    for row in measured:
        for line in row.wrong:
            print(describe(line), file=sys.stderr)


if __name__ == "__main__":
    main()
