"""What the vault draws, made from its orders: blocks, one block to be read aloud, a field that is typed into."""

from tui.vault.digit_words import spoken
from tui.vault.drawing import Picture, Stroke
from tui.vault.messages import Dictate, Draw
from tui.vault.password import BLOCK_DIGITS, Comparison, RecoveryPassword

BULLET, BLANK, GAP = "\u2022", " ", "_"
RIGHT, WRONG = "\u2713", "\u2717"
GROUP = BLOCK_DIGITS // 2
"""Digits are spoken in two groups."""
WORDS_AT = GROUP + 3
"""Where the words begin, behind the digits of their line."""


def blocks(password: RecoveryPassword, order: Draw) -> Picture:
    """The wanted blocks; bullets for the others."""
    bullets = BULLET * BLOCK_DIGITS
    return Picture(
        order.sgr,
        [
            Stroke(cell, BLOCK_DIGITS, password.block(block) if block in order.blocks else bullets.encode(), bullets)
            for block, cell in enumerate(order.cells)
        ],
    )


def dictation(password: RecoveryPassword, order: Dictate, count: int = 0, found: Comparison | None = None) -> Picture:
    """One block in two lines: three digits, and their words behind them; and the field."""
    block = password.block(order.block)
    strokes = [Stroke(order.heading, len(order.title), order.title.encode(), order.title)]
    for line, (column, row) in enumerate(order.lines):
        digits = block[line * GROUP : (line + 1) * GROUP]
        room = order.width - WORDS_AT
        words = spoken(digits, order.language)
        padded = words + b" " * (room - len(words.decode()))
        strokes.append(Stroke((column, row), GROUP, digits, BULLET * GROUP))
        strokes.append(Stroke((column + WORDS_AT, row), room, padded, BLANK * room))
    return Picture(order.sgr, [*strokes, *field(order, count, found).strokes])


def field(order: Dictate, count: int, found: Comparison | None = None) -> Picture:
    """The field that is typed into: a mark for each digit that was compared, or bullets for so many typed ones."""
    text = BULLET * count + GAP * (BLOCK_DIGITS - count)
    if found is not None:
        text = "".join(WRONG if place in found.differs else RIGHT for place in range(BLOCK_DIGITS))
    return Picture(order.sgr, [Stroke(order.field, BLOCK_DIGITS, text.encode(), GAP * BLOCK_DIGITS)])
