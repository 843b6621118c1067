"""Bech32 (BIP 173) without its length limit, as age writes its keys: a name, `1`, data in 5-bit letters, a checksum."""

_LETTERS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_CHECK = 6


def encode(name: str, data: bytes) -> str:
    """Lower-case text of a lower-case name and bytes."""
    words = _regroup(data, 8, 5, pad=True)
    rest = _polymod([*_expand(name), *words, *[0] * _CHECK]) ^ 1
    words += [rest >> 5 * (_CHECK - 1 - place) & 31 for place in range(_CHECK)]
    return f"{name}1{''.join(_LETTERS[word] for word in words)}"


def decode(text: str) -> tuple[str, bytes]:
    """Name (lower case) and bytes; raises `ValueError` for anything that is not one whole, unchanged text."""
    if text not in (text.lower(), text.upper()):
        raise ValueError("upper and lower case are mixed")
    name, one, letters = text.lower().rpartition("1")
    if not one or not name or len(letters) < _CHECK or not all("!" <= letter <= "~" for letter in name):
        raise ValueError("it is no Bech32")
    if any(letter not in _LETTERS for letter in letters):
        raise ValueError("a letter does not belong to Bech32")
    words = [_LETTERS.index(letter) for letter in letters]
    if _polymod([*_expand(name), *words]) != 1:
        raise ValueError("a letter is wrong or missing")
    return name, bytes(_regroup(words[:-_CHECK], 5, 8, pad=False))


def _polymod(words: list[int]) -> int:
    check = 1
    for word in words:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ word
        for place, generator in enumerate(_GENERATORS):
            check ^= generator if top >> place & 1 else 0
    return check


def _expand(name: str) -> list[int]:
    return [*(ord(letter) >> 5 for letter in name), 0, *(ord(letter) & 31 for letter in name)]


def _regroup(words: bytes | list[int], width: int, to: int, *, pad: bool) -> list[int]:
    held, bits, out = 0, 0, []
    for word in words:
        held, bits = held << width | word, bits + width
        while bits >= to:
            bits -= to
            out.append(held >> bits & ((1 << to) - 1))
        held &= (1 << bits) - 1
    if pad and bits:
        out.append(held << (to - bits))
    elif not pad and (bits >= width or held):
        raise ValueError("bits are left over")
    return out
