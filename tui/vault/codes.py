"""Sealed keys as QR codes: the age file in base45 (RFC 9285), which QR packs as densely as bytes and any reader reads."""

import io

import segno

PREFIX = "AGE:"
"""Before the base45 text, so that `reseal open` knows what was scanned."""
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_QUIET = 4
"""Modules of quiet zone (ISO/IEC 18004)."""
_HALVES = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def half_blocks(data: bytes) -> list[str]:
    """The code, two rows of modules a line; dark is ink."""
    code = segno.make_qr(PREFIX + base45(data), error="L", boost_error=False)
    rows = [list(row) for row in code.matrix_iter(border=_QUIET)]
    rows += [[0] * len(rows[0])] if len(rows) % 2 else []
    return [
        "".join(_HALVES[int(upper), int(lower)] for upper, lower in zip(rows[at], rows[at + 1], strict=True))
        for at in range(0, len(rows), 2)
    ]


def base45(data: bytes) -> str:
    """RFC 9285."""
    out = io.StringIO()
    for at in range(0, len(data), 2):
        pair = data[at : at + 2]
        number = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            number, letter = divmod(number, 45)
            out.write(_LETTERS[letter])
    return out.getvalue()


def from_base45(text: str) -> bytes:
    """The bytes again; raises `ValueError`."""
    out = bytearray()
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        number = sum(_LETTERS.index(letter) * 45**place for place, letter in enumerate(group))
        size = len(group) - 1
        if size == 0 or number >= 256**size:
            raise ValueError("not base45")
        out += number.to_bytes(size, "big")
    return bytes(out)
