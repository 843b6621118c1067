"""Base45 (RFC 9285): bytes in the letters that QR codes pack best."""

import io

_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


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
