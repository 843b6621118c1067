"""Inks: the SGR parameters of a style, and what changes from one to the next (ECMA-48, 8.3.117)."""

import itertools
from functools import lru_cache

from rich.color import ColorSystem
from rich.style import Style

_LINES = frozenset({"4", "7", "9", "21", "51", "52", "53"})
"""SGR parameters that show on a blank, and not on an erased cell: lines, frames, reverse."""

_GROUNDS = {
    **{str(code): "3" for code in (*range(30, 40), *range(90, 98))},
    **{str(code): "4" for code in (*range(40, 50), *range(100, 108))},
}
"""SGR parameters that set a colour: 3 for the foreground, 4 for the background."""


@lru_cache(maxsize=4096)
def sgr(style: Style, system: ColorSystem) -> str:
    """The ink of a style: attributes, foreground, background."""
    return style._make_ansi_codes(system)


@lru_cache(maxsize=4096)
def only_coloured(ink: str) -> bool:
    """Whether an erased cell looks like a blank in this ink."""
    attributes = itertools.takewhile(lambda code: code not in ("38", "48"), ink.split(";"))
    return _LINES.isdisjoint(attributes)


@lru_cache(maxsize=4096)
def change(old: str, new: str) -> str:
    """Parameters that lead from one ink to another: only what differs, where that can be said."""
    whole = f"0;{new}" if new else "0"
    if not (old and new):
        return whole
    (had, *colours), (has, *wanted) = _parts(old), _parts(new)
    gone = had - has
    if gone - {"1"} or (gone and "2" in has) or any(was and not now for was, now in zip(colours, wanted, strict=True)):
        return whole
    found = ["22"] * len(gone) + sorted(has - had)
    found += [now for was, now in zip(colours, wanted, strict=True) if was != now]
    return min(";".join(found), whole, key=len)


@lru_cache(maxsize=4096)
def same_blank(one: str, other: str) -> bool:
    """Whether a blank, or an erased cell, looks the same in both inks."""
    return _parts(one)[2] == _parts(other)[2] and only_coloured(one) and only_coloured(other)


@lru_cache(maxsize=4096)
def _parts(ink: str) -> tuple[frozenset[str], str, str]:
    """Attributes, foreground and background of SGR parameters as Rich writes them, in this order."""
    codes = ink.split(";")
    attributes: list[str] = []
    colours = {"3": "", "4": ""}
    while codes and ink:
        size = {"2": 5, "5": 3}[codes[1]] if codes[0] in ("38", "48") else 1
        code, codes = codes[:size], codes[size:]
        ground = _GROUNDS.get(code[0])
        if ground is None:
            attributes.append(code[0])
        else:
            colours[ground] = ";".join(code)
    return frozenset(attributes), colours["3"], colours["4"]
