"""What the vault draws, made from its orders: blocks, one block to be read aloud, a field that is typed into."""

from tui.ports import Cell
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


def dictation(password: RecoveryPassword, order: Dictate) -> Picture:
    """One block in two lines: three digits, and their words behind them; and the empty field."""
    block = password.block(order.block)
    strokes = [Stroke(order.heading, len(order.title), order.title.encode(), order.title)]
    for line, (column, row) in enumerate(order.lines):
        digits = block[line * GROUP : (line + 1) * GROUP]
        room = order.width - WORDS_AT
        words = spoken(digits, order.language)
        padded = words + b" " * (room - len(words.decode()))
        strokes.append(Stroke((column, row), GROUP, digits, BULLET * GROUP))
        strokes.append(Stroke((column + WORDS_AT, row), room, padded, BLANK * room))
    return Picture(order.sgr, [*strokes, _field(order.field, GAP * BLOCK_DIGITS)])


def typed(order: Dictate, count: int) -> Picture:
    """The field with so many digits in it, as bullets."""
    return Picture(order.sgr, [_field(order.field, BULLET * count + GAP * (BLOCK_DIGITS - count))])


def marks(order: Dictate, comparison: Comparison) -> Picture:
    """The field with a mark for each digit that was read back."""
    signs = "".join(WRONG if place in comparison.differs else RIGHT for place in range(BLOCK_DIGITS))
    return Picture(order.sgr, [_field(order.field, signs)])


def _field(cell: Cell, text: str) -> Stroke:
    return Stroke(cell, BLOCK_DIGITS, text.encode(), GAP * BLOCK_DIGITS)
