"""Sealed keys as QR codes: the age file in base45 (RFC 9285), which QR packs as densely as bytes."""

from importlib import import_module

from tui.errors import Problem, ProblemKind
from tui.vault.base45 import base45

PREFIX = "AGE:"
"""Before the base45 text, so that `reseal open` knows what was scanned."""
_QUIET = 4
"""Modules of quiet zone (ISO/IEC 18004)."""
_HALVES = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def half_blocks(data: bytes) -> list[str]:
    """The code, two rows of modules a line; dark is ink. Raises `Problem` without the package for it."""
    try:
        segno = import_module("segno")
    except ImportError:
        raise Problem(
            ProblemKind.LOCAL, "QR codes are not available", "The package segno is not installed", "Show it as text"
        ) from None
    code = segno.make_qr(PREFIX + base45(data), error="L", boost_error=False)
    rows = [list(row) for row in code.matrix_iter(border=_QUIET)]
    rows += [[0] * len(rows[0])] if len(rows) % 2 else []
    return [
        "".join(_HALVES[int(upper), int(lower)] for upper, lower in zip(rows[at], rows[at + 1], strict=True))
        for at in range(0, len(rows), 2)
    ]
