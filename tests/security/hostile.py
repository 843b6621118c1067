"""Texts that a terminal, a markup parser or a reader would fall for, made from parts."""

import random
from collections.abc import Iterator

_OPENINGS = (
    "\x1b]",
    "\x1bP",
    "\x1b_",
    "\x1b^",
    "\x1bX",
    "\x9d",
    "\x90",
    "\x9f",
    "\x9e",
    "\x98",
    "\x1b[",
    "\x9b",
    "\x1b",
)
_BODIES = ("52;c;aGk=", "8;;http://x.example", "0;title", "2J", "31m", "?1049h", "6n", "c", "+q544e", "]", "#8", "5n")
_ENDINGS = ("\x07", "\x1b\\", "\x9c", "", "\n", "m")
_INVISIBLE = ("\u202e", "\u2066", "\u200b", "\u200d", "\ufeff", "\u00ad", "\x00", "\x08", "\x7f", "\r", "\x0b", "\x85")
_VISIBLE = ("\U0001f469\u200d\U0001f4bb", "\u0301" * 40, "漢字", "\U000e0041", "ﷺ", "e\u0301")
_MARKUP = (
    "[/",
    "[/b]",
    "[0]",
    "[@click=app.quit]x[/]",
    "[bold red]",
    "[[",
    "\\[",
    "[link=http://x]",
    "$x",
    "{0}",
    "%s",
)


def hostile(seed: int, count: int) -> Iterator[str]:
    """So many texts, the same for the same seed."""
    chance = random.Random(seed)
    for _ in range(count):
        parts = []
        for _ in range(chance.randrange(1, 5)):
            sequence = chance.choice(_OPENINGS) + chance.choice(_BODIES) + chance.choice(_ENDINGS)
            parts.append(
                chance.choice((sequence, sequence, chance.choice(_INVISIBLE + _VISIBLE), chance.choice(_MARKUP)))
            )
            parts.append(chance.choice(("DEMO", " ", "ada@demo.example", "KB5083769", "")))
        yield "".join(parts)
