"""Patterns over the concepts of a text (`ticket_text_words`), and the rules made of them.

A pattern is a regular expression over concepts: a word stands for its letter, `..3` for up to three other words of
the same sentence, `--3` for as many of the same clause, `...` for the rest of the sentence, `>>` for anything up to
the next 80 words.
"""

import re
from dataclasses import dataclass
from functools import cached_property

from tui.diagnosis.ticket_text_words import LETTER, UPDATE_ID
from tui.model.cause import Cause, CauseCode, Confidence

_LETTER = LETTER | {"update_number": UPDATE_ID}
_TOKEN = re.compile(r"[a-z_]+|\.\.\d|--\d|\.\.\.|>>|\s+")


def pattern(source: str) -> re.Pattern[str]:
    """Compile a pattern over concepts."""
    return re.compile(_TOKEN.sub(_piece, source))


def _piece(match: re.Match[str]) -> str:
    token = match[0]
    if token == ">>":  # noqa: S105 - a pattern, no password
        return ".{0,80}?"
    if token == "...":  # noqa: S105 - a pattern, no password
        return "[^.]{0,60}?"
    if token.startswith("--"):
        return f"[^.,]{{0,{token[2:]}}}?"
    if token.startswith(".."):
        return f"[^.]{{0,{token[2:]}}}?"
    return "" if token.isspace() else re.escape(_LETTER[token])


def letters(names: str) -> frozenset[str]:
    """The letters of some concepts."""
    return frozenset(LETTER[name] for name in names.split())


@dataclass(frozen=True)
class Rule:
    """What a text must say for a cause; `needs` names concepts without which it cannot match, the rarest first (and
    there `|` for one of several).

    A `trigger` is something that happened: it must be told before the prompt, or as what the prompt came after. Any
    other rule is a state, and may be told anywhere. `negated` rules contain their own negation.
    """

    code: CauseCode
    source: str
    says: str
    needs: str
    trigger: bool = True
    negated: bool = False
    asked: bool = True
    """The text must also speak of a recovery prompt."""
    pcr: int | None = None
    event: str | None = None
    confidence: Confidence = Confidence.POSSIBLE

    @cached_property
    def regex(self) -> re.Pattern[str]:
        return pattern(self.source)

    @cached_property
    def needed(self) -> tuple[frozenset[str], ...]:
        """Of each set the text must hold one letter."""
        return tuple(letters(any_of.replace("|", " ")) for any_of in self.needs.split())

    @cached_property
    def cause(self) -> Cause:
        """The cause as a ticket's text supports it."""
        return Cause(self.code, self.pcr, self.event, self.confidence, (f"the ticket: {self.says}",))
